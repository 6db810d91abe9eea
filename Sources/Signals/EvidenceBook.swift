import Evidence
package import History
package import RolloutCore

/// All evidence of one run in its current stage, and the traffic of its current step.
///
/// A stage never inherits what an earlier one saw: a change of stage begins every meter anew.
package struct EvidenceBook: Codable, Sendable, Hashable {
    package let run: RunID
    package private(set) var stageGeneration: Int
    package private(set) var stepGeneration: Int
    /// The newest fact that was folded in.
    package private(set) var lastFact: Int64
    private var meters: [Meter]
    private var traffic: [RegionName: Traffic] = [:]
    private var coverage: LabelLedger
    private var shares: [Int: [RegionName: Share]] = [:]

    /// Begins at the stage and step in which the run is now.
    package init(_ run: Run) {
        self.run = run.id
        stageGeneration = run.stageGeneration
        stepGeneration = run.stepGeneration
        lastFact = 0
        meters = Self.meters(run)
        coverage = LabelLedger(maxLag: Self.maxLag(run))
        note(run)
    }

    /// Takes over a new step or stage. Facts of earlier generations do not count any more.
    package mutating func follow(_ run: Run) {
        if run.stageGeneration != stageGeneration {
            stageGeneration = run.stageGeneration
            meters = Self.meters(run)
            coverage = LabelLedger(maxLag: Self.maxLag(run))
            shares = [:]
        }
        if run.stepGeneration != stepGeneration {
            stepGeneration = run.stepGeneration
            traffic = [:]
        }
        note(run)
    }

    private mutating func note(_ run: Run) {
        shares[run.stepGeneration] = run.currentStep?.shares ?? [:]
    }

    private static func meters(_ run: Run) -> [Meter] {
        guard let stage = run.currentStep?.stage else { return [] }
        return run.guardrails.flatMap(\.guardrails).filter { $0.applies(in: stage) }.flatMap {
            guardrail -> [Meter] in
            let slices = guardrail.slices.contains(.region) ? run.plan.regions : []
            return [Meter(guardrail, region: nil)]
                + slices.map { Meter(guardrail, region: $0) }
        }
    }

    private static func maxLag(_ run: Run) -> TimeSpan? {
        run.guardrails.flatMap(\.guardrails).compactMap { $0.labels?.maxLag }.max()
    }

    /// Takes in one fact. Facts come in rising order; one that was taken is passed over.
    package mutating func fold(_ fact: Fact) {
        guard fact.sequence > lastFact else { return }
        lastFact = fact.sequence
        guard fact.answer.rollout == run.rollout, fact.answer.generation >= stageGeneration else {
            return
        }
        if fact.answer.generation >= stepGeneration, case .answered = fact.event {
            traffic[fact.answer.region, default: Traffic()].add(fact.answer)
        }
        coverage.fold(fact)
        // A generation without a step of its own is a correction: the shares are the last ones.
        let known = shares.keys.filter { $0 <= fact.answer.generation }.max()
        let asked = known.flatMap { shares[$0] } ?? [:]
        for index in meters.indices { meters[index].fold(fact, shares: asked) }
    }

    /// What `decide` looks at, in the order of the policies.
    package func evidence(now: Timestamp) -> [GuardrailEvidence] {
        let labels = coverage.coverage(now: now)
        return meters.map { meter in
            GuardrailEvidence(
                guardrail: meter.guardrail.name, region: meter.region, process: meter.process,
                freshest: meter.freshest, labels: meter.guardrail.labels == nil ? nil : labels)
        }
    }

    package var regionTraffic: [RegionName: RegionTraffic] {
        traffic.mapValues {
            RegionTraffic(
                candidate: $0.candidate, stable: $0.stable, candidateLast: $0.candidateLast,
                stableLast: $0.stableLast)
        }
    }

    private struct Traffic: Codable, Sendable, Hashable {
        var candidate = 0
        var stable = 0
        var candidateLast: Timestamp?
        var stableLast: Timestamp?

        mutating func add(_ answer: Prediction) {
            switch answer.arm {
            case .candidate, .mirror:
                candidate += 1
                candidateLast = max(candidateLast ?? answer.at, answer.at)
            case .stable:
                stable += 1
                stableLast = max(stableLast ?? answer.at, answer.at)
            case .fallback: break
            }
        }
    }
}
