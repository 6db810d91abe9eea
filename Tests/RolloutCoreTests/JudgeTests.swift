import Evidence
import Testing

@testable import RolloutCore

/// Each criterion, judged on evidence that passes, breaches, or says too little.
@Suite struct JudgeTests {
    enum Health: CaseIterable { case good, bad, nothing }

    struct Kind: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let metric: Metric
        let criterion: Criterion
        /// The policy's words.
        let bound: String
        /// What a breach says after the numbers.
        let violation: String
        let process: @Sendable (Health) throws -> GuardrailProcess
    }

    private static func proportion(_ limit: Double) -> @Sendable (Health) throws -> GuardrailProcess
    {
        { health in
            var process = try ProportionProcess(limit: limit)
            switch health {
            case .good: try process.observe(trials: 20_000, failures: 1)
            case .bad: try process.observe(trials: 20_000, failures: 9_000)
            case .nothing: break
            }
            return .proportion(process)
        }
    }

    private static func comparison(_ points: Double)
        -> @Sendable (Health) throws -> GuardrailProcess
    {
        { health in
            var process = try ProportionComparison(limit: .rise(points: points))
            for _ in 0..<(health == .nothing ? 0 : 60) {
                try process.observe(
                    ComparisonBlock(
                        candidateTrials: 200, candidateFailures: health == .bad ? 80 : 2,
                        stableTrials: 200, stableFailures: 4))
            }
            return .comparison(process)
        }
    }

    private static func mean(_ limit: MeanLimit, _ good: Double, _ bad: Double)
        -> @Sendable (Health) throws -> GuardrailProcess
    {
        { health in
            var process = try MeanComparison(limit: limit)
            for _ in 0..<(health == .nothing ? 0 : 30) {
                var block = MeanBlock()
                for index in 0..<100 {
                    let noise = Double(index % 7) - 3
                    try block.candidate.add((health == .bad ? bad : good) + noise)
                    try block.stable.add(100 + noise)
                }
                try process.observe(block)
            }
            return .mean(process)
        }
    }

    private static func split(_ health: Health) throws -> GuardrailProcess {
        var process = try SplitProcess(shares: [0.5, 0.5])
        switch health {
        case .good: try process.observe(counts: [5_000, 5_010])
        case .bad: try process.observe(counts: [9_000, 1_000])
        case .nothing: break
        }
        return .split(process)
    }

    static let kinds: [Kind] = [
        Kind(
            testDescription: "accuracy at least", metric: .accuracy,
            criterion: .atLeast(Given.finite(0.95)), bound: "≥ 95 %", violation: "< 95 %",
            process: proportion(0.05)),
        Kind(
            testDescription: "errors at most", metric: .errors,
            criterion: .atMost(Given.finite(0.005)), bound: "≤ 0.5 %", violation: "> 0.5 %",
            process: proportion(0.005)),
        Kind(
            testDescription: "latency", metric: .latency,
            criterion: .quantileAtMost(quantile: Given.finite(0.99), limit: Given.finite(15)),
            bound: "p99 ≤ 15 ms", violation: "breaks p99 ≤ 15 ms", process: proportion(0.01)),
        Kind(
            testDescription: "accuracy drop", metric: .accuracy,
            criterion: .dropAtMost(points: Given.finite(0.03)), bound: "≥ −3 pp",
            violation: "< −3 pp", process: comparison(0.03)),
        Kind(
            testDescription: "error rise", metric: .errors,
            criterion: .riseAtMost(points: Given.finite(0.01)), bound: "≤ +1 pp",
            violation: "> +1 pp", process: comparison(0.01)),
        Kind(
            testDescription: "throughput drop", metric: .measurement("throughput"),
            criterion: .relativeDropAtMost(Given.finite(0.05)), bound: "≥ −5 %",
            violation: "< −5 %", process: mean(.dropAtMost(0.05), 101, 70)),
        Kind(
            testDescription: "cost rise", metric: .measurement("cost"),
            criterion: .relativeRiseAtMost(Given.finite(0.05)), bound: "≤ +5 %",
            violation: "> +5 %", process: mean(.riseAtMost(0.05), 99, 130)),
        Kind(
            testDescription: "gain", metric: .measurement("throughput"),
            criterion: .relativeGainAtLeast(Given.finite(0.05)), bound: "≥ +5 %",
            violation: "< +5 %", process: mean(.gainAtLeast(0.05), 120, 90)),
        Kind(
            testDescription: "sample ratio", metric: .sampleRatio, criterion: .asAsked,
            bound: "as asked", violation: "is not the split that was asked for",
            process: { try split($0) }),
    ]

    private static let plan = Plan(stages: Given.stages, regions: Given.regions)

    private func verdict(
        _ kind: Kind, _ process: GuardrailProcess, freshest: Timestamp? = Given.now,
        labels: LabelCoverage? = nil, rule: LabelRule? = nil, minSamples: Int = 100, step: Int = 2
    ) -> GuardrailVerdict {
        let guardrail = GuardrailSpec(
            name: Given.id("quality"), metric: kind.metric, criterion: kind.criterion,
            onBreach: .rollback, stages: nil, slices: [], minSamples: minSamples,
            maxSilent: .seconds(300), labels: rule, severity: .warning, dryRun: false)
        let context = JudgementContext(
            now: Given.now, plan: Self.plan, step: step, rollbackLevel: 0.001, riskBudget: 0.02)
        let evidence = GuardrailEvidence(
            guardrail: guardrail.name, process: process, freshest: freshest, labels: labels)
        return judge(guardrail, evidence, context)
    }

    @Test(arguments: kinds) func healthyEvidencePassesAndProves(_ kind: Kind) throws {
        let verdict = verdict(kind, try kind.process(.good))
        #expect(verdict.verdict == .pass)
        #expect(verdict.proven && verdict.needs == 0)
        #expect(verdict.spoken.wholeNumbers)
    }

    @Test(arguments: kinds) func badEvidenceBreachesInWords(_ kind: Kind) throws {
        let verdict = verdict(kind, try kind.process(.bad))
        guard case .breach(let reason) = verdict.verdict else {
            Issue.record("\(verdict.verdict)")
            return
        }
        #expect(!verdict.proven)
        #expect(reason.hasPrefix("quality "))
        #expect(reason.contains(" \(kind.violation) (n = "))
        #expect(reason.hasSuffix(")") && reason.wholeNumbers)
    }

    // "No data" is the main way in which bad versions are promoted elsewhere.
    @Test("C2: no evidence is undecided", arguments: kinds)
    func noEvidenceIsUndecided(_ kind: Kind) throws {
        let verdict = verdict(kind, try kind.process(.nothing))
        #expect(verdict.verdict.word == "undecided")
        #expect(verdict.spoken == "–" || verdict.spoken.wholeNumbers)
    }

    @Test(arguments: kinds) func boundsReadAsTheyWereWritten(_ kind: Kind) {
        let guardrail = GuardrailSpec(
            name: Given.id("quality"), metric: kind.metric, criterion: kind.criterion,
            onBreach: .hold, stages: nil, slices: [], minSamples: 0, maxSilent: .zero, labels: nil,
            severity: .info, dryRun: false)
        #expect(guardrail.bound == kind.bound)
    }

    @Test func numbersTurnToTheReadersScale() throws {
        let accuracy = verdict(Self.kinds[0], try Self.kinds[0].process(.bad))
        #expect(accuracy.spoken.hasPrefix("55 % [5"))
        let drop = verdict(Self.kinds[3], try Self.kinds[3].process(.bad))
        #expect(drop.spoken.hasPrefix("−38 pp [−"))
        let rise = verdict(Self.kinds[6], try Self.kinds[6].process(.bad))
        #expect(rise.spoken.hasPrefix("+30 % [+2") || rise.spoken.hasPrefix("+30 % [+3"))
    }

    @Test("C4, C9: doubts in the order of what comes first")
    func doubtsInTheOrderOfWhatComesFirst() throws {
        let kind = Self.kinds[1]
        let good = try kind.process(.good)
        func reason(_ verdict: GuardrailVerdict) -> String {
            if case .undecided(let reason) = verdict.verdict {
                reason
            } else {
                "\(verdict.verdict)"
            }
        }
        let rule = LabelRule(maxLag: .seconds(600), minCoverage: Given.finite(0.8))
        #expect(
            reason(verdict(kind, good, minSamples: 30_000)) == "10,000 more samples to the minimum")
        #expect(reason(verdict(kind, good, freshest: nil)) == "no data yet")
        #expect(
            reason(verdict(kind, good, freshest: Given.now - .seconds(301)))
                == "nothing new for 5 min")
        #expect(verdict(kind, good, freshest: Given.now - .seconds(300)).verdict == .pass)
        // A split that was as asked shows nothing of one that nobody hears of any more.
        let split = try #require(Self.kinds.last { $0.metric == .sampleRatio })
        #expect(
            reason(
                verdict(split, try split.process(.good), freshest: Given.now - .seconds(301)))
                == "nothing new for 5 min")
        // Labels may be late by as much as their rule says.
        #expect(
            verdict(
                kind, good, freshest: Given.now - .seconds(900),
                labels: LabelCoverage(due: 10, arrived: 8), rule: rule
            ).verdict == .pass)
        #expect(
            reason(
                verdict(kind, good, labels: LabelCoverage(due: 100, arrived: 79), rule: rule))
                == "only 79 % of due labels have arrived")
        #expect(
            reason(verdict(kind, .unmeasured(reason: "drift is not measured")))
                == "drift is not measured")
    }

    @Test(
        "C16: what may be in another unit is not passed",
        arguments: [
            (5, MeanLimit.dropAtMost(0.05), 950, nil),
            (5, .dropAtMost(0.05), 100_000, "throughput is 1,000 times that of stable"),
            (7, .gainAtLeast(0.05), 6_000, "throughput is 60 times that of stable"),
            (6, .riseAtMost(0.05), 12, nil),
            (6, .riseAtMost(0.05), 4, "cost is 3.95 % of that of stable"),
        ] as [(Int, MeanLimit, Double, String?)])
    func anotherUnitIsNotPassed(
        _ kind: Int, _ limit: MeanLimit, _ mean: Double, _ odd: String?
    ) throws {
        func judged(_ mean: Double) throws -> Verdict {
            verdict(Self.kinds[kind], try Self.mean(limit, mean, mean)(.good)).verdict
        }
        // Stable's mean is 100.
        let expected = odd.map { Verdict.undecided(reason: $0 + ", as in another unit") } ?? .pass
        #expect(try judged(mean) == expected)
        // As much worse is no question of units: nobody may be served by it.
        #expect(try judged(10_000 / mean).word == "breach")
    }

    // Data that were chosen prove nothing, in either direction.
    @Test("C10: uneven labels are undecided whatever the numbers say")
    func unevenLabelsAreUndecidedWhateverTheNumbersSay() throws {
        let kind = Self.kinds[3]
        for health in [Health.good, .bad] {
            let uneven = LabelCoverage(due: 100, arrived: 90, unevenLogE: 7)
            let verdict = verdict(kind, try kind.process(health), labels: uneven)
            #expect(
                verdict.verdict
                    == .undecided(
                        reason: "labels come more readily for one version than for the other"))
            let even = LabelCoverage(due: 100, arrived: 90, unevenLogE: 6.8)
            #expect(
                self.verdict(kind, try kind.process(health), labels: even).verdict.word
                    != "undecided")
        }
    }

    @Test("C18: a breach of the slices names the worst")
    func aBreachOfTheSlicesNamesTheWorst() throws {
        let kind = Self.kinds[1]
        let slices = [Health.good, .bad].enumerated().map { index, health in
            SliceEvidence(
                region: Given.regions[index],
                process: (try? kind.process(health)) ?? .unmeasured(reason: "?"))
        }
        var mixture = SliceMixture()
        mixture.observe(pooled: -3, slices: [0, 9])
        func verdict(_ mixture: SliceMixture) throws -> Verdict {
            let guardrail = GuardrailSpec(
                name: Given.id("quality"), metric: kind.metric, criterion: kind.criterion,
                onBreach: .rollback, stages: nil, slices: [.region], minSamples: 10,
                maxSilent: .seconds(300), labels: nil, severity: .warning, dryRun: false)
            let context = JudgementContext(
                now: Given.now, plan: Self.plan, step: 2,
                rollbackLevel: 0.001, riskBudget: 0.02)
            let evidence = GuardrailEvidence(
                guardrail: guardrail.name, process: try kind.process(.good), slices: slices,
                mixture: mixture, freshest: Given.now, labels: nil)
            return judge(guardrail, evidence, context).verdict
        }
        guard case .breach(let reason) = try verdict(mixture) else {
            Issue.record("no breach")
            return
        }
        #expect(reason.hasSuffix(", \(Given.regions[1]))"))
        // The mixture alone decides: the largest of many would be many chances.
        #expect(try verdict(SliceMixture()) == .pass)
    }

    /// Labels of a region that was reached late are all yet to come while the others' have.
    @Test("C18: a region that nobody has looked at is not passed")
    func aRegionThatNobodyHasLookedAtIsNotPassed() throws {
        let kind = Self.kinds[1]
        func verdict(_ trials: Int, _ second: Share) throws -> Verdict {
            var late = try ProportionProcess(limit: 0.005)
            try late.observe(trials: trials, failures: 0)
            let processes = [try kind.process(.good), .proportion(late)]
            let guardrail = GuardrailSpec(
                name: Given.id("quality"), metric: kind.metric, criterion: kind.criterion,
                onBreach: .rollback, stages: nil, slices: [.region], minSamples: 100,
                maxSilent: .seconds(300), labels: nil, severity: .warning, dryRun: false)
            let evidence = GuardrailEvidence(
                guardrail: guardrail.name, process: try kind.process(.good),
                slices: zip(Given.regions, processes).map(SliceEvidence.init),
                mixture: SliceMixture(), freshest: Given.now, labels: nil)
            let step = Step(
                stage: .canary, shares: [Given.regions[0]: .all, Given.regions[1]: second],
                mirrors: [:], soak: .zero, approval: false)
            let context = JudgementContext(
                now: Given.now, plan: Plan(regions: Given.regions, steps: [step]), step: 0,
                rollbackLevel: 0.001, riskBudget: 0.02)
            return judge(guardrail, evidence, context).verdict
        }
        #expect(
            try verdict(0, .all)
                == .undecided(reason: "100 more samples of \(Given.regions[1]) to the minimum"))
        #expect(try verdict(99, .all).word == "undecided")
        #expect(try verdict(100, .all) == .pass)
        // Where the candidate is not served yet, nothing can be seen.
        #expect(try verdict(0, .zero) == .pass)
    }

    // Proven over the whole past does not show that it still holds.
    @Test("C21: what is worse lately is not promoted")
    func whatIsWorseLatelyIsNotPromoted() throws {
        func verdict(_ late: Int) throws -> Verdict {
            var process = try ProportionProcess(limit: 0.05, restarts: 10)
            try process.observe(trials: 200_000, failures: 2_000)
            process.restart()
            try process.observe(trials: 200, failures: late)
            let last = Self.plan.steps.count - 1
            return self.verdict(Self.kinds[0], .proportion(process), step: last).verdict
        }
        #expect(try verdict(2) == .pass)
        #expect(try verdict(23) == .undecided(reason: "worse lately"))
    }

    @Test func aForecastTellsTimeOrThatThereIsNone() throws {
        var process = try ProportionProcess(limit: 0.05)
        try process.observe(trials: 100, failures: 4)
        func verdict(_ since: Timestamp) -> GuardrailVerdict {
            let guardrail = GuardrailSpec(
                name: Given.id("quality"), metric: .errors, criterion: .atMost(Given.finite(0.05)),
                onBreach: .rollback, stages: nil, slices: [], minSamples: 10,
                maxSilent: .seconds(300), labels: nil, severity: .warning, dryRun: false)
            let context = JudgementContext(
                now: Given.now, plan: Self.plan, step: 2,
                rollbackLevel: 0.001, riskBudget: 0.02)
            let evidence = GuardrailEvidence(
                guardrail: guardrail.name, process: .proportion(process), freshest: Given.now,
                pace: EvidencePace(since: since, before: 0), labels: nil)
            return judge(guardrail, evidence, context)
        }
        let soon = verdict(Given.now - .seconds(100))
        #expect(soon.outlook == .open && soon.eta == (soon.needs.map { .seconds(Int64($0)) }))
        #expect(soon.outlookSpoken.contains("needs about"))
        let rare = verdict(Given.now - .seconds(86_400 * 30))
        #expect(rare.outlook == .tooSlow)
        #expect(rare.outlookSpoken.contains("cannot be decided at this traffic"))
        try process.observe(trials: 100, failures: 12)
        #expect(verdict(Given.now - .seconds(100)).outlook == .never)
    }

    @Test func aBreachNeedsNoFreshData() throws {
        let verdict = verdict(Self.kinds[1], try Self.kinds[1].process(.bad), freshest: nil)
        #expect(verdict.verdict.word == "breach")
    }

    // MARK: The promised rate of false alarms

    @Test func allAlarmsTogetherKeepThePromise() {
        for seed in 0..<300 as Range<UInt64> {
            var drawn = Drawn(seed: seed)
            let stages = Given.stages.filter { _ in drawn.chance(75) }
            let plan = Plan(stages: stages, regions: Given.regions)
            let set = GuardrailSet(
                name: Given.id("q"), falseRollbackRate: Given.finite(0.01),
                riskBudget: Given.finite(0.02), guardrails: drawn.guardrails())
            let parts = ErrorBudget.parts(of: set, plan: plan)
            #expect(parts.map(\.guardrail) == set.guardrails.map(\.name))
            let total = parts.reduce(0) { $0 + $1.level * Double($1.processes) }
            for (part, guardrail) in zip(parts, set.guardrails) where part.weight > 0 {
                #expect(!guardrail.dryRun && part.processes > 0 && part.level > 0)
                #expect(part.weight == (guardrail.severity == .critical ? 2 : 1))
            }
            #expect(total <= 0.01 * (1 + 1e-12))
        }
    }
}

extension String {
    /// Whether no number in it is one that people cannot read.
    fileprivate var wholeNumbers: Bool {
        let text = lowercased()
        return !text.contains("nan") && !text.contains("inf") && !text.contains("-")
            && !text.contains("–") && !text.contains("e+")
    }
}
