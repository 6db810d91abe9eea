import Foundation
import Reconciler
import RolloutCore

/// What happens in a demonstration, for people and for tools.
enum DemoEvent {
    case preparing(String)
    case asked(Chapter)
    case looked(RolloutStatus, requests: Int)
    case decided(number: Int, kind: String, subject: String, commit: String)
    /// Somebody signed an approval; with a reason, the controller refused it.
    case approved(String, refused: String?)
    case ended(Chapter, asExpected: Bool, found: String)
    case summary(DemoSummary)
}

struct DemoSummary: Codable {
    let event: String
    let outcome: String
    let problems: [String]
    let decisions: Int
    let requests: Int
    let failedRequests: Int
    let seconds: Double
    let directory: String
    let repository: String
}

/// Shows events; one implementation each for terminals, pipes and tools.
protocol DemoView {
    mutating func show(_ event: DemoEvent)
}

/// One JSON object a line.
struct DemoJSON: DemoView {
    private var last: (step: Int?, at: ContinuousClock.Instant)?

    mutating func show(_ event: DemoEvent) {
        switch event {
        case .preparing(let what): write(["event": "preparing", "what": what])
        case .asked(let chapter): write(["event": "asked", "version": chapter.version])
        case .looked(let status, let requests): show(status, requests)
        case .decided(let number, let kind, let subject, let commit):
            write(Decided(number: number, kind: kind, subject: subject, commit: commit))
        case .approved(let who, let refused):
            write([
                "event": "approval", "by": who, "outcome": refused == nil ? "signed" : "refused",
                "reason": refused ?? "",
            ])
        case .ended(let chapter, let asExpected, let found):
            write([
                "event": "ended", "version": chapter.version, "found": found,
                "outcome": asExpected ? "as-expected" : "unexpected",
            ])
        case .summary(let summary): write(summary)
        }
    }

    /// Once a second, and at each new step.
    private mutating func show(_ status: RolloutStatus, _ requests: Int) {
        let now = ContinuousClock.now
        if let last, last.step == status.step, now - last.at < .seconds(1) { return }
        last = (status.step, now)
        write(Look(status: status, requests: requests))
    }

    private struct Decided: Encodable {
        var event = "decision"
        let number: Int
        let kind: String
        let subject: String
        let commit: String
    }

    private struct Look: Encodable {
        var event = "look"
        let status: RolloutStatus
        let requests: Int
    }

    private func write(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return }
        Output.line(String(validating: data, as: UTF8.self) ?? "")
    }
}

/// Plain lines, for logs and pipes.
struct DemoLines: DemoView {
    private var lastStep: Int?

    mutating func show(_ event: DemoEvent) {
        switch event {
        case .preparing(let what): Output.line("· \(what)")
        case .asked(let chapter):
            Output.line("\n\(chapter.title)")
            Output.line("  commit: version: \(chapter.version)")
            lastStep = nil
        case .looked(let status, let requests):
            guard let step = status.step, step != lastStep else { return }
            lastStep = step
            Output.line("  step \(step + 1) of \(status.steps ?? 0), \(grouped(requests)) requests")
        case .decided(let number, _, let subject, let commit):
            Output.line("  #\(number) \(commit.prefix(7)) \(subject)")
        case .approved(let who, let refused):
            Output.line("  \(Output.approval(who, refused))")
        case .ended(_, let asExpected, let found):
            Output.line("  \(asExpected ? "as expected" : "NOT as expected"): \(found)")
        case .summary(let summary): Output.summary(summary)
        }
    }
}

enum Output {
    static func line(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }

    static func approval(_ who: String, _ refused: String?) -> String {
        refused.map { "approval by \(who) refused: \($0)" } ?? "approval signed by \(who)"
    }

    static func summary(_ summary: DemoSummary) {
        let seconds = decimal(summary.seconds, 0)
        line("")
        line(
            summary.problems.isEmpty
                ? "Everything went as expected: \(summary.decisions) decisions, "
                    + "\(grouped(summary.requests)) requests, \(seconds) s."
                : "Not as expected:")
        for problem in summary.problems { line("  \(problem)") }
        line(
            """

            How to look:
              git -C \(summary.repository) log --format='%h %s' main -- state/
              gatewright status  --repository \(summary.repository)
              gatewright why     --repository \(summary.repository) \(DemoWorld.rollout)
              gatewright history --repository \(summary.repository) \(DemoWorld.rollout)
              gatewright audit verify --repository \(summary.repository)
              logs of every process: \(summary.directory)/*.log
            """)
    }
}
