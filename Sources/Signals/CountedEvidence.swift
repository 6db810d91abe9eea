package import Evidence
package import RolloutCore

/// What became of one guardrail's outcomes in one region between two looks.
package enum CountedOutcome: Sendable, Hashable {
    /// The candidate's against a constant limit.
    case candidate(trials: Int, failures: Int)
    case sideBySide(ComparisonBlock)
    case pairs(better: Int, equal: Int, worse: Int)
    case means(MeanBlock)
    /// New users of each arm, under the share that was asked for; none when all are known.
    case users(candidate: Int, stable: Int, asked: Share)

    /// Users who come back are heard of and not counted.
    fileprivate var isOfUsers: Bool { if case .users = self { true } else { false } }

    /// The candidate's observations.
    fileprivate var candidateCount: Int {
        switch self {
        case .candidate(let trials, _): trials
        case .sideBySide(let block): block.candidateTrials
        case .pairs(let better, let equal, let worse): better + equal + worse
        case .means(let block): block.candidate.count
        case .users(let candidate, _, _): candidate
        }
    }
}

/// The evidence of one guardrail from counts in place of facts, for simulations: the same
/// e-processes, restarts and mixture over regions as an `EvidenceBook` keeps.
package struct CountedEvidence: Sendable {
    package let guardrail: GuardrailSpec
    package let isPaired: Bool
    private var pooled: GuardrailProcess
    private var slices: [SliceEvidence]
    private var mixture: SliceMixture?
    private var stage: StageKind?
    private var inStage = 0
    private var freshest: Timestamp?

    /// Of every guardrail of a run, in the order of the policies.
    package static func all(of run: Run) -> [CountedEvidence] {
        EvidenceBook.footings(run).map {
            CountedEvidence($0.guardrail, isPaired: $0.isPaired, run)
        }
    }

    /// How often evidence restarts, beside each new step.
    package static func restartInterval(_ run: Run) -> TimeSpan {
        EvidenceBook.restartInterval(run)
    }

    /// Users of a region whose arm is counted.
    package static var usersMax: Int { OpenSplit.usersMax }

    private init(_ guardrail: GuardrailSpec, isPaired: Bool, _ run: Run) {
        self.guardrail = guardrail
        self.isPaired = isPaired
        let restarts = EvidenceBook.restarts(run)
        let process = GuardrailProcess(guardrail, isPaired: isPaired, restarts: restarts)
        pooled = process
        slices =
            guardrail.slices.contains(.region)
            ? run.plan.regions.map { SliceEvidence(region: $0, process: process) } : []
        mixture = slices.isEmpty ? nil : SliceMixture()
    }

    package var isMeasured: Bool { pooled.evidence != nil }

    /// Whether outcomes of a stage are for this guardrail.
    package func counts(_ stage: StageKind) -> Bool {
        guardrail.applies(in: stage) && guardrail.isPaired(in: stage) == isPaired
    }

    package mutating func enter(_ stage: StageKind) {
        guard self.stage != stage else { return }
        self.stage = stage
        inStage = 0
    }

    package mutating func restart() { change { $0.restart() } }

    package mutating func assume(designEffect: Double) {
        change { $0.assume(designEffect: designEffect) }
    }

    private mutating func change(_ body: (inout any EvidenceProcess) -> Void) {
        pooled.update(body)
        slices = slices.map { slice in
            var process = slice.process
            process.update(body)
            return SliceEvidence(region: slice.region, process: process)
        }
        mix()
    }

    /// Takes in what was answered in a stage; other stages than the present one are of late labels.
    package mutating func observe(
        _ outcome: CountedOutcome, in region: RegionName, stage: StageKind, at time: Timestamp
    ) {
        guard counts(stage) else { return }
        pooled.observe(outcome)
        if let index = slices.firstIndex(where: { $0.region == region }) {
            var process = slices[index].process
            process.observe(outcome)
            slices[index] = SliceEvidence(region: region, process: process)
        }
        let count = outcome.candidateCount
        if count > 0 || outcome.isOfUsers { freshest = max(freshest ?? time, time) }
        if stage == self.stage { inStage += count }
        mix()
    }

    private mutating func mix() {
        guard mixture != nil, let whole = pooled.evidence?.rollbackLogE else { return }
        mixture?.observe(
            pooled: whole, slices: slices.map { $0.process.evidence?.rollbackLogE ?? 0 })
    }

    /// What `decide` looks at.
    package func evidence(labels: LabelCoverage) -> GuardrailEvidence {
        GuardrailEvidence(
            guardrail: guardrail.name, process: pooled, slices: slices, mixture: mixture,
            freshest: freshest, inStage: inStage,
            labels: guardrail.metric == .accuracy ? labels : nil)
    }

    /// Whether a judgement could find a breach. Cheaper than a judgement, and never wrongly false.
    package func mayBreach(at level: Double) -> Bool {
        if let mixture { return mixture.hasCrossed(level) }
        return pooled.rollbackPeak.map { EvidenceReading.reaches($0, level: level) } ?? false
    }
}

extension GuardrailProcess {
    /// The largest log E so far; `nil` when nothing is measured.
    fileprivate var rollbackPeak: Double? {
        switch self {
        case .proportion(let process): process.rollback.peak
        case .comparison(let process): process.rollback.peak
        case .paired(let process): process.rollback.peak
        case .mean(let process): process.rollback.peak
        case .split(let process): process.peak
        case .unmeasured: nil
        }
    }

    fileprivate mutating func observe(_ outcome: CountedOutcome) {
        do {
            try take(outcome)
        } catch {
            self = .unmeasured(reason: "the evidence cannot be counted: \(error)")
        }
    }

    /// Outcomes that are not of this process's kind are not for it.
    private mutating func take(_ outcome: CountedOutcome) throws(InvalidEvidence) {
        switch (self, outcome) {
        case (.proportion(var process), .candidate(let trials, let failures)):
            try process.observe(trials: trials, failures: failures)
            self = .proportion(process)
        case (.comparison(var process), .sideBySide(let block)):
            try process.observe(block)
            self = .comparison(process)
        case (.paired(var process), .pairs(let better, let equal, let worse)):
            try process.observe(better: better, equal: equal, worse: worse)
            self = .paired(process)
        case (.mean(var process), .means(let block)):
            try process.observe(block)
            self = .mean(process)
        case (.split(var process), .users(let candidate, let stable, let asked)):
            guard asked > .zero, asked < .all, candidate + stable > 0 else { return }
            try process.observe(
                counts: [candidate, stable], shares: [asked.fraction, asked.complement.fraction])
            self = .split(process)
        default: return
        }
    }
}
