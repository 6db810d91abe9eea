import Evidence
import RolloutCore
import RolloutFiles

/// What a rollout's policies promise of false rollbacks, and how it is shared out.
struct RolloutPromise: Codable {
    let rollout: RolloutName
    /// Over a whole run, all files together.
    let falseRollbackRate: Double
    let files: [File]

    struct File: Codable {
        let name: PolicyName
        let falseRollbackRate: Double
        let parts: [ErrorBudget.Part]
    }

    /// `nil` while the rollout's files have errors.
    init?(_ rollout: CheckedRollout) {
        guard rollout.isUsable, let spec = rollout.spec else { return nil }
        let plan = Plan(stages: spec.stages, regions: spec.regions)
        self.rollout = rollout.name
        files = rollout.guardrails.map { set in
            File(
                name: set.name, falseRollbackRate: set.falseRollbackRate.value,
                parts: ErrorBudget.parts(of: set, plan: plan))
        }
        falseRollbackRate = files.reduce(0) { $0 + $1.falseRollbackRate }
    }

    var text: String {
        var lines = [
            "\(rollout): takes back a version that keeps every guardrail with probability "
                + "\(percent(falseRollbackRate)) at most, over the whole rollout and at every look",
            "  shared out as       level of each alarm   log E   slices",
        ]
        for file in files {
            lines.append("  \(file.name), \(percent(file.falseRollbackRate)):")
            for part in file.parts {
                lines.append("    " + row(part))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func row(_ part: ErrorBudget.Part) -> String {
        func column(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        let name = column(part.guardrail.rawValue, 22)
        guard part.weight > 0 else { return name + "raises no alarm" }
        let level = decimal(part.level * 100, 4) + " %"
        let times = part.processes > 1 ? " × \(part.processes)" : ""
        return name + column(level + times, 20)
            + column(decimal(-LogDomain.log(part.level), 2), 8) + "\(part.slices)"
    }
}
