import Testing

@testable import ControlServer

@Suite struct WakeBellTests {
    @Test func aRingInThePauseIsHeardAtItsEnd() async throws {
        let (wakes, woken) = AsyncStream<Void>.makeStream()
        let bell = WakeBell(wake: { woken.yield() }, pause: .milliseconds(200))
        let service = Task { try await bell.run() }
        defer { service.cancel() }
        var heard = wakes.makeAsyncIterator()
        let clock = ContinuousClock()
        bell.ring()
        await heard.next()
        let first = clock.now
        bell.ring()
        bell.ring()
        await heard.next()
        #expect(clock.now - first > .milliseconds(150))
    }
}
