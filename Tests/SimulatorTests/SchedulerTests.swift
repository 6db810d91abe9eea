import RolloutCore
import Testing

@testable import Simulator

/// Tasks on one thread, in an order that the seed draws.
@Suite struct SchedulerTests {
    private actor Log {
        private(set) var lines: [String] = []
        func add(_ line: String) { lines.append(line) }
    }

    /// Six tasks that meet in one actor, with pauses between.
    private func order(seed: UInt64) throws -> [String] {
        let scheduler = Scheduler(seed: seed)
        let log = Log()
        let result = Result()
        scheduler.after(.zero) {
            for task in 0..<6 {
                Task {
                    await log.add("begin \(task)")
                    await scheduler.wait(.seconds(Int64(task % 2)))
                    await log.add("end \(task)")
                }
            }
        }
        scheduler.after(.seconds(5)) { Task { result.set(await log.lines) } }
        try scheduler.run(until: 10_000)
        return result.lines
    }

    @Test func theSameSeedGivesTheSameOrder() throws {
        let first = try order(seed: 7)
        #expect(first.count == 12)
        #expect(try order(seed: 7) == first)
    }

    @Test func seedsGiveDifferentOrders() throws {
        let orders = try (1...20).map { try order(seed: UInt64($0)).joined() }
        #expect(Set(orders).count > 5)
    }

    @Test func timeGoesOnOnlyWhenNothingElseCan() throws {
        let scheduler = Scheduler(seed: 1)
        let result = Result()
        scheduler.after(.seconds(3_600)) { result.set(["\(scheduler.now)"]) }
        try scheduler.run(until: 3_599_999)
        #expect(result.lines.isEmpty)
        try scheduler.run(until: 3_600_000)
        #expect(result.lines == ["3600000"])
    }

    @Test func aSleeperThatIsCancelledWakesAtOnce() throws {
        let scheduler = Scheduler(seed: 1)
        let result = Result()
        scheduler.after(.zero) {
            let sleeper = Task {
                do {
                    try await scheduler.sleep(.seconds(100))
                } catch {
                    result.set(["cancelled at \(scheduler.now)"])
                }
            }
            scheduler.after(.seconds(1)) { sleeper.cancel() }
        }
        try scheduler.run(until: 2_000)
        #expect(result.lines == ["cancelled at 1000"])
    }

    @Test func whatWakesItselfForEverIsGivenUp() {
        let scheduler = Scheduler(seed: 1)
        scheduler.after(.zero) { Self.again() }
        #expect(throws: Scheduler.Livelock.self) { try scheduler.run(until: 1_000) }
    }

    private static func again() { Task { again() } }
}
