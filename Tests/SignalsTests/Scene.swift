import Evidence
import Foundation
import History
import RolloutCore

@testable import Signals

/// One rollout in two regions, and the facts that its traffic leaves.
enum Scene {
    static let name: RolloutName = id("selector")
    static let eu: RegionName = id("eu")
    static let us: RegionName = id("us")
    static let start = Timestamp(milliseconds: 1_790_000_000_000)

    static func id<Subject>(_ text: String) -> Identifier<Subject> {
        guard let name = try? Identifier<Subject>(text) else { preconditionFailure(text) }
        return name
    }

    static func finite(_ value: Double) -> FiniteDouble {
        guard let finite = FiniteDouble(value) else { preconditionFailure() }
        return finite
    }

    static func digest(_ letter: Character) -> Digest {
        guard let digest = Digest(hex: String(repeating: letter, count: 64)) else {
            preconditionFailure()
        }
        return digest
    }

    static func served(_ version: String, _ letter: Character) -> ServedVersion {
        ServedVersion(
            reference: VersionReference(version: id(version), digest: digest(letter)),
            endpoints: [eu: "http://eu", us: "http://us"])
    }

    static func guardrail(
        _ name: String, _ metric: Metric, _ criterion: Criterion, slices: [SliceDimension] = [],
        labels: LabelRule? = nil
    ) -> GuardrailSpec {
        GuardrailSpec(
            name: id(name), metric: metric, criterion: criterion, onBreach: .rollback, stages: nil,
            slices: slices, minSamples: 10, maxSilent: .seconds(300), labels: labels,
            severity: .warning, dryRun: false)
    }

    static let errors = guardrail("errors", .errors, .atMost(finite(0.05)))
    static let accuracy = guardrail(
        "accuracy", .accuracy, .atLeast(finite(0.9)),
        labels: LabelRule(maxLag: .seconds(160), minCoverage: finite(0.5)))
    static let drop = guardrail("drop", .accuracy, .dropAtMost(points: finite(0.03)))
    static let latency = guardrail(
        "latency", .latency, .quantileAtMost(quantile: finite(0.99), limit: finite(15)))
    static let agreement = guardrail("agreement", .agreement, .atLeast(finite(0.9)))
    static let throughput = guardrail(
        "throughput", .measurement("throughput"), .relativeDropAtMost(finite(0.05)))
    static let ratio = guardrail("ratio", .sampleRatio, .asAsked)
    static let rise = guardrail("rise", .errors, .riseAtMost(points: finite(0.02)))
    static let sliced = guardrail(
        "sliced", .errors, .atMost(finite(0.05)), slices: [.region])

    /// What begins a run: shadow, canary 50 %, gradual 60 % then 80 %, full.
    static func ask(guardrails: [GuardrailSpec], stickyBy: StickyKey = .requestID) -> Ask {
        let regions = [eu, us]
        func stage(_ kind: StageKind, _ shares: Int...) -> StageSpec {
            StageSpec(
                stage: kind, shares: shares.map { Share(clamping: $0) }, soak: .seconds(1),
                waves: [regions], approval: false)
        }
        let stages = [
            stage(.shadow, 10_000), stage(.canary, 5_000), stage(.gradual, 6_000, 8_000),
            stage(.full, 10_000),
        ]
        return Ask(
            candidate: served("2.0.0", "b"), bootstrap: nil, fallback: nil, stickyBy: stickyBy,
            onNewVersion: .queue, plan: Plan(stages: stages, regions: regions),
            guardrails: [
                GuardrailSet(
                    name: id("quality"), falseRollbackRate: finite(0.01), riskBudget: finite(0.02),
                    guardrails: guardrails)
            ], specDigest: digest("c"), policyDigest: digest("d"))
    }

    /// A run after so many advances: shadow, canary 50 %, gradual 60 % then 80 %, full.
    static func state(
        advances: Int, guardrails: [GuardrailSpec], stickyBy: StickyKey = .requestID
    ) -> RolloutState {
        let ask = ask(guardrails: guardrails, stickyBy: stickyBy)
        let regions = [eu, us]
        var state = RolloutState(name: name).after(
            .bootstrap(
                Action.Bootstrap(
                    version: served("1.0.0", "a"), fallback: nil, regions: regions,
                    stickyBy: .requestID)), number: 1, at: start
        ).after(.start(Action.Start(ask)), number: 2, at: start)
        for step in 0..<advances {
            state = state.after(.advance(step: step + 1), number: step + 3, at: start)
        }
        return state
    }

    static func book(
        advances: Int, guardrails: [GuardrailSpec], stickyBy: StickyKey = .requestID
    ) -> EvidenceBook {
        var book: EvidenceBook?
        for step in 0...advances {
            let state = state(advances: step, guardrails: guardrails, stickyBy: stickyBy)
            guard let run = state.run else { preconditionFailure() }
            if book == nil { book = EvidenceBook(run, of: state) }
            book?.follow(run, of: state)
        }
        guard let book else { preconditionFailure() }
        return book
    }

    static func answer(
        _ id: String, _ arm: Arm, ok: Bool = true, region: RegionName = eu, generation: Int = 3,
        second: Int64 = 0, unit: UInt64 = 0, milliseconds: Int64 = 5
    ) -> Prediction {
        Prediction(
            prediction: id, arm: arm, rollout: name, region: region, generation: generation,
            version: served(arm == .stable ? "1.0.0" : "2.0.0", arm == .stable ? "a" : "b")
                .reference, at: start + .seconds(second), latencyMicroseconds: milliseconds * 1_000,
            output: ok ? "yes" : nil, confidence: nil, unit: unit)
    }
}

/// Facts with rising numbers.
struct Tape {
    private(set) var facts: [Fact] = []

    mutating func add(_ answer: Prediction, _ event: Fact.Event = .answered) {
        facts.append(Fact(sequence: Int64(facts.count + 1), answer: answer, event: event))
    }

    /// One answer, and its label so many seconds later.
    mutating func labelled(
        _ id: String, _ arm: Arm, correct: Bool, second: Int64, delay: Int64 = 1,
        generation: Int = 3, unit: UInt64 = 0
    ) {
        let answer = Scene.answer(id, arm, generation: generation, second: second, unit: unit)
        add(answer)
        add(
            answer,
            .labelled(
                correct: correct, previously: nil, at: Scene.start + .seconds(second + delay)))
    }

    mutating func answers(
        _ count: Int, _ arm: Arm, failing: Int = 0, region: RegionName = Scene.eu,
        generation: Int = 3
    ) {
        for index in 0..<count {
            add(
                Scene.answer(
                    "\(facts.count)", arm, ok: index >= failing, region: region,
                    generation: generation, second: Int64(facts.count),
                    unit: UInt64(facts.count)))
        }
    }
}

extension GuardrailProcess {
    /// Failures and trials of the candidate, whatever the kind.
    var counted: (trials: Int, failures: Int)? {
        switch self {
        case .proportion(let process): (process.trials, process.failures.lowerBound)
        case .comparison(let process):
            (process.totals.candidateTrials, process.totals.candidateFailures)
        case .paired(let process):
            (process.better + process.equal + process.worse, process.worse)
        case .split(let process): (process.counts.reduce(0, +), 0)
        case .mean, .unmeasured: nil
        }
    }
}
