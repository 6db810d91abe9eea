import Evidence
import History
import RolloutCore

/// Collects what one guardrail is judged by, for all regions or for one.
///
/// A pure function of the facts in their order, so a restarted controller that folds the same facts
/// again holds the same evidence.
struct Meter: Codable, Sendable, Hashable {
    let guardrail: GuardrailSpec
    /// `nil` counts every region.
    let region: RegionName?
    private(set) var process: GuardrailProcess
    private(set) var freshest: Timestamp?
    /// Blocks that are not full yet, one a region: regions have splits and levels of their own.
    private var comparisons: [RegionName: OpenComparison] = [:]
    private var means: [RegionName: MeanBlock] = [:]
    private var split = OpenSplit()

    init(
        _ guardrail: GuardrailSpec, isPaired: Bool, region: RegionName?, restarts: Int = 100
    ) {
        self.guardrail = guardrail
        self.region = region
        process = GuardrailProcess(guardrail, isPaired: isPaired, restarts: restarts)
    }

    mutating func assume(designEffect: Double) {
        process.update { $0.assume(designEffect: designEffect) }
    }

    mutating func restart() { process.update { $0.restart() } }

    /// Takes in a fact that counts at once. Says whether it did.
    mutating func fold(_ fact: Fact, asked: Share) -> Bool {
        let answer = fact.answer
        if let region, region != answer.region { return false }
        return attempt { meter in
            switch (meter.guardrail.metric, fact.event) {
            case (.errors, .answered), (.latency, .answered):
                try meter.count(answer, failed: meter.guardrail.isViolated(by: answer))
            case (.agreement, .paired(let agree)):
                try meter.count(answer, failed: !agree)
            case (.measurement(let name), .measured(let metric, let value)) where name == metric:
                try meter.measure(answer, value)
            case (.sampleRatio, .answered):
                try meter.assign(answer, asked)
            default: return false
            }
            return true
        }
    }

    /// Takes in labelled predictions that have reached the age at which they count.
    mutating func fold(
        _ tally: LabelCohorts.Tally, of stratum: LabelCohorts.Stratum, clock: Timestamp
    ) {
        if let region, region != stratum.region { return }
        _ = attempt { meter in
            switch meter.process {
            case .proportion(var proportion):
                try proportion.observe(
                    trials: tally.candidate.labelled, failures: tally.candidate.wrong)
                meter.process = .proportion(proportion)
            case .comparison(let comparison):
                try meter.close(
                    comparison, stratum.region,
                    candidate: (tally.candidate.labelled, tally.candidate.wrong),
                    stable: (tally.stable.labelled, tally.stable.wrong))
            case .paired(var paired):
                try paired.observe(better: tally.better, equal: tally.equal, worse: tally.worse)
                meter.process = .paired(paired)
            case .mean, .split, .unmeasured: return false
            }
            if tally.candidate.labelled > 0 {
                meter.freshest = max(meter.freshest ?? clock, clock)
            }
            return true
        }
    }

    private mutating func attempt(_ body: (inout Meter) throws -> Bool) -> Bool {
        do {
            return try body(&self)
        } catch {
            process = .unmeasured(reason: "the evidence cannot be counted: \(error)")
            return true
        }
    }

    private mutating func count(_ answer: Prediction, failed: Bool) throws {
        let failures = failed ? 1 : 0
        switch process {
        case .proportion(var proportion):
            guard answer.arm == .candidate || answer.arm == .mirror else { return }
            try proportion.observe(trials: 1, failures: failures)
            process = .proportion(proportion)
        case .comparison(let comparison):
            switch answer.arm {
            case .candidate:
                try close(comparison, answer.region, candidate: (1, failures), stable: (0, 0))
            case .stable:
                try close(comparison, answer.region, candidate: (0, 0), stable: (1, failures))
            case .mirror, .fallback: return
            }
        case .paired, .mean, .split, .unmeasured: return
        }
        touch(answer)
    }

    private mutating func close(
        _ comparison: ProportionComparison, _ region: RegionName,
        candidate: (trials: Int, failures: Int), stable: (trials: Int, failures: Int)
    ) throws {
        var block = comparisons[region] ?? OpenComparison()
        block.add(
            candidate: candidate.trials, failures: candidate.failures, stable: stable.trials,
            failures: stable.failures)
        if block.total >= OpenComparison.size {
            var comparison = comparison
            try comparison.observe(block.closed)
            process = .comparison(comparison)
            block = OpenComparison()
        }
        comparisons[region] = block
    }

    private mutating func measure(_ answer: Prediction, _ value: FiniteDouble) throws {
        guard case .mean(var mean) = process else { return }
        var block = means[answer.region] ?? MeanBlock()
        switch answer.arm {
        case .candidate: try block.candidate.add(value.value)
        case .stable: try block.stable.add(value.value)
        case .mirror, .fallback: return
        }
        let least = MeanComparison.smallestBlock
        if block.candidate.count >= least, block.stable.count >= least {
            try mean.observe(block)
            process = .mean(mean)
            block = MeanBlock()
        }
        means[answer.region] = block
        touch(answer)
    }

    /// Counts users, not requests: a user sticks to one arm, so requests are no separate draws.
    private mutating func assign(_ answer: Prediction, _ share: Share) throws {
        guard case .split(var splitting) = process, share > .zero, share < .all,
            answer.arm == .candidate || answer.arm == .stable
        else { return }
        // Users who come back are no draws of their own, and show that there is a split still.
        touch(answer)
        guard split.isNew(answer.unit, in: answer.region) else { return }
        let asked = [share.fraction, share.complement.fraction]
        try splitting.observe(
            counts: answer.arm == .candidate ? [1, 0] : [0, 1], shares: asked)
        process = .split(splitting)
    }

    private mutating func touch(_ answer: Prediction) {
        guard answer.arm != .stable else { return }
        freshest = max(freshest ?? answer.at, answer.at)
    }
}

extension GuardrailSpec {
    /// Whether an answer by itself fails what the guardrail asks of each.
    func isViolated(by answer: Prediction) -> Bool {
        guard case .quantileAtMost(_, let limit) = criterion else { return answer.failed }
        return answer.failed || Double(answer.latencyMicroseconds) / 1_000 > limit.value
    }
}
