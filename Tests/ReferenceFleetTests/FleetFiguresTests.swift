import RolloutCore
import Testing

@testable import ReferenceFleet

/// What each version is worth on payloads that nobody trained on, measured on this machine.
@Suite struct FleetFiguresTests {
    private struct Figures {
        var accuracy = 0.0
        var throughput = 0.0
        var values: [Double] = []
    }

    @Test func theVersionsAreAsGoodAndAsBadAsTheyShouldBe() async throws {
        let pool = try await TransferPool.measure(seed: 4_242, count: 1_000)
        let transfers = (0..<16_000).map { pool.transfer(seed: 77, number: $0) }
        func figures(_ version: String) throws -> Figures {
            let model = try Repository.load(version)
            var figures = Figures()
            for transfer in transfers {
                let answer = try #require(model.answer(transfer.features.values))
                let method = try #require(TransferMethod(rawValue: answer.label))
                if transfer.truth.contains(method) { figures.accuracy += 1 }
                figures.values.append(transfer.throughput(method))
            }
            figures.accuracy /= Double(transfers.count)
            figures.throughput = figures.values.reduce(0, +) / Double(transfers.count)
            return figures
        }
        let (old, good) = (try figures("2.3.1"), try figures("2.4.0"))
        let (wrong, slow) = (try figures("2.5.0"), try figures("2.6.0"))
        print(
            "figures: accuracy", old.accuracy, good.accuracy, wrong.accuracy, slow.accuracy,
            "throughput", old.throughput, good.throughput, wrong.throughput, slow.throughput)

        #expect(old.accuracy >= 0.955)
        #expect(good.accuracy >= 0.98)
        #expect((0.89...0.93).contains(wrong.accuracy))
        #expect(slow.accuracy >= 0.96)
        #expect(good.throughput / old.throughput >= 1.12)
        #expect((0.84...0.91).contains(slow.throughput / good.throughput))
        // Not a regression: this one is caught by accuracy alone.
        #expect(wrong.throughput / good.throughput >= 0.98)
        #expect(try figures("rules-1").accuracy >= 0.7)

        let spread = moments(good.values)
        print("spread:", spread)
        #expect(spread.variation < 0.72)
        #expect(spread.kurtosis < 20)
    }

    private func moments(_ values: [Double]) -> (variation: Double, kurtosis: Double) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let second = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        let fourth = values.reduce(0) { sum, value in
            let square = (value - mean) * (value - mean)
            return sum + square * square
        }
        return (second.squareRoot() / mean, fourth / count / (second * second))
    }
}
