import Foundation
import RolloutCore

/// How the trials of all scenarios ended.
struct TrialReport: StatsSpoken, Codable {
    enum End: String, Codable {
        case rolledBack, held, completed, undecided
    }

    struct Trial: Codable {
        let rollout: String
        let end: End
        /// What ended it.
        let guardrail: String?
        let stage: String?
        /// Sent until then, to both versions.
        let requests: Int
        let seconds: Double
        let decisions: Int
    }

    struct Scenario: Codable {
        let name: String
        let summary: String
        let truth: TrialScenario.Truth
        let guardrails: [String]
        let trials: [Trial]

        func count(_ end: End) -> Int { trials.filter { $0.end == end }.count }

        /// The most rollbacks that a true rate of 5 % explains: two standard errors above its mean.
        var rollbacksMax: Int {
            let (n, rate) = (Double(trials.count), TrialWorld.rate)
            return Int((n * rate + 2 * (n * rate * (1 - rate)).squareRoot()).rounded(.down))
        }

        var isAsPromised: Bool {
            switch truth {
            case .healthy: count(.rolledBack) <= rollbacksMax
            case .regressed: count(.rolledBack) == trials.count
            }
        }

        func median(_ value: (Trial) -> Double) -> Double {
            let sorted = trials.map(value).sorted()
            return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        }
    }

    let scenarios: [Scenario]
    let requests: Int
    let failedRequests: Int
    let seconds: Double
    /// Found by reading every chain of decisions again.
    let problems: [String]
    let directory: String
    var isAsPromised: Bool { problems.isEmpty && scenarios.allSatisfy(\.isAsPromised) }

    var text: String {
        let head = [
            "scenario", "rollouts", "rolled back", "held", "completed", "undecided", "requests",
            "seconds",
        ]
        let rows = scenarios.map { scenario in
            let bound =
                scenario.truth == .healthy
                ? " of at most \(scenario.rollbacksMax)" : " of \(scenario.trials.count)"
            return [
                scenario.name, "\(scenario.trials.count)",
                "\(scenario.count(.rolledBack))\(bound)", "\(scenario.count(.held))",
                "\(scenario.count(.completed))", "\(scenario.count(.undecided))",
                grouped(Int(scenario.median { Double($0.requests) })),
                "\((scenario.median(\.seconds) * 10).rounded() / 10)",
            ]
        }
        let widths = head.indices.map { column in
            ([head] + rows).map { $0[column].count }.max() ?? 0
        }
        let lines = ([head] + rows).map { row in
            zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
                .joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }
        let named = scenarios.filter { $0.truth == .regressed }.map { scenario in
            let found = Set(
                scenario.trials.compactMap { trial in
                    trial.guardrail.map { "\($0) in \(trial.stage ?? "no stage")" }
                }
            ).sorted().joined(separator: ", ")
            return "\(scenario.name): \(found.isEmpty ? "missed" : "found by \(found)")"
        }
        let end =
            "\(grouped(requests)) requests (\(failedRequests) failed) in "
            + "\(Int(seconds.rounded())) s; requests and seconds are medians of one rollout"
        return (lines + [""] + named + problems + ["", end]).joined(separator: "\n") + "\n"
    }
}
