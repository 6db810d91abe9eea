import Evidence
import RolloutCore
import Simulator

/// How rollouts in simulated worlds ended, beside what was promised of them.
struct ChaosReport: StatsSpoken {
    let limits: ChanceLimits
    let from: UInt64
    let declared: Double
    let rows: [Row]

    var isAsPromised: Bool { rows.allSatisfy { $0.isAsPromised(declared) } }

    /// So many of all, and where the truth is (Clopper and Pearson, 95 %).
    struct Counted: Encodable {
        let count: Int
        let lower: Double
        let upper: Double

        init(_ count: Int, of total: Int) {
            self.count = count
            let interval = Successes(count, of: total)?.interval(
                .clopperPearson, confidence: 0.95)
            (lower, upper) = (interval?.lower ?? 0, interval?.upper ?? 1)
        }

        var spoken: String { "\(grouped(count)) [\(percentage(lower)), \(percentage(upper))]" }
    }

    /// By when a part of all candidates was taken back.
    struct Delay: Encodable {
        let answers: Int
        let hours: Double

        /// `nil` when fewer ever were.
        init?(_ ends: [ChanceTrial.End], part: Double) {
            let caught = ends.filter { $0.kind == .rolledBack }
            let place = Int(exactly: max((part * Double(ends.count)).rounded(.up), 1)) ?? .max
            guard place <= caught.count else { return nil }
            answers = caught.map(\.answers).sorted()[place - 1]
            hours = Double(caught.map(\.milliseconds).sorted()[place - 1]) / 3_600_000
        }

        var spoken: String { "\(grouped(answers)), \(decimal(hours, 2)) h" }
    }

    /// All rollouts of one kind of candidate.
    struct Row: Encodable {
        struct Broken: Encodable {
            let seed: UInt64
            let violation: String
        }

        /// `nil` is just as good as stable.
        let regression: ChanceRegression?
        let keepsLimits: Bool
        let rollouts: Int
        let rolledBack: Counted
        let completed: Counted
        let undecided: Int
        @OrNull private(set) var median: Delay?
        @OrNull private(set) var ninety: Delay?
        let stages: [String: Int]
        let causes: [String: Int]
        /// Faults that were met.
        let marks: [String: Int]
        let broken: [Broken]

        init(_ trial: ChanceTrial, from: UInt64, ends: [ChanceTrial.End]) {
            func counts(_ names: [String]) -> [String: Int] {
                names.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            func count(_ kind: ChanceTrial.End.Kind) -> Int { ends.count { $0.kind == kind } }
            regression = trial.regression
            keepsLimits = trial.keepsLimits
            rollouts = ends.count
            rolledBack = Counted(count(.rolledBack), of: ends.count)
            completed = Counted(count(.completed), of: ends.count)
            undecided = count(.undecided)
            median = Delay(ends, part: 0.5)
            ninety = Delay(ends, part: 0.9)
            stages = counts(ends.compactMap(\.stage?.rawValue))
            causes = counts(ends.compactMap(\.cause))
            marks = ends.reduce(into: [:]) { $0.merge($1.marks) { $0 + $1 } }
            broken = ends.enumerated().flatMap { index, end in
                end.violations.map {
                    Broken(seed: from &+ UInt64(index), violation: "\($0)")
                }
            }
        }

        /// Not more than declared, as far as so many rollouts can tell; and nothing else broke.
        func isAsPromised(_ declared: Double) -> Bool {
            let isKept =
                keepsLimits
                ? rolledBack.lower <= declared : completed.lower <= ErrorBudget.promotionLevel
            return isKept && broken.isEmpty
        }

        fileprivate func cells(_ declared: Double) -> [String] {
            func spoken(_ counts: [String: Int]) -> String {
                counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                    .map { "\($0.key) \(grouped($0.value))" }.joined(separator: ", ")
            }
            let candidate = regression.map {
                "\($0.metric.rawValue) worse by \(percentage($0.size))"
            }
            return [
                candidate ?? "as good as stable", grouped(rollouts), rolledBack.spoken,
                keepsLimits ? "≤ \(percentage(declared))" : "–", completed.spoken,
                keepsLimits ? "–" : "≤ \(percentage(ErrorBudget.promotionLevel))",
                grouped(undecided), median?.spoken ?? "–", ninety?.spoken ?? "–",
                spoken(stages), spoken(causes),
            ]
        }
    }

    var text: String {
        let head = [
            "candidate", "rollouts", "rolled back", "promised", "completed", "promised",
            "undecided", "half by", "90 % by", "in", "for",
        ]
        let lines = ([head] + rows.map { $0.cells(declared) }).map {
            "| " + $0.joined(separator: " | ") + " |"
        }
        let broken = rows.flatMap(\.broken).map { "seed \($0.seed): \($0.violation)" }
        let marks = rows.reduce(into: [String: Int]()) { $0.merge($1.marks) { $0 + $1 } }
            .sorted { $0.key < $1.key }.map { "\($0.key) \(grouped($0.value))" }
        let end = [
            "limits \(limits.rawValue), seeds from \(from), \(Build.software)",
            "met: \(marks.joined(separator: ", "))",
        ]
        let rule = "|" + head.map { _ in ":---|" }.joined()
        return (lines.prefix(1) + [rule] + lines.dropFirst() + [""] + broken + end)
            .joined(separator: "\n") + "\n"
    }
}
