import Calibration
import RolloutCore

/// What made-up candidates tell of the guardrails, for people and for programs.
struct SimulationReport: Encodable {
    let seed: UInt64
    let runs: Int
    let requestsPerSecond: Double
    let baseline: [Baseline.Source]
    let asGoodAsStable: AsGood
    let regressions: [Worse]
    let notes: [String]

    /// How often something happened.
    struct Rate: Encodable, Hashable {
        let value: Double
        let standardError: Double

        init(_ ends: [SimulatedEnd], _ happened: (SimulatedEnd) -> Bool) {
            let estimate = Estimate(rateOf: ends.map(happened))
            (value, standardError) = (estimate.value, estimate.standardError)
        }

        var spoken: String { "\(percentage(value)) (± \(percentage(standardError)))" }
    }

    struct Part: Encodable {
        let name: String
        let part: Double

        /// The most frequent first.
        static func all(_ names: [String], of total: Int) -> [Part] {
            Dictionary(grouping: names) { $0 }.map {
                Part(name: $0.key, part: Double($0.value.count) / Double(max(total, 1)))
            }
            .sorted { ($1.part, $0.name) < ($0.part, $1.name) }
        }
    }

    struct AsGood: Encodable {
        let falseRollback: Rate
        let held: Rate
        let declaredFalseRollbackRate: Double
        let completed: Rate
        let undecided: Rate
        /// Until half of all candidates have completed.
        @OrNull private(set) var medianSeconds: Double?
        /// What false alarms came from, and what stayed undecided.
        let alarmedBy: [Part]
        let undecidedFor: [Part]
    }

    /// The time by which a part of all candidates is caught.
    struct Delay: Encodable {
        let seconds: Double
        let stage: StageKind
        let secondsInStage: Double
        /// The candidate's answers, and those of them that a caller got.
        let requests: Int
        let live: Int

        /// `nil` when fewer are ever caught.
        init?(_ ends: [SimulatedEnd], part: Double) {
            let caught = ends.filter(\.isCaught).sorted { $0.milliseconds < $1.milliseconds }
            let place = (part * Double(ends.count)).rounded(.up)
            guard let index = Int(exactly: max(place, 1)), index <= caught.count else { return nil }
            let end = caught[index - 1]
            seconds = Double(end.milliseconds) / 1_000
            stage = end.stage
            secondsInStage = Double(end.inStage) / 1_000
            requests = caught.map(\.requests).sorted()[index - 1]
            live = caught.map(\.live).sorted()[index - 1]
        }

        var spoken: String {
            let whole = ExpectedSize.spoken(seconds: seconds)
            let inStage =
                secondsInStage < seconds
                ? " (\(ExpectedSize.spoken(seconds: secondsInStage)) into \(stage.rawValue))" : ""
            return "\(whole)\(inStage), \(grouped(requests)) requests, \(grouped(live)) of callers"
        }
    }

    struct Worse: Encodable {
        let regression: String
        let caught: Rate
        @OrNull private(set) var median: Delay?
        @OrNull private(set) var ninety: Delay?
        let stages: [Part]
        let guardrails: [Part]
        /// Guardrails that only tell somebody.
        let alerts: [Part]
        let completed: Rate
        let undecided: Rate
    }

    init(_ cases: [Simulation.Case], _ simulation: Simulation, declared: Double, notes: [String]) {
        seed = simulation.seed
        runs = simulation.runs
        requestsPerSecond = simulation.baseline.rate
        baseline = simulation.baseline.sources
        self.notes = notes
        let good = cases.first { $0.regression == nil }?.ends ?? []
        asGoodAsStable = AsGood(good, declared: declared)
        regressions = cases.compactMap { one in
            one.regression.map { Worse($0, one.ends) }
        }
    }
}

extension SimulationReport.AsGood {
    fileprivate init(_ ends: [SimulatedEnd], declared: Double) {
        typealias Rate = SimulationReport.Rate
        falseRollback = Rate(ends) { $0.kind == .rolledBack || $0.kind == .steppedBack }
        held = Rate(ends) { $0.kind == .held }
        declaredFalseRollbackRate = declared
        completed = Rate(ends) { $0.kind == .completed }
        undecided = Rate(ends) { $0.kind == .undecided }
        let times = ends.filter { $0.kind == .completed }.map(\.milliseconds).sorted()
        medianSeconds =
            times.count * 2 >= ends.count && !times.isEmpty
            ? Double(times[max((ends.count + 1) / 2, 1) - 1]) / 1_000 : nil
        alarmedBy = SimulationReport.Part.all(
            ends.filter(\.isCaught).map(\.place), of: ends.count)
        undecidedFor = SimulationReport.Part.all(
            ends.filter { $0.kind == .undecided }.map(\.place), of: ends.count)
    }

    fileprivate var rows: [(String, String)] {
        var rows = [
            (
                "false rollback",
                "\(falseRollback.spoken); declared: at most "
                    + percentage(declaredFalseRollbackRate)
            )
        ]
        if held.value > 0 { rows.append(("falsely held", held.spoken)) }
        if !alarmedBy.isEmpty { rows.append(("alarms by", alarmedBy.spoken)) }
        let time = medianSeconds.map { "; half of them within \(ExpectedSize.spoken(seconds: $0))" }
        rows.append(("completed", completed.spoken + (time ?? "")))
        if undecided.value > 0 {
            rows.append(("undecided", "\(undecided.spoken): \(undecidedFor.spoken)"))
        }
        return rows
    }
}

extension SimulationReport.Worse {
    fileprivate init(_ regression: Regression, _ ends: [SimulatedEnd]) {
        typealias Report = SimulationReport
        let caught = ends.filter(\.isCaught)
        self.regression = regression.spoken
        self.caught = Report.Rate(ends, \.isCaught)
        median = Report.Delay(ends, part: 0.5)
        ninety = Report.Delay(ends, part: 0.9)
        stages = Report.Part.all(caught.map(\.stage.rawValue), of: caught.count)
        guardrails = Report.Part.all(
            caught.map { $0.guardrail?.rawValue ?? "silence" }, of: caught.count)
        alerts = Report.Part.all(ends.flatMap { $0.alerts.keys.map(\.rawValue) }, of: ends.count)
        completed = Report.Rate(ends) { $0.kind == .completed }
        undecided = Report.Rate(ends) { $0.kind == .undecided }
    }

    fileprivate var rows: [(String, String)] {
        var rows = [("caught", caught.spoken)]
        if !stages.isEmpty {
            rows[0].1 += " in \(stages.spoken)"
            rows.append(("by", guardrails.spoken))
        }
        if caught.value > 0 {
            rows.append(("median", median?.spoken ?? "never: fewer are caught"))
            rows.append(("90 %", ninety?.spoken ?? "never: fewer are caught"))
        }
        if !alerts.isEmpty { rows.append(("only told", alerts.spoken)) }
        if completed.value > 0 { rows.append(("completed", completed.spoken)) }
        if undecided.value > 0 { rows.append(("undecided", undecided.spoken)) }
        return rows
    }
}

extension SimulatedEnd {
    /// `accuracy in canary`
    fileprivate var place: String { "\(guardrail?.rawValue ?? "silence") in \(stage.rawValue)" }
}

extension [SimulationReport.Part] {
    /// `shadow 96 %, canary 4 %`
    fileprivate var spoken: String {
        map { "\($0.name) \(percentage($0.part))" }.joined(separator: ", ")
    }
}

extension SimulationReport {
    var text: String {
        var text = StatsRows.text(
            "\(grouped(runs)) made-up candidates of each kind, seed \(seed).",
            baseline.map { ($0.metric, "\($0.value) (\($0.source))") })
        text += "\n" + StatsRows.text("Just as good as stable", asGoodAsStable.rows)
        for worse in regressions {
            text += "\n" + StatsRows.text(worse.regression, worse.rows)
        }
        for note in notes { text += "\n" + StatsRows.text("note: \(note)", []) }
        return text
    }
}
