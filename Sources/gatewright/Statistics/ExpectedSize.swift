import Evidence
import RolloutCore

/// How many observations a verdict is expected to take when the rates are known.
struct ExpectedSize: StatsSpoken, Equatable {
    enum Question {
        /// Failure rates, all of them.
        case constant(limit: Double, rate: Double)
        case sideBySide(limit: ComparisonLimit, candidate: Double, stable: Double, share: Double)
        case paired(margin: Double, better: Double, worse: Double)
    }

    /// `violated`, `proven`, or `undecided` for a rate at the limit.
    let verdict: StatsAnswer.Verdict
    let sentence: String
    /// Candidate observations below which no test that may be looked at at any time can be on
    /// average: log(1/alpha)/information.
    let bound: Int?
    /// Candidate observations after which our engine crosses if the counts are just as expected.
    let typical: Int?
    /// Requests of both versions for `typical`.
    let requests: Int?
    let seconds: Double?
    let alpha: Double

    /// - Parameters:
    ///   - part: of the requests goes to the candidate.
    ///   - asked: the limit in words.
    init(
        _ question: Question, alpha: Double, part: Double, perSecond: Double?, asked: String
    ) {
        let side = question.side
        let verdict: StatsAnswer.Verdict =
            side.map { $0 == .rollback ? .violated : .proven } ?? .undecided
        self.verdict = verdict
        self.alpha = alpha
        let information = side.map { question.information($0) } ?? 0
        let bound = information > 0 ? Self.count(-LogDomain.log(alpha) / information) : nil
        self.bound = bound
        let typical = side.flatMap { side in
            bound.flatMap { question.crossing(side, alpha: alpha, from: $0) }
        }
        self.typical = typical
        let requests = typical.flatMap { Self.count(Double($0) / part) }
        self.requests = requests
        seconds = requests.flatMap { requests in perSecond.map { Double(requests) / $0 } }
        let name = question.unit
        let fate = side == .rollback ? "violated" : "kept"
        sentence =
            typical.map { count in
                "About \(grouped(count)) \(name) show that \"\(asked)\" is \(fate)."
            }
            ?? (side == nil
                ? "Never: such a candidate is just at the limit, \"\(asked)\"."
                : "Not in any useful time: such a candidate is too close to \"\(asked)\".")
    }

    var text: String {
        var rows: [(String, String)] = []
        if let bound, let typical {
            rows.append(
                (
                    "typical",
                    "\(grouped(typical)), \(significant(Double(typical) / Double(max(bound, 1)), 3)) "
                        + "times the fewest"
                ))
            rows.append(
                (
                    "fewest",
                    "\(grouped(bound)) on average, for any test that may be looked at at any time"
                ))
        }
        if let requests, requests != typical {
            rows.append(("requests", "\(grouped(requests)) of both versions"))
        }
        if let seconds { rows.append(("time", Self.spoken(seconds: seconds))) }
        rows.append(("level", "\(percentage(alpha)) chance of a wrong verdict, over all looks"))
        return StatsRows.text(sentence, rows)
    }

    static func spoken(seconds: Double) -> String {
        guard seconds < 3.2e9, let whole = Int(exactly: max(1, seconds.rounded(.up))) else {
            return "more than a century"
        }
        if whole < 120 { return "\(whole) s" }
        if whole < 7_200 { return "\((whole + 59) / 60) min" }
        if whole < 172_800 { return "\(decimal(seconds / 3_600, 1)) h" }
        return "\(decimal(seconds / 86_400, 1)) d"
    }

    private static func count(_ value: Double) -> Int? {
        guard value < 1e15 else { return nil }
        return Int(exactly: max(1, value.rounded(.up)))
    }
}

extension ExpectedSize.Question {
    /// Restarts that a rollout sets half of its evidence aside for: hourly for 30 days.
    private static let restarts = 720

    fileprivate var unit: String {
        if case .paired = self { return "pairs" }
        return "candidate requests"
    }

    /// On which side of the limit the rates are; `nil` on it.
    fileprivate var side: EvidenceSide? {
        let beyond =
            switch self {
            case .constant(let limit, let rate): rate - limit
            case .sideBySide(let limit, let candidate, let stable, _):
                candidate - (limit.ratio * stable + limit.margin)
            case .paired(let margin, let better, let worse): worse - better - margin
            }
        guard abs(beyond) > 1e-12 else { return nil }
        return beyond > 0 ? .rollback : .promote
    }

    /// Expected log E for each candidate observation, at best.
    fileprivate func information(_ side: EvidenceSide) -> Double {
        switch self {
        case .constant(let limit, let rate): Information.divergence(rate, from: limit)
        case .sideBySide(let limit, let candidate, let stable, let share):
            Information.divergence(candidate: candidate, stable: stable, from: limit, share: share)
                / share
        case .paired(let margin, let better, let worse):
            Information.divergence(better: better, worse: worse, margin: margin, side: side)
        }
    }

    /// log E of the engine after so many candidate observations with just the expected counts.
    private func logE(_ side: EvidenceSide, after count: Int) throws(InvalidEvidence) -> Double {
        func expected(_ rate: Double, of count: Int) -> Int {
            min(count, Int(exactly: (rate * Double(count)).rounded()) ?? count)
        }
        switch self {
        case .constant(let limit, let rate):
            var process = try ProportionProcess(limit: limit, restarts: Self.restarts)
            try process.observe(trials: count, failures: expected(rate, of: count))
            return side == .rollback ? process.rollback.logE : process.promote.logE
        case .sideBySide(let limit, let candidate, let stable, let share):
            var process = try ProportionComparison(limit: limit, restarts: Self.restarts)
            let others = Int(exactly: (Double(count) * (1 - share) / share).rounded()) ?? 0
            try process.observe(
                ComparisonBlock(
                    candidateTrials: count, candidateFailures: expected(candidate, of: count),
                    stableTrials: others, stableFailures: expected(stable, of: others)),
                stableRate: stable)
            return side == .rollback ? process.rollback.logE : process.promote.logE
        case .paired(let margin, let better, let worse):
            var process = try PairedComparison(margin: margin, restarts: Self.restarts)
            let (better, worse) = (expected(better, of: count), expected(worse, of: count))
            try process.observe(
                better: min(better, count - worse), equal: max(0, count - better - worse),
                worse: worse)
            return side == .rollback ? process.rollback.logE : process.promote.logE
        }
    }

    /// The first count from which expected counts cross, searched upwards from the bound.
    fileprivate func crossing(_ side: EvidenceSide, alpha: Double, from bound: Int) -> Int? {
        func crosses(_ count: Int) -> Bool {
            guard let logE = try? logE(side, after: count) else { return false }
            return EvidenceReading.reaches(logE, level: alpha)
        }
        // The engine never beats the bound with expected counts.
        var (low, high) = (bound, bound)
        while !crosses(high) {
            guard high < 1 << 44 else { return nil }
            (low, high) = (high, high * 2)
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if crosses(middle) { high = middle } else { low = middle }
        }
        return high
    }
}
