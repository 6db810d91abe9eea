import Ledger
import RolloutCore
import RolloutFiles

/// How the version that a rollout asks for fares at the offline gates.
struct AdmissionReport: Codable {
    let rollout: RolloutName
    let version: VersionName
    let checks: [AdmissionCheck]
    /// Where the artifact lies in the working tree, when its digest was found to be right.
    let verifiedArtifact: String?

    /// Only the version that is asked for now is judged; the first one was taken at its word.
    static func all(
        _ rollout: CheckedRollout, verified: [VersionReference: String]
    ) -> [AdmissionReport] {
        guard let spec = rollout.spec, let version = rollout.versions[spec.version],
            !rollout.admission.isEmpty, spec.version != spec.bootstrap
        else { return [] }
        return [
            AdmissionReport(
                rollout: rollout.name, version: spec.version,
                checks: rollout.admission.flatMap { $0.judge(version) },
                verifiedArtifact: verified[version.reference])
        ]
    }

    var isRefused: Bool { checks.contains { !$0.passed } }

    var text: String {
        var lines = [
            "\(rollout) \(version) " + (isRefused ? "is not let in:" : "passes the offline gates:")
        ]
        for check in checks {
            let absent =
                check.metric == AdmissionCheck.modelSignature ? "not verified" : "not measured"
            let value = check.value.map { decimal($0.value, 4) } ?? absent
            lines.append(
                "  \(check.passed ? "ok     " : "refused") \(check.metric) \(value) (\(check.bound))"
            )
            if let problem = check.problem { lines.append("          \(problem)") }
        }
        if let verifiedArtifact { lines.append("  digest verified: \(verifiedArtifact)") }
        return lines.joined(separator: "\n") + "\n"
    }
}
