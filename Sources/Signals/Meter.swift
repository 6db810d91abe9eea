import Evidence
package import History
package import RolloutCore

/// Collects what one guardrail is judged by, fact by fact, for all regions or for one.
///
/// A pure function of the facts in their order, so a restarted controller that folds the same facts
/// again holds the same evidence.
package struct Meter: Codable, Sendable, Hashable {
    package let guardrail: GuardrailSpec
    /// `nil` counts every region.
    package let region: RegionName?
    private(set) var process: GuardrailProcess
    private(set) var freshest: Timestamp?
    /// Blocks that are not full yet, one a region: regions have splits and levels of their own.
    private var comparisons: [RegionName: OpenComparison] = [:]
    private var means: [RegionName: MeanBlock] = [:]
    private var split = OpenSplit()

    package init(_ guardrail: GuardrailSpec, region: RegionName?) {
        self.guardrail = guardrail
        self.region = region
        process = GuardrailProcess(guardrail)
    }

    package mutating func fold(_ fact: Fact, shares: [RegionName: Share]) {
        let answer = fact.answer
        if let region, region != answer.region { return }
        do {
            switch (guardrail.metric, fact.event) {
            case (.errors, .answered):
                try count(answer, failed: answer.failed)
            case (.latency, .answered):
                let milliseconds = Double(answer.latencyMicroseconds) / 1_000
                try count(answer, failed: answer.failed || !guardrail.allows(milliseconds))
            // The first label counts; corrections are kept for reports (statistics.md, delayed
            // labels), because evidence that could be taken back would not be valid at every look.
            case (.accuracy, .labelled(let correct, previously: nil)):
                try count(answer, failed: !correct)
            case (.agreement, .paired(let agree)):
                try count(answer, failed: !agree)
            case (.measurement(let name), .measured(let metric, let value)) where name == metric:
                try measure(answer, value)
            case (.sampleRatio, .answered):
                try assign(answer, shares)
            default: break
            }
        } catch {
            process = .unmeasured(reason: "the evidence cannot be counted: \(error)")
        }
    }

    private mutating func count(_ answer: Prediction, failed: Bool) throws {
        switch process {
        case .proportion(var proportion):
            guard answer.arm == .candidate || answer.arm == .mirror else { return }
            try proportion.observe(trials: 1, failures: failed ? 1 : 0)
            process = .proportion(proportion)
        case .comparison(var comparison):
            guard answer.arm == .candidate || answer.arm == .stable else { return }
            var block = comparisons[answer.region] ?? OpenComparison()
            block.add(answer.arm, failed: failed)
            if block.total >= OpenComparison.size {
                try comparison.observe(block.closed)
                process = .comparison(comparison)
                block = OpenComparison()
            }
            comparisons[answer.region] = block
        case .mean, .split, .unmeasured: return
        }
        touch(answer)
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
    private mutating func assign(_ answer: Prediction, _ shares: [RegionName: Share]) throws {
        guard case .split(var splitting) = process, let share = shares[answer.region],
            share > .zero, share < .all
        else { return }
        guard answer.arm == .candidate || answer.arm == .stable,
            split.isNew(answer.unit, in: answer.region)
        else { return }
        let asked = [share.fraction, share.complement.fraction]
        try splitting.observe(
            counts: answer.arm == .candidate ? [1, 0] : [0, 1], shares: asked)
        process = .split(splitting)
        touch(answer)
    }

    private mutating func touch(_ answer: Prediction) {
        guard answer.arm != .stable else { return }
        freshest = max(freshest ?? answer.at, answer.at)
    }
}

/// Trials of both arms until there are enough for one factor.
///
/// How many there are depends on counts alone, never on how they turned out: a block that closed
/// when it looked good would not be valid.
struct OpenComparison: Codable, Sendable, Hashable {
    /// Small blocks find a harm sooner, large ones cost less time; 100 loses nothing measurable.
    static let size = 100

    private var candidate = 0
    private var candidateFailures = 0
    private var stable = 0
    private var stableFailures = 0

    var total: Int { candidate + stable }

    mutating func add(_ arm: Arm, failed: Bool) {
        if arm == .candidate {
            candidate += 1
            candidateFailures += failed ? 1 : 0
        } else {
            stable += 1
            stableFailures += failed ? 1 : 0
        }
    }

    var closed: ComparisonBlock {
        ComparisonBlock(
            candidateTrials: candidate, candidateFailures: candidateFailures, stableTrials: stable,
            stableFailures: stableFailures)
    }
}

/// Which users were counted in this stage.
///
/// A user falls by the same hash at every share, so only the first time is a draw of its own.
struct OpenSplit: Codable, Sendable, Hashable {
    /// More users than this prove nothing more about a split, and memory stays bounded.
    static let usersMax = 20_000

    private var seen: [RegionName: Set<UInt64>] = [:]

    mutating func isNew(_ unit: UInt64, in region: RegionName) -> Bool {
        guard seen[region, default: []].count < Self.usersMax else { return false }
        return seen[region, default: []].insert(unit).inserted
    }
}

extension GuardrailSpec {
    /// Whether one latency is within the limit of a quantile guardrail.
    fileprivate func allows(_ milliseconds: Double) -> Bool {
        guard case .quantileAtMost(_, let limit) = criterion else { return true }
        return milliseconds <= limit.value
    }
}
