import ArgumentParser
import Foundation
import Identity
import RolloutFiles

struct InitialiseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a first rollout, its policies and gatewright.yaml, ready to be changed.",
        discussion: """
            Nothing that is there is changed.

            EXAMPLES
              gatewright init --rollout churn
              gatewright validate
            """)

    @Argument(help: "The folder, usually a git repository.")
    var path: String = "."

    @Option(help: "The name of the first rollout.")
    var rollout: String = "example"

    func run() throws {
        let key = try controllerKey()
        let files = StarterFiles.all(rollout: rollout, controller: key)
        for (file, text) in files.sorted(by: { $0.key < $1.key }) {
            let parsed = ProjectFiles.parse(path: file, bytes: Array(text.utf8))
            guard !parsed.hasErrors else {
                throw ValidationError(parsed.diagnostics.map { "\($0)" }.joined(separator: "\n"))
            }
            let full = "\(path)/\(file)"
            guard !FileManager.default.fileExists(atPath: full) else {
                print("kept     \(file)")
                continue
            }
            try FileManager.default.createDirectory(
                atPath: (full as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            try text.write(toFile: full, atomically: true, encoding: .utf8)
            print("written  \(file)")
        }
        print(
            "next: put your digests, addresses and signers in, gatewright validate, commit, "
                + "gatewright run")
    }

    /// The key with which the controller will sign its records, made here if there is none.
    private func controllerKey() throws -> PublicKey {
        let file = ".gatewright/controller.key"
        guard FileManager.default.fileExists(atPath: "\(path)/\(file)") else {
            let key = try ControllerKey.make(
                at: "\(path)/\(file)", name: StarterFiles.controllerName)
            print("written  \(file) (keep it secret, and out of git)")
            return key.publicKey
        }
        print("kept     \(file)")
        return try ControllerKey.read("\(path)/\(file)").publicKey
    }
}

enum StarterFiles {
    static let controllerName = "controller@gatewright"

    static func all(rollout: String, controller: PublicKey) -> [String: String] {
        [
            ".gitignore": ".gatewright/\n",
            "policies/signers": """
            # Who signs with which key: an address, what for, and the key. One line a key.
            # A person who may approve has "git,\(Namespace.approval)".
            \(ControllerKey.signerLine(controllerName, controller))

            """,
            "policies/revoked-signers": """
            # Lost keys, by fingerprint or key. Count the sequence up with each change.
            sequence 1

            """,
            "policies/groups.yaml": """
            apiVersion: gatewright.dev/v1
            kind: Groups
            spec:
              groups:
                controllers: [\(controllerName)]

            """,
            "gatewright.yaml": """
            apiVersion: gatewright.dev/v1
            kind: Controller
            metadata: {name: gatewright}
            spec:
              repository: {url: ".", branch: main}
              dataDirectory: .gatewright
              poll: 30s
              listen: {host: 127.0.0.1, port: 8090}

            """,
            "policies/guardrails/serving-health.yaml": """
            apiVersion: gatewright.dev/v1
            kind: Guardrails
            metadata: {name: serving-health}
            spec:
              falseRollbackRate: 1%
              guardrails:
                - {name: errors, metric: errors, atMost: 1%, onBreach: rollback}
                - {name: latency-p99, metric: latency, quantile: 99%, atMost: 100ms, onBreach: alert}

            """,
            "rollouts/\(rollout)/rollout.yaml": """
            apiVersion: gatewright.dev/v1
            kind: Rollout
            metadata:
              name: \(rollout)
              description: What it predicts, and for whom
              owners: [my-team]
            spec:
              version: 1.0.0
              bootstrap: 1.0.0
              regions: [local]
              router: gateway
              signals: [gateway]
              stickyBy: header:x-user-id
              guardrails: [serving-health]
              stages:
                - {stage: shadow, share: 100%, soak: 1h}
                - {stage: canary, share: 5%, soak: 6h}
                - {stage: gradual, shares: [25%, 50%, 100%], soak: 12h}
                - {stage: full, bake: 7d}

            """,
            "rollouts/\(rollout)/versions/1.0.0.yaml": """
            apiVersion: gatewright.dev/v1
            kind: ModelVersion
            metadata: {model: \(rollout), version: 1.0.0}
            spec:
              artifact:
                uri: "https://models.example/\(rollout)/1.0.0.json"
                sha256: "\(String(repeating: "0", count: 64))"
                size: 1MB
              format: xgboost-json
              serving: {protocol: oip-v2, endpoints: {local: "http://127.0.0.1:9000"}}

            """,
        ]
    }
}
