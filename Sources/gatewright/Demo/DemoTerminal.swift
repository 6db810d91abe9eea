import Foundation
import Reconciler
import RolloutCore

/// A live view of 80 columns: a bar a stage, each guardrail against its bound, commits as they land.
struct DemoTerminal: DemoView {
    private var title = ""
    private var commits: [String] = []
    private var status: RolloutStatus?
    private var requests = 0
    private var drawn = 0

    private static let commitsShown = 8
    private static let width = 80

    mutating func show(_ event: DemoEvent) {
        switch event {
        case .preparing(let what): Output.line("· \(what)")
        case .asked(let chapter):
            title = chapter.title
            status = nil
            draw()
        case .looked(let status, let requests):
            self.status = status
            self.requests = requests
            draw()
        case .decided(let number, _, let subject, let commit):
            commits.append("#\(number) \(commit.prefix(7)) \(subject)")
            draw()
        case .approved(let who, let refused):
            commits.append(Output.approval(who, refused))
            draw()
        case .ended(_, let asExpected, let found):
            draw()
            Output.line("\n  \(asExpected ? "as expected" : "NOT as expected"): \(found)\n")
            drawn = 0
        case .summary(let summary): Output.summary(summary)
        }
    }

    private mutating func draw() {
        var lines = ["", title, ""]
        if let status {
            lines += stages(status) + [""] + guardrails(status) + [""]
            if let why = status.why { lines += [cut("  " + why.line), ""] }
        }
        lines += commits.suffix(Self.commitsShown).map { cut("  " + $0) }
        // Back to the first line drawn last time, and nothing left of what was there.
        let up = drawn > 0 ? "\u{1B}[\(drawn)A" : ""
        let body = lines.map { "\u{1B}[2K" + $0 }.joined(separator: "\n")
        try? FileHandle.standardOutput.write(
            contentsOf: Data((up + "\r" + body + "\u{1B}[0J\n").utf8))
        drawn = lines.count
    }

    private func stages(_ status: RolloutStatus) -> [String] {
        let versions = [status.stable, status.candidate].compactMap { $0?.version.rawValue }
        let head =
            "\(status.rollout)   \(versions.joined(separator: " → "))   "
            + "\(grouped(requests)) requests"
        return [head, ""]
            + StageKind.allCases.map { stage in
                let name = stage.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
                return cut("  \(name)\(bar(stage, status))  \(note(stage, status))")
            }
    }

    private func bar(_ stage: StageKind, _ status: RolloutStatus) -> String {
        let filled: Int
        switch order(stage, status) {
        case .before: filled = 20
        case .after: filled = 0
        case .now:
            let shares = stage == .shadow ? status.mirrors : status.shares
            let total = shares.values.reduce(0) { $0 + $1.basisPoints }
            filled = shares.isEmpty ? 0 : total * 20 / (10_000 * shares.count)
        }
        return String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
    }

    private func note(_ stage: StageKind, _ status: RolloutStatus) -> String {
        switch order(stage, status) {
        case .before: return "passed"
        case .after: return ""
        case .now:
            let shares = stage == .shadow ? status.mirrors : status.shares
            return shares.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                .joined(separator: "  ")
        }
    }

    private enum Order { case before, now, after }

    private func order(_ stage: StageKind, _ status: RolloutStatus) -> Order {
        let all = StageKind.allCases
        guard let current = status.stage, let here = all.firstIndex(of: current),
            let there = all.firstIndex(of: stage)
        else { return .after }
        return there < here ? .before : there == here ? .now : .after
    }

    private func guardrails(_ status: RolloutStatus) -> [String] {
        guard !status.verdicts.isEmpty else { return [] }
        func column(_ text: String, _ width: Int) -> String {
            let fitting = String(text.prefix(width))
            return fitting + String(repeating: " ", count: max(0, width - fitting.count) + 1)
        }
        let head =
            "  " + column("guardrail", 21) + column("now (always valid)", 24)
            + column("bound", 13) + column("n", 7) + "verdict"
        return [head]
            + status.verdicts.map { verdict in
                return cut(
                    "  " + column(verdict.guardrail.rawValue, 21) + column(verdict.spoken, 24)
                        + column(status.bounds[verdict.guardrail] ?? "", 13)
                        + column(grouped(verdict.candidateCount), 7) + verdict.outlookSpoken)
            }
    }

    private func cut(_ text: String) -> String {
        text.count <= Self.width ? text : text.prefix(Self.width - 1) + "…"
    }
}
