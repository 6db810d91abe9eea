import Calibration
import History
import RolloutCore
import Testing

@testable import Simulator

/// Observations of simulations beside those in SQLite, in the same random batches.
@Suite struct ObservationTableTests {
    @Test(arguments: 1...6)
    func findsTheFactsThatTheStoreFinds(_ seed: Int) throws {
        let store = try HistoryStore.temporary()
        defer { store.close() }
        var table = ObservationTable()
        var random = SeededRandom(seed: UInt64(seed))
        for number in 0..<30 {
            let batch = try (0..<random.within(1...12)).map { _ in
                try Self.draw(number, &random)
            }
            let (ours, theirs) = (table.ingest(batch), try store.ingest(batch))
            #expect(ours == theirs)
        }
        for rollout in Names.rollouts.prefix(2) {
            let after = Int64(random.below(40))
            let (ours, theirs) = (
                table.facts(after: after, rollout: rollout, fromGeneration: 2, limit: 50),
                try store.facts(after: after, rollout: rollout, fromGeneration: 2, limit: 50)
            )
            #expect(ours == theirs)
            #expect(!ours.isEmpty)
        }
    }

    /// Few ids, so that answers and labels meet, come twice and contradict each other.
    private static func draw(_ number: Int, _ random: inout SeededRandom) throws -> Observation {
        let id = "p\(random.below(25))"
        let at = Timestamp(milliseconds: 1_790_000_000_000 + Int64(number * 1_000))
        if random.happens(20) {
            let metric = random.pick(["throughput", "cost"]) ?? "cost"
            let value = try #require(FiniteDouble(Double(random.below(9))))
            return .measurement(
                Measurement(prediction: id, metric: metric, value: value, at: at))
        }
        guard random.happens(60) else {
            let truth = random.happens(50) ? ["yes"] : random.happens(50) ? ["no"] : ["no", "yes"]
            return .label(
                Label(
                    prediction: id, truth: truth,
                    at: at - .seconds(Int64(random.below(3)))))
        }
        let version = try VersionName("1.\(random.below(2)).0")
        return .prediction(
            Prediction(
                prediction: id, arm: random.pick(Arm.allCases) ?? .stable,
                rollout: random.pick(Array(Names.rollouts.prefix(2))) ?? Names.rollouts[0],
                region: random.pick(Array(Names.regions.prefix(2))) ?? Names.regions[0],
                generation: random.within(1...4),
                version: VersionReference(
                    version: version, digest: ProjectText.digest(Names.rollouts[0], 1)), at: at,
                latencyMicroseconds: 100,
                output: random.happens(20) ? nil : random.happens(70) ? "yes" : "no",
                confidence: nil, unit: 7))
    }
}
