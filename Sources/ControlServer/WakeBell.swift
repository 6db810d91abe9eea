import ServiceLifecycle

/// Wakes the loop at once, then at most once a pause. Rings in between become one.
struct WakeBell: Service {
    private let wake: @Sendable () async -> Void
    private let pause: Duration
    private let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init(wake: @escaping @Sendable () async -> Void, pause: Duration) {
        self.wake = wake
        self.pause = pause
        (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func ring() { continuation.yield() }

    func run() async throws {
        for await _ in rings.cancelOnGracefulShutdown() {
            await wake()
            try? await cancelWhenGracefulShutdown { [pause] in try await Task.sleep(for: pause) }
        }
    }
}
