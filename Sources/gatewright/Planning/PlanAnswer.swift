import Foundation
import RolloutCore
import RolloutFiles

/// The whole answer, for a comment and for programs.
struct PlanAnswer: Encodable {
    let base: String
    let head: String
    let rollouts: [RolloutPlan]
    let policies: [ProposedChange.PolicyEffect]
    let problems: [Diagnostic]

    var isRefused: Bool {
        problems.contains(where: \.isError) || rollouts.contains(where: \.isRefused)
    }

    /// One line, for a commit status.
    var summary: String {
        if let first = problems.first(where: \.isError) {
            return "\(first.path):\(first.line): \(first.message)"
        }
        if let refused = rollouts.first(where: \.isRefused) {
            return "\(refused.rollout) is not let in by its offline gates"
        }
        let moving = rollouts.filter { $0.from?.digest != $0.to?.digest }
        guard let first = moving.first else { return "no rollout changes its version" }
        let others = moving.count > 1 ? " and \(moving.count - 1) more" : ""
        return "\(first.rollout) \(first.from?.version.rawValue ?? "–") → "
            + "\(first.to?.version.rawValue ?? "–")\(others)"
    }

    var markdown: String {
        var blocks: [String] = []
        if rollouts.isEmpty, problems.isEmpty {
            blocks.append("No rollout and no policy is changed.")
        }
        if !problems.isEmpty {
            blocks.append(
                (["### Errors in files", "", "```"] + problems.map { "\($0)" } + ["```"])
                    .joined(separator: "\n"))
        }
        blocks += rollouts.map(\.markdown)
        let effects = policies.map { effect in
            "- `\(effect.path)`: "
                + (effect.rollouts.isEmpty
                    ? "no rollout names it"
                    : effect.rollouts.map(\.rawValue).joined(separator: ", "))
        }
        if !effects.isEmpty {
            blocks.append(
                (["### Policies that change, and who is under them", ""] + effects)
                    .joined(separator: "\n"))
        }
        return blocks.joined(separator: "\n\n")
    }
}

extension RolloutPlan {
    fileprivate var markdown: String {
        let arrow =
            from?.digest == to?.digest
            ? "\(to?.version.rawValue ?? "–"), nothing to roll out"
            : "\(from?.version.rawValue ?? "nothing") → \(to?.version.rawValue ?? "–")"
        var lines = ["### \(rollout) \(arrow)", ""]
        guard isUsable else {
            return (lines + ["Its files have errors; what is in force now stays in force."])
                .joined(separator: "\n")
        }
        if !admission.isEmpty { lines += admissionLines + [""] }
        if from?.digest != to?.digest { lines += table + [""] }
        for (name, values) in [
            ("needs", approvers.isEmpty ? [] : [approverLine]), ("waits for", waits),
            ("loosens", loosened), ("cannot see", cannotSee), ("cannot tell", unknown),
            ("assumes of stable", assumed.isEmpty ? [] : [assumed.joined(separator: ", ")]),
        ] where !values.isEmpty {
            lines += values.map { "- **\(name)** \(Self.escaped($0))" }
        }
        lines.append(
            "- **promises** false rollback ≤ \(percent(falseRollbackRate)) over the whole rollout: "
                + "\(guardrails) guardrails, \(regions) regions")
        if let finish, from?.digest != to?.digest {
            lines.append("- **earliest** complete at \(finish)")
        }
        return lines.joined(separator: "\n")
    }

    private var approverLine: String {
        approvers
            + (excluded.isEmpty ? "" : " (not \(excluded.joined(separator: ", ")), who wrote this)")
    }

    private var admissionLines: [String] {
        let passed = admission.filter(\.passed).map { check in
            "\(check.metric) \(check.value.map { decimal($0.value, 4) } ?? "–") (\(check.bound))"
        }
        var lines: [String] = []
        if !passed.isEmpty { lines.append("- **admitted** " + passed.joined(separator: " · ")) }
        lines += admission.compactMap(\.problem).map { "- **refused** \(Self.escaped($0))" }
        return lines
    }

    private var table: [String] {
        var lines = [
            "| stage | regions | share | at least | decided by about | then |",
            "|---|---|---|---|---|---|",
        ]
        for (index, step) in steps.enumerated() {
            let isLast = index == steps.count - 1
            let then =
                isLast
                ? "last good" : steps[index + 1].needsApproval ? "approval" : ""
            var cells = [
                step.stage.rawValue,
                step.regions.count == regions
                    ? "all" : step.regions.map(\.rawValue).joined(separator: ", "),
                step.share, Self.time(step.soakSeconds),
            ]
            let unit = step.stage == .shadow ? "pairs" : "requests"
            cells.append(
                step.samples.map { "\(grouped($0)) \(unit), \(Self.time(step.seconds ?? 0))" }
                    ?? "–")
            lines.append("| " + (cells + [then]).joined(separator: " | ") + " |")
        }
        return lines
    }

    private static func time(_ seconds: Double) -> String {
        switch seconds {
        case ..<120: "\(decimal(seconds, 1)) s"
        case ..<7_200: "\(decimal(seconds / 60, 0)) min"
        case ..<172_800: "\(decimal(seconds / 3_600, 1)) h"
        default: "\(decimal(seconds / 86_400, 1)) d"
        }
    }

    /// Text of a repository in a comment: no HTML, no mention, no table, no code.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "@": escaped += "@\u{200B}"
            case "|", "`", "*", "_", "[", "]": escaped += "\\\(character)"
            case "\n", "\r": escaped += " "
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
