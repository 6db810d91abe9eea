import RolloutCore

/// The files that people keep in the repository of a test.
struct Project {
    var rollouts = ["scorer"]
    var stages = Project.allStages
    var onNewVersion = "replace"
    /// `maxSilent` is far above the length of a test: silence has tests of its own.
    var guardrail = "onBreach: rollback"

    /// Soaks are divided by the time scale of the controllers here.
    static let allStages = """
        - {stage: shadow, share: 100%, soak: 1s}
        - {stage: canary, share: 10%, soak: 1s}
        - {stage: gradual, shares: [50%, 100%], soak: 1s, waves: [[eu, us]]}
        - {stage: full, bake: 1s}
        """
    static let twoStages = """
        - {stage: canary, share: 10%, soak: 1s}
        - {stage: full, bake: 1s}
        """
    static let regions = ["eu", "us"]
    static let versions = (1...5).map { "\($0).0.0" }

    /// Everything, with the first version asked for.
    var files: [String: String] {
        var files = ["policies/guardrails/quality.yaml": policy]
        for rollout in rollouts {
            files[Self.spec(rollout)] = spec(of: rollout, asking: "1.0.0")
            for (index, version) in Self.versions.enumerated() {
                files["rollouts/\(rollout)/versions/\(version).yaml"] = Self.version(
                    version, of: rollout, digest: Self.digest(rollout, index + 1))
            }
        }
        return files
    }

    static func spec(_ rollout: String) -> String { "rollouts/\(rollout)/rollout.yaml" }

    /// 64 digits that differ for every version of every rollout.
    static func digest(_ rollout: String, _ number: Int) -> String {
        let mark = rollout.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) % 0xffff } + 0x10000
        let text = String(mark, radix: 16) + String(number, radix: 16)
        return String(repeating: "0", count: 64 - text.count) + text
    }

    private var policy: String {
        """
        apiVersion: gatewright.dev/v1
        kind: Guardrails
        metadata: {name: quality}
        spec:
          falseRollbackRate: 1%
          guardrails:
            - {name: accuracy, metric: accuracy, atLeast: 80%, minSamples: 30, maxSilent: 1h, \(guardrail)}

        """
    }

    func spec(of rollout: String, asking version: String) -> String {
        let lines = stages.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        return """
            apiVersion: gatewright.dev/v1
            kind: Rollout
            metadata:
              name: \(rollout)
              owners: [ana]
            spec:
              version: \(version)
              bootstrap: 1.0.0
              regions: [eu, us]
              router: gateway
              signals: [gateway]
              stickyBy: header:x-user-id
              guardrails: [quality]
              onNewVersion: \(onNewVersion)
              stages:
            \(lines)

            """
    }

    private static func version(_ version: String, of rollout: String, digest: String) -> String {
        """
        apiVersion: gatewright.dev/v1
        kind: ModelVersion
        metadata: {model: \(rollout), version: \(version)}
        spec:
          artifact: {uri: "https://models.example/\(rollout)/\(version)", sha256: "\(digest)", size: 1MB}
          format: xgboost-json
          serving: {protocol: oip-v2, endpoints: {eu: "http://127.0.0.1:9", us: "http://127.0.0.1:9"}}

        """
    }
}
