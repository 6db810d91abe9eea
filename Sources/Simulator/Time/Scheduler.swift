import CSwiftTasks
import Calibration
package import RolloutCore
import Synchronization

/// Runs Swift tasks on one thread, in an order that a seed draws, in a time that goes on only when
/// nothing else can.
///
/// Production code runs in it unchanged: actors, tasks and groups hand their jobs to the shared
/// pool, and those of this thread come here instead. What must not be used in it: `Task.sleep`,
/// `Task.yield`, queues of its own, and an actor that asks another one twice without a word of its
/// own in between: an optimised build does not come back for that moment, a debug build does, and
/// one job more or less is another world from there on.
package final class Scheduler: Sendable {
    private struct Timer {
        let at: Int64
        let number: Int
        let action: @Sendable () -> Void
    }

    private struct State {
        var random: SeededRandom
        var now: Int64 = 0
        /// Jobs as addresses, because pointers may not cross isolation.
        var ready: [UInt] = []
        /// Sorted by time, the next one last.
        var timers: [Timer] = []
        var numbered = 0
        var jobs = 0
        var isHalted = false
    }

    private let state: Mutex<State>

    /// Jobs that may run without time going on. Beyond that something wakes itself for ever.
    private static let jobsAtOnceMax = 20_000

    package init(seed: UInt64) { state = Mutex(State(random: SeededRandom(seed: seed))) }

    /// Milliseconds since the beginning.
    package var now: Int64 { state.withLock { $0.now } }

    /// Jobs that were run so far.
    package var jobs: Int { state.withLock { $0.jobs } }

    // MARK: Waiting

    /// - Returns: a number to cancel it by.
    @discardableResult
    package func after(_ span: TimeSpan, _ action: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.numbered += 1
            let timer = Timer(
                at: state.now + max(span.milliseconds, 0), number: state.numbered, action: action)
            // Of two at the same time the one that was set first comes first.
            var place = state.timers.count
            while place > 0, state.timers[place - 1].at <= timer.at { place -= 1 }
            state.timers.insert(timer, at: place)
            return timer.number
        }
    }

    package func cancel(_ number: Int) {
        state.withLock { state in state.timers.removeAll { $0.number == number } }
    }

    /// Lets `run` return at once, and from then on, until it is taken back.
    func halt(_ isHalted: Bool = true) { state.withLock { $0.isHalted = isHalted } }

    var isHalted: Bool { state.withLock { $0.isHalted } }

    /// Nothing that was set comes any more.
    func forgetTimers() {
        // What they hold goes after the lock: it may want to set a timer.
        let timers = state.withLock { state in
            defer { state.timers = [] }
            return state.timers
        }
        _ = consume timers
    }

    /// Suspends for a time; nothing cuts it short.
    package func wait(_ span: TimeSpan) async {
        await withUnsafeContinuation { continuation in
            after(span) { continuation.resume() }
        }
    }

    /// Suspends for a time, or until the task is cancelled.
    package func sleep(_ span: TimeSpan) async throws {
        let sleeper = Sleeper()
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                sleeper.begin(continuation)
                let timer = after(span) { sleeper.end() }
                if Task.isCancelled {
                    cancel(timer)
                    sleeper.end()
                }
            }
        } onCancel: {
            sleeper.end()
        }
        try Task.checkCancellation()
    }

    // MARK: Running

    /// Why a run was given up.
    package struct Livelock: Error, Sendable { package let at: Int64 }

    /// Runs jobs and timers until this time has come and nothing is left to do at it.
    ///
    /// - Throws: `Livelock` when jobs go on for ever without time going on.
    package func run(until end: Int64) throws(Livelock) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        swift_tasks_divert(
            { context, job in
                guard let context, let job else { return }
                Unmanaged<Scheduler>.fromOpaque(context).takeUnretainedValue().take(job)
            }, context)
        defer { swift_tasks_divert(nil, nil) }
        while true {
            try runReady()
            guard let next = nextTimer(until: end) else { return }
            next()
        }
    }

    private func take(_ job: UnsafeMutableRawPointer) {
        let address = UInt(bitPattern: job)
        state.withLock { $0.ready.append(address) }
    }

    private func runReady() throws(Livelock) {
        var count = 0
        while let address = drawJob() {
            swift_tasks_run(UnsafeMutableRawPointer(bitPattern: address))
            count += 1
            if count > Self.jobsAtOnceMax { throw Livelock(at: now) }
        }
    }

    private func drawJob() -> UInt? {
        state.withLock { state in
            guard !state.ready.isEmpty, !state.isHalted else { return nil }
            state.jobs += 1
            let index = state.random.below(state.ready.count)
            state.ready.swapAt(index, state.ready.count - 1)
            return state.ready.removeLast()
        }
    }

    private func nextTimer(until end: Int64) -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard !state.isHalted else { return nil }
            guard let timer = state.timers.last, timer.at <= end else {
                state.now = max(state.now, end)
                return nil
            }
            state.timers.removeLast()
            state.now = max(state.now, timer.at)
            return timer.action
        }
    }
}

/// A continuation that is resumed once, by whoever comes first.
private final class Sleeper: Sendable {
    private enum State {
        case early(isOver: Bool)
        case waiting(UnsafeContinuation<Void, Never>)
        case over
    }

    private let state = Mutex(State.early(isOver: false))

    func begin(_ continuation: UnsafeContinuation<Void, Never>) {
        let isOver = state.withLock { state in
            if case .early(isOver: true) = state {
                state = .over
                return true
            }
            state = .waiting(continuation)
            return false
        }
        if isOver { continuation.resume() }
    }

    func end() {
        let waiting: UnsafeContinuation<Void, Never>? = state.withLock { state in
            switch state {
            case .early:
                state = .early(isOver: true)
                return nil
            case .waiting(let continuation):
                state = .over
                return continuation
            case .over: return nil
            }
        }
        waiting?.resume()
    }
}
