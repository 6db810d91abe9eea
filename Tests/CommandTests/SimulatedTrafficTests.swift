import Calibration
import RolloutCore
import Testing

@testable import gatewright

/// Made-up traffic does what it is told to do.
@Suite struct SimulatedTrafficTests {
    private static let region: RegionName = Served.id("local")

    private func step(_ stage: StageKind, share: Int, mirror: Int) -> Step {
        Step(
            stage: stage, shares: [Self.region: Share(clamping: share)],
            mirrors: [Self.region: Share(clamping: mirror)], soak: .zero, approval: false)
    }

    private func baseline(_ change: (inout Baseline) -> Void = { _ in }) -> Baseline {
        var baseline = Baseline()
        baseline.rates = [Self.region: 1_000]
        baseline.accuracy = 0.9
        baseline.labelled = 0.5
        change(&baseline)
        return baseline
    }

    private static func near(_ count: Int, _ expected: Double, of total: Int) -> Bool {
        // Six standard errors of the widest proportion.
        abs(Double(count) / Double(max(total, 1)) - expected) < 3 / Double(total).squareRoot()
    }

    @Test(arguments: [1.0, 4]) func labelsAreAsManyAndAsWrongAsAsked(_ effect: Double) throws {
        let regression = Regression(argument: "accuracy=-3pp")
        let settings = baseline {
            $0.discordance = 0.08
            $0.labelLag = .seconds(60)
            $0.designEffects = ["accuracy": effect]
        }
        var traffic = SimulatedTraffic(settings, regression)
        var random = SeededRandom(seed: 3)
        let shadow = step(.shadow, share: 0, mirror: 10_000)
        let block = try #require(traffic.block(shadow, milliseconds: 1_000_000, &random).first)
        #expect(block.mirror == 1_000_000 && block.candidate == 0 && block.stable == 1_000_000)
        traffic.label(block, .shadow, at: 5_000, &random)
        #expect(traffic.ripe(at: 64_999).isEmpty)
        let labels = try #require(traffic.ripe(at: 65_000).first)
        #expect(traffic.ripe(at: 99_999_999).isEmpty)
        #expect(
            labels.due == 1_000_000 && Self.near(labels.candidate.labelled, 0.5, of: labels.due))
        let count = labels.candidate.labelled
        #expect(Self.near(labels.candidate.wrong, 0.13, of: count))
        #expect(Self.near(labels.stable.wrong, 0.10, of: count))
        let (better, equal, worse) = labels.pairs
        #expect(better + equal + worse == count)
        #expect(Self.near(better + worse, 0.08, of: count))
        #expect(Self.near(worse - better, 0.03, of: count))
    }

    @Test func aFailedAnswerIsNeverRight() throws {
        let settings = baseline { $0.labelled = 1 }
        var traffic = SimulatedTraffic(settings, Regression(argument: "errors=+10pp"))
        var random = SeededRandom(seed: 4)
        let canary = step(.canary, share: 5_000, mirror: 0)
        let block = try #require(traffic.block(canary, milliseconds: 1_000_000, &random).first)
        #expect(Self.near(block.candidate, 0.5, of: 1_000_000))
        #expect(block.candidate + block.stable == 1_000_000)
        traffic.label(block, .canary, at: 1, &random)
        let labels = try #require(traffic.ripe(at: 1).first)
        #expect(Self.near(labels.candidate.wrong, 0.19, of: block.candidate))
        #expect(Self.near(labels.stable.wrong, 0.10, of: block.stable))
    }

    // At 0.3 requests a second most milliseconds have none, and none is lost.
    @Test func slowTrafficAddsUp() {
        let settings = baseline { $0.rates = [Self.region: 0.3] }
        var traffic = SimulatedTraffic(settings, nil)
        var random = SeededRandom(seed: 5)
        let full = step(.full, share: 10_000, mirror: 0)
        var requests = 0
        for _ in 0..<10_000 {
            requests += traffic.block(full, milliseconds: 100, &random).reduce(0) {
                $0 + $1.candidate
            }
        }
        #expect((299...300).contains(requests))
    }

    @Test func slownessMovesTheTail() {
        let law = LatencyLaw.logNormal(p99: 10)
        #expect(abs(law.part(beyond: 10, factor: 1) - 0.01) < 1e-12)
        #expect(abs(law.part(beyond: 20, factor: 2) - 0.01) < 1e-12)
        #expect(law.part(beyond: 10, factor: 2) > 0.1)
        var counts = LatencyCounts()
        for milliseconds in 1...100 { counts.add(microseconds: Int64(milliseconds) * 1_000) }
        #expect(counts.part(beyond: 90.5) == 0.1 && counts.part(beyond: 1_000) == 0)
        let recorded = LatencyLaw.recorded(counts)
        #expect(recorded.part(beyond: 90.5, factor: 2) == 0.55)
    }

    @Test func howManyRunAtOnceChangesNothing() async throws {
        let stages = [(StageKind.canary, 5_000), (.full, 10_000)].map { kind, share in
            StageSpec(
                stage: kind, shares: [Share(clamping: share)], soak: .seconds(20),
                waves: [[Self.region]], approval: kind == .full)
        }
        let bound = try #require(FiniteDouble(0.01))
        let errors = GuardrailSpec(
            name: Served.id("errors"), metric: .errors, criterion: .atMost(bound),
            onBreach: .rollback, stages: nil, slices: [.region], minSamples: 100,
            maxSilent: .seconds(300), labels: nil, severity: .critical, dryRun: false)
        let set = GuardrailSet(
            name: Served.id("health"), falseRollbackRate: bound, riskBudget: bound,
            guardrails: [errors])
        let start = try #require(
            Simulation.start(
                of: Served.name, plan: Plan(stages: stages, regions: [Self.region]),
                stickyBy: .requestID, guardrails: [set]))
        let simulation = Simulation(
            start: start, baseline: baseline { $0.errors = 0.002 }, seed: 7, runs: 9)
        let worse = try #require(Regression(argument: "errors=+2pp"))
        let one = await simulation.cases([worse], atOnce: 1) { _, _ in }
        let many = await simulation.cases([worse], atOnce: 5) { _, _ in }
        #expect(one.map(\.ends.count) == [9, 9])
        for (left, right) in zip(one, many) {
            #expect(left.ends.map(\.milliseconds) == right.ends.map(\.milliseconds))
            #expect(left.ends.map(\.requests) == right.ends.map(\.requests))
            #expect(left.ends.map(\.kind) == right.ends.map(\.kind))
        }
        // As if people had approved of full.
        #expect(one[0].ends.contains { $0.kind == .completed && $0.milliseconds >= 40_000 })
        // Each run has its own luck.
        #expect(Set(one[1].ends.map(\.requests)).count > 3)
        #expect(one[1].ends.allSatisfy { $0.isCaught })
    }
}
