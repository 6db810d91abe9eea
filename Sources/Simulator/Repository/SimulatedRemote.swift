import Calibration
package import Git
import RolloutCore
import Synchronization

/// The git server of a world, with one branch, and all that ever happened to it.
package final class SimulatedRemote: Sendable {
    /// The branch moved, or came, or went.
    package struct Move: Sendable, Hashable {
        package let at: Int64
        package let from: ObjectID?
        package let to: ObjectID?
        package let by: Writer
    }

    package enum Writer: Sendable, Hashable {
        case person
        case controller(Int)
        /// Somebody who rewrites history, or a server that forgets.
        case accident
    }

    /// How the server answers now.
    package struct Condition: Sendable, Hashable {
        package var isUnreachable = false
        /// What a hook says to every push of a controller; `nil` lets it through.
        package var refusal: String?
        /// Of a hundred pushes, those whose answer is lost after they took effect.
        package var lostAnswers = 0
        /// Fetches show the branch as it was; `nil` shows it as it is.
        package var staleTip: ObjectID?
        /// Pushes are said to be done, and are not.
        package var pretends = false
        /// Milliseconds that an answer takes at the most.
        package var slowness = 40

        package init() {}
    }

    let objects: ObjectPool
    let scheduler: Scheduler
    private let state: Mutex<State>

    private struct State {
        var tip: ObjectID?
        var moves: [Move] = []
        var condition = Condition()
        var random: SeededRandom
        var observers: [@Sendable (Move) -> Void] = []
        var pushes = 0
        var overtaken = 0
    }

    init(objects: ObjectPool, scheduler: Scheduler, random: SeededRandom) {
        self.objects = objects
        self.scheduler = scheduler
        state = Mutex(State(random: random))
    }

    package var tip: ObjectID? { state.withLock { $0.tip } }
    package var moves: [Move] { state.withLock { $0.moves } }
    /// Pushes that were tried.
    package var pushes: Int { state.withLock { $0.pushes } }
    /// Pushes that came after somebody else's.
    var overtaken: Int { state.withLock { $0.overtaken } }

    package var condition: Condition {
        get { state.withLock { $0.condition } }
        set { state.withLock { $0.condition = newValue } }
    }

    func observe(_ observer: @escaping @Sendable (Move) -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    /// Moves the branch, whatever was there.
    package func move(to id: ObjectID?, by writer: Writer) {
        let (move, observers) = state.withLock { state in
            let move = Move(at: scheduler.now, from: state.tip, to: id, by: writer)
            state.tip = id
            state.moves.append(move)
            return (move, state.observers)
        }
        for observer in observers { observer(move) }
    }

    fileprivate func drawPause() -> TimeSpan {
        state.withLock { state in
            TimeSpan(milliseconds: Int64(state.random.within(1...max(1, state.condition.slowness))))
        }
    }

    fileprivate func countOvertaken() { state.withLock { $0.overtaken += 1 } }

    fileprivate func countPush() { state.withLock { $0.pushes += 1 } }

    fileprivate func losesAnswer() -> Bool {
        state.withLock { $0.random.happens($0.condition.lostAnswers) }
    }
}

/// The branch as one controller reaches it.
struct SimulatedBranch: RemoteBranch {
    let remote: SimulatedRemote
    let clone: Clone
    let life: Life
    let host: ControllerHost

    func fetch(into scratch: ReferenceName) async throws(RemoteFailure) -> FetchOutcome {
        await remote.scheduler.wait(remote.drawPause())
        await host.waitOutPause()
        return try reached(.fetch) { try take(into: scratch) }
    }

    private func take(into scratch: ReferenceName) throws(RemoteFailure) -> FetchOutcome {
        if isCutOff { throw .unreachable("connection refused") }
        let previous = clone[scratch]
        guard let now = remote.tip else {
            return .missingBranch(previous: previous, isEmpty: false)
        }
        let tip = host.partition.oldTip ?? remote.condition.staleTip ?? now
        clone[scratch] = tip
        var change = TipChange.first
        if let previous {
            let goesOn = (try? remote.objects.isDescendant(tip, of: previous)) ?? false
            change = previous == tip ? .unchanged : goesOn ? .fastForward : .diverged
        }
        return .tip(tip, previous: previous, change: change)
    }

    func pushAcknowledged(
        _ commit: ObjectID, expecting: ObjectID?, fetchingInto scratch: ReferenceName
    ) async throws(RemoteFailure) -> ObjectID {
        await remote.scheduler.wait(remote.drawPause())
        await host.waitOutPause()
        try reached(.push) { try push(commit, expecting) }
        let seen = try await fetch(into: scratch)
        guard case .tip(let tip, _, _) = seen,
            (try? remote.objects.isDescendant(tip, of: commit)) ?? false
        else { throw .unacknowledged("the branch does not hold \(commit.short)") }
        return tip
    }

    private func push(_ commit: ObjectID, _ expecting: ObjectID?) throws(RemoteFailure) {
        remote.countPush()
        let condition = remote.condition
        if isCutOff { throw .unreachable("connection refused") }
        if remote.tip == commit { return }
        guard remote.tip == expecting else {
            remote.countOvertaken()
            throw .notFastForward
        }
        if let refusal = condition.refusal { throw .refused(refusal) }
        if condition.pretends { return }
        remote.move(to: commit, by: .controller(life.controller))
        if remote.losesAnswer() { throw .unreachable("the connection broke after the push") }
    }

    private var isCutOff: Bool { remote.condition.isUnreachable || host.partition.isWithoutGit }

    private func reached<Value>(
        _ effect: Effect, _ body: () throws -> Value
    ) throws(RemoteFailure) -> Value {
        do {
            return try life.attempt(effect, body)
        } catch let failure as RemoteFailure {
            throw failure
        } catch {
            throw .unreachable("\(error)")
        }
    }
}
