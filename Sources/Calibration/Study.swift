/// One measured figure of a study.
package struct StudyFigure: Codable, Sendable, Hashable {
    /// `one-sample`, `two-sample` …: the name of the study.
    package let study: String
    /// What the traffic was like: `drop 2 points, 5 % candidate`.
    package let scenario: String
    /// Who judged: `gatewright`, `kayenta-mann-whitney`, `z-each-look` …
    package let rule: String
    /// What was measured: `false-rollback`, `power`, `mean-requests`, `ratio-to-bound`, …
    package let measure: String
    package let value: Double
    /// Of the value; `nil` when it was computed rather than simulated.
    package let standardError: Double?
    package let repetitions: Int
    /// What the figure has to keep, if the rule promises it: a false rollback rate of at most 0.05.
    package let promise: Promise?

    package struct Promise: Codable, Sendable, Hashable {
        package let atMost: Double?
        package let atLeast: Double?

        package static func atMost(_ bound: Double) -> Promise {
            Promise(atMost: bound, atLeast: nil)
        }

        package static func atLeast(_ bound: Double) -> Promise {
            Promise(atMost: nil, atLeast: bound)
        }
    }

    package init(
        study: String, scenario: String, rule: String, measure: String, value: Double,
        standardError: Double?, repetitions: Int, promise: Promise? = nil
    ) {
        self.study = study
        self.scenario = scenario
        self.rule = rule
        self.measure = measure
        self.value = value
        self.standardError = standardError
        self.repetitions = repetitions
        self.promise = promise
    }

    /// Whether the promise is kept, give or take two standard errors; `nil` without one.
    package var isKept: Bool? {
        guard let promise else { return nil }
        let slack = 2 * (standardError ?? 0)
        if let bound = promise.atMost, !(value <= bound + slack) { return false }
        if let bound = promise.atLeast, !(value >= bound - slack) { return false }
        return true
    }
}

/// How much to simulate. `full` gives the figures of `docs/statistics.md`, `quick` is for tests.
package enum Effort: String, Codable, Sendable, CaseIterable {
    case quick, standard, full

    /// Repetitions scaled from those of a full run, at least 20.
    package func repetitions(full: Int) -> Int {
        switch self {
        case .quick: max(20, full / 20)
        case .standard: max(20, full / 4)
        case .full: full
        }
    }
}

/// One experiment: streams of made-up traffic, and rules that judge the same streams.
package protocol Study: Sendable {
    static var name: String { get }
    /// One line for `--list`.
    static var summary: String { get }

    /// Same seed, same figures, whatever the number of cores.
    static func run(seed: UInt64, effort: Effort) -> [StudyFigure]
}

package enum Studies {
    /// In the order in which they are run and printed.
    package static let all: [any Study.Type] = [
        OneSampleStudy.self,
        OddsStudy.self,
        TwoSampleStudy.self,
        WrongSplitStudy.self,
        PromotionStudy.self,
        PairedStudy.self,
        LateChangeStudy.self,
        RampStudy.self,
        ClusterStudy.self,
        MultiplicityStudy.self,
        SplitStudy.self, BoundedMeanStudy.self,
        HeavyTailStudy.self,
        ThroughputStudy.self,
        LatencyStudy.self,
        LabelDelayStudy.self,
        DriftStudy.self,
        PlannedLooksStudy.self,
    ]
}
