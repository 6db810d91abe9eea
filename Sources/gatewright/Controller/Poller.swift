import Reconciler
import RolloutCore
import ServiceLifecycle

/// Asks the remote what is new: now and then, and when somebody says that there is something.
struct Poller: Service {
    private let reconciler: Reconciler
    private let interval: TimeSpan
    private let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation

    init(reconciler: Reconciler, interval: TimeSpan) {
        self.reconciler = reconciler
        self.interval = interval
        (bell, ring) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func wake() { ring.yield() }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    while !Task.isCancelled {
                        // Jitter, so that many controllers do not ask one forge at once.
                        let part = Double.random(in: 0.9...1.1)
                        let pause = Duration.milliseconds(interval.milliseconds) * part
                        do { try await Task.sleep(for: pause) } catch { break }
                        ring.yield()
                    }
                    ring.finish()
                }
                ring.yield()
                for await _ in bell { await reconciler.sync() }
            }
        }
    }
}
