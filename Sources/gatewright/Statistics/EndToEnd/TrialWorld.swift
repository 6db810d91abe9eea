import Crypto
import Foundation
import ReferenceFleet
import RolloutCore

/// The repository, the model server and the controller that all trials share, on this machine.
struct TrialWorld {
    let directory: String
    let trials: [Trial]
    let gitPort: Int
    let controllerPort: Int
    let gatewayPort: Int

    static let region = "local"
    /// Of each policy file: over a whole rollout, with every guardrail and look counted.
    static let rate = 0.05
    static let rateText = "5%"

    /// One rollout of a scenario.
    struct Trial: Sendable {
        let scenario: TrialScenario
        let index: Int

        var rollout: String { "\(scenario.name)-\(index)" }

        func reference(_ version: String) throws -> VersionReference {
            VersionReference(
                version: try VersionName(version),
                digest: try TrialWorld.digest(Data("\(rollout) \(version)".utf8)))
        }
    }

    init(directory: String, trials: [Trial]) throws {
        self.directory = directory
        self.trials = trials
        let ports = try FreePorts.take(3)
        (gitPort, controllerPort, gatewayPort) = (ports[0], ports[1], ports[2])
    }

    /// Counted from 0 over all scenarios.
    func number(of trial: Trial) -> Int {
        trials.firstIndex { $0.rollout == trial.rollout } ?? 0
    }

    var remote: String { "\(directory)/remote.git" }
    var controllerURL: String { "http://127.0.0.1:\(controllerPort)" }
    var gatewayURL: String { "http://127.0.0.1:\(gatewayPort)" }

    /// - Parameter artifact: of the model that every version is.
    func models(artifact: String, pool: TransferPool) throws -> [ServedModel] {
        let data = try Data(contentsOf: URL(fileURLWithPath: artifact))
        let model = try ServedModel.load(
            path: artifact, format: "xgboost-json", name: RolloutName("model"),
            version: VersionReference(version: VersionName("1"), digest: Self.digest(data)))
        let part = Self.spoiled(model, pool)
        return try trials.flatMap { trial -> [ServedModel] in
            let name = try RolloutName(trial.rollout)
            return [
                model.serving(
                    name, as: try trial.reference(TrialScenario.stableVersion),
                    fault: trial.scenario.stable.reaching(part)),
                model.serving(
                    name, as: try trial.reference(TrialScenario.candidateVersion),
                    fault: trial.scenario.candidate.reaching(part)),
            ]
        }
    }

    /// Of the right answers, how many are wrong as a faulty version gives them. Some payloads go as
    /// well by any method.
    static func spoiled(_ model: ServedModel, _ pool: TransferPool) -> Double {
        let sample = 10_000
        let lost = (0..<UInt64(sample)).reduce(0) { sum, number in
            let transfer = pool.transfer(seed: 0x5A11, number: number)
            guard let answer = model.answer(transfer.features.values) else { return sum }
            let truth = transfer.truth.map(\.rawValue)
            return sum + (truth.contains(answer.label) ? 1 : 0)
                - (truth.contains(model.leastLikely(answer)) ? 1 : 0)
        }
        return Double(lost) / Double(sample)
    }

    static func digest(_ data: Data) throws -> RolloutCore.Digest {
        let hex = SHA256.hash(data: data).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        guard let digest = RolloutCore.Digest(hex: hex.joined()) else {
            throw DemoFailure(description: "a hash is no digest")
        }
        return digest
    }

    /// Makes the bare remote with every rollout, serving the stable version.
    func prepare(modelPort: Int) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try GitProgram.demo.run(["init", "--quiet", "--bare", "--initial-branch=main", remote])
        try GitProgram.demo.run(["clone", "--quiet", remote, work])
        try GitProgram.demo.run(["-C", work, "checkout", "--quiet", "-B", "main"])
        for trial in trials {
            try write(
                trial.scenario.policyFile, to: "policies/guardrails/\(trial.scenario.name).yaml")
            try write(
                trial.scenario.specFile(of: trial.rollout, asking: TrialScenario.stableVersion),
                to: "rollouts/\(trial.rollout)/rollout.yaml")
            for version in [TrialScenario.stableVersion, TrialScenario.candidateVersion] {
                try write(
                    versionFile(of: trial, version, modelPort: modelPort),
                    to: "rollouts/\(trial.rollout)/versions/\(version).yaml")
            }
        }
        try configuration.write(
            toFile: "\(directory)/gatewright.yaml", atomically: true, encoding: .utf8)
        try commit("\(trials.count) rollouts, each with its stable version")
    }

    func start(_ processes: DemoProcesses) throws {
        // Not through the git program: stopping that would leave its child behind.
        let programs = try GitProgram.demo.output(["--exec-path"])
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try processes.start(
            "git-daemon", executable: "\(programs)/git-daemon",
            [
                "--reuseaddr", "--listen=127.0.0.1", "--port=\(gitPort)",
                "--base-path=\(directory)", "--export-all", "--enable=receive-pack",
            ])
        try processes.start(
            "controller",
            ["run", "--config", "\(directory)/gatewright.yaml", "--log-level", "warning"])
    }

    /// Asks for the candidates of a scenario, in one commit.
    func ask(for scenario: TrialScenario) throws {
        try GitProgram.demo.run(["-C", work, "pull", "--quiet", "--rebase"])
        for trial in trials where trial.scenario.name == scenario.name {
            try write(
                scenario.specFile(of: trial.rollout, asking: TrialScenario.candidateVersion),
                to: "rollouts/\(trial.rollout)/rollout.yaml")
        }
        try commit("\(scenario.name): \(TrialScenario.candidateVersion)")
    }

    private var work: String { "\(directory)/work" }

    private func write(_ text: String, to path: String) throws {
        let url = URL(fileURLWithPath: "\(work)/\(path)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func commit(_ subject: String) throws {
        try GitProgram.demo.run(["-C", work, "add", "--all"])
        try GitProgram.demo.run([
            "-C", work, "-c", "user.name=Trial", "-c", "user.email=trial@example.org", "commit",
            "--quiet", "--message", subject,
        ])
        // The controller may have pushed meanwhile.
        for attempt in 1... {
            do {
                return try GitProgram.demo.run(["-C", work, "push", "--quiet", "origin", "main"])
            } catch {
                if attempt == 20 { throw error }
                try GitProgram.demo.run(["-C", work, "pull", "--quiet", "--rebase"])
            }
        }
    }

    private func versionFile(
        of trial: Trial, _ version: String, modelPort: Int
    ) throws -> String {
        """
        apiVersion: gatewright.dev/v1
        kind: ModelVersion
        metadata: {model: \(trial.rollout), version: \(version)}
        spec:
          artifact:
            uri: "https://models.example.org/\(trial.rollout)/\(version)"
            sha256: "\(try trial.reference(version).digest.hex)"
            size: 1MB
          format: xgboost-json
          serving:
            protocol: oip-v2
            endpoints: {\(Self.region): "http://127.0.0.1:\(modelPort)"}

        """
    }

    private var configuration: String {
        """
        apiVersion: gatewright.dev/v1
        kind: Controller
        spec:
          repository: {url: "git://127.0.0.1:\(gitPort)/remote.git", branch: main}
          dataDirectory: "\(directory)/controller"
          poll: 1s
          listen: {host: 127.0.0.1, port: \(controllerPort)}
          routers:
            gateway: {embedded: {port: \(gatewayPort)}}

        """
    }
}
