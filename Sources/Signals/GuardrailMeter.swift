import Evidence
import History
import RolloutCore

/// The evidence of one guardrail: over all regions, by region, and all of it together.
///
/// Its identity is the guardrail itself, so an edited limit begins anew and an unchanged one goes on
/// over steps, stages, and a second try of the same version beside the same stable.
struct GuardrailMeter: Codable, Sendable, Hashable {
    let guardrail: GuardrailSpec
    /// Judges shadow, where both versions answer the same requests.
    let isPaired: Bool
    /// Answers of earlier generations do not count: a person began the evidence anew.
    let begins: Int?
    private var pooled: Meter
    private var slices: [Meter]
    private var mixture: SliceMixture?
    /// `nil` where every request falls to an arm by itself.
    private var clusters: Clusters?
    private var pace: EvidencePace?
    /// The stage that the run is in, and the candidate's observations of it.
    private var visit: StageVisit?
    private var inStage = 0

    init(
        _ guardrail: GuardrailSpec, isPaired: Bool, regions: [RegionName], begins: Int?,
        isSticky: Bool, restarts: Int
    ) {
        self.guardrail = guardrail
        self.isPaired = isPaired
        self.begins = begins
        pooled = Meter(guardrail, isPaired: isPaired, region: nil, restarts: restarts)
        let sliced = guardrail.slices.contains(.region) ? regions : []
        slices = sliced.map {
            Meter(guardrail, isPaired: isPaired, region: $0, restarts: restarts)
        }
        mixture = slices.isEmpty ? nil : SliceMixture()
        clusters = isSticky ? Clusters() : nil
    }

    var regions: [RegionName] { slices.compactMap(\.region) }
    var isSticky: Bool { clusters != nil }

    /// Whether it collects just what another one would.
    func measures(_ other: GuardrailMeter) -> Bool {
        guardrail == other.guardrail && isPaired == other.isPaired && begins == other.begins
            && regions == other.regions && isSticky == other.isSticky
    }

    mutating func enter(_ visit: StageVisit?) {
        guard self.visit != visit else { return }
        self.visit = visit
        inStage = 0
    }

    /// A step begins: the time that is still needed is told from its own traffic.
    mutating func beginStep() { pace = nil }

    mutating func restart() {
        pooled.restart()
        for index in slices.indices { slices[index].restart() }
        mix()
    }

    mutating func fold(_ fact: Fact, in visit: StageVisit, asked: Share, clock: Timestamp) {
        guard counts(visit.stage, in: fact.answer.generation) else { return }
        cluster(fact)
        guard pooled.fold(fact, asked: asked) else { return }
        for index in slices.indices { _ = slices[index].fold(fact, asked: asked) }
        if visit == self.visit, fact.answer.arm != .stable { inStage += 1 }
        settle(clock)
    }

    mutating func fold(
        _ tally: LabelCohorts.Tally, of stratum: LabelCohorts.Stratum, clock: Timestamp
    ) {
        guard guardrail.metric == .accuracy, counts(stratum.visit.stage, in: nil) else { return }
        pooled.fold(tally, of: stratum, clock: clock)
        for index in slices.indices { slices[index].fold(tally, of: stratum, clock: clock) }
        if stratum.visit == visit { inStage += tally.candidate.labelled }
        settle(clock)
    }

    /// Whether what was answered in a stage is for this meter.
    private func counts(_ stage: StageKind, in generation: Int?) -> Bool {
        if let begins, let generation, generation < begins { return false }
        return guardrail.applies(in: stage) && guardrail.isPaired(in: stage) == isPaired
    }

    private mutating func cluster(_ fact: Fact) {
        guard clusters != nil, fact.answer.arm != .fallback else { return }
        let value: Double? =
            switch (guardrail.metric, fact.event) {
            case (.errors, .answered), (.latency, .answered):
                guardrail.isViolated(by: fact.answer) ? 1 : 0
            case (.accuracy, .labelled(let correct, previously: nil, _)): correct ? 0 : 1
            case (.agreement, .paired(let agree)): agree ? 0 : 1
            case (.measurement(let name), .measured(let metric, let value)) where name == metric:
                value.value
            default: nil
            }
        guard let value else { return }
        clusters?.observe(fact.answer, value)
        guard let designEffect = clusters?.designEffect else { return }
        pooled.assume(designEffect: designEffect)
        for index in slices.indices { slices[index].assume(designEffect: designEffect) }
    }

    private mutating func settle(_ clock: Timestamp) {
        if pace == nil {
            let seen = pooled.process.evidence?.reading(alpha: 0.05).candidateCount ?? 0
            pace = EvidencePace(since: clock, before: seen)
        }
        mix()
    }

    private mutating func mix() {
        guard mixture != nil, let whole = pooled.process.evidence?.rollbackLogE else { return }
        mixture?.observe(
            pooled: whole, slices: slices.map { $0.process.evidence?.rollbackLogE ?? 0 })
    }

    func evidence(labels: LabelCoverage) -> GuardrailEvidence {
        GuardrailEvidence(
            guardrail: guardrail.name, process: pooled.process,
            slices: slices.compactMap { meter in
                meter.region.map { SliceEvidence(region: $0, process: meter.process) }
            }, mixture: mixture, freshest: pooled.freshest, pace: pace,
            inStage: inStage,
            labels: guardrail.metric == .accuracy ? labels : nil)
    }
}
