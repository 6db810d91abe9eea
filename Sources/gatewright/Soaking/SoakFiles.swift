import Foundation
import RolloutCore

/// The files that people keep in the repository of a soak.
struct SoakFiles {
    let modelPort: Int
    /// The line of `policies/signers` for the controller's key.
    let signer: String

    static let controllerName = "controller@gatewright"

    /// Everything but what asks for later versions.
    func first(_ versions: [SoakVersion]) throws -> [String: String] {
        var files = [
            "policies/signers": signer + "\n", "policies/groups.yaml": Self.groups,
            "policies/revoked-signers": "sequence 1\n",
            "policies/guardrails/quality.yaml": Self.guardrails,
        ]
        for version in versions { try files.merge(asking(for: version)) { $1 } }
        return files
    }

    /// A version's file, and the line that asks for it.
    func asking(for version: SoakVersion) throws -> [String: String] {
        let folder = "rollouts/\(version.rollout)"
        return [
            "\(folder)/rollout.yaml": spec(version),
            "\(folder)/versions/\(version.name).yaml": try file(of: version),
        ]
    }

    static func reference(_ version: SoakVersion) throws -> VersionReference {
        VersionReference(
            version: try VersionName(version.name),
            digest: try TrialWorld.digest(Data("\(version.rollout) \(version.name)".utf8)))
    }

    private static let groups = """
        apiVersion: gatewright.dev/v1
        kind: Groups
        spec:
          groups:
            controllers: [\(controllerName)]

        """

    /// Above the length of any fault: silence is not what is tried here. Predictions are counted a
    /// second after they were made, or outages would teach the controller that labels take long.
    private static let guardrails = """
        apiVersion: gatewright.dev/v1
        kind: Guardrails
        metadata: {name: quality}
        spec:
          falseRollbackRate: 1%
          guardrails:
        \(rows.map { "    - {\($0), minSamples: 20, maxSilent: 1h, onBreach: rollback}\n" }.joined())
        """
    private static let labels = "labels: {after: 1s, maxLag: 1m, minCoverage: 10%}"
    private static let rows = [
        "name: errors, metric: errors, atMost: 20%",
        "name: any-use, metric: accuracy, atLeast: 30%, stages: [canary], \(labels)",
        "name: accuracy, metric: accuracy, atLeast: 80%, stages: [gradual], \(labels)",
    ]

    /// Soaks are divided by the time scale of the controller.
    private func spec(_ version: SoakVersion) -> String {
        """
        apiVersion: gatewright.dev/v1
        kind: Rollout
        metadata:
          name: \(version.rollout)
          owners: [ana]
        spec:
          version: \(version.name)
          bootstrap: 1.0.0
          regions: [\(SoakWorld.regions.joined(separator: ", "))]
          router: gateway
          signals: [gateway]
          stickyBy: header:x-node-id
          guardrails: [quality]
          onNewVersion: replace
          stages:
            - {stage: shadow, share: 100%, soak: 1h}
            - {stage: canary, share: 25%, soak: 1h}
            - {stage: gradual, shares: [50%, 100%], soak: 1h}
            - {stage: full, bake: 1h}

        """
    }

    private func file(of version: SoakVersion) throws -> String {
        let address = "\"http://127.0.0.1:\(modelPort)\""
        let endpoints = SoakWorld.regions.map { "\($0): \(address)" }.joined(separator: ", ")
        return """
            apiVersion: gatewright.dev/v1
            kind: ModelVersion
            metadata: {model: \(version.rollout), version: \(version.name)}
            spec:
              artifact:
                uri: "https://models.example.org/\(version.rollout)/\(version.name)"
                sha256: "\(try Self.reference(version).digest.hex)"
                size: 1MB
              format: xgboost-json
              serving: {protocol: oip-v2, endpoints: {\(endpoints)}}

            """
    }
}
