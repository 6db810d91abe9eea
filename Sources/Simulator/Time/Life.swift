import RolloutCore
import Synchronization

/// Something that a controller does to the world outside of it, or asks of it.
package enum Effect: String, Sendable, Hashable, CaseIterable, Codable {
    case moveReference, fetch, push
    case appendStep, markRouted, markRecorded
    case heartbeat, keepTime, indexDecision, ingest, saveEvidence
    case readRouter, applyRoute
}

/// What happens to one effect.
package enum Outcome: String, Sendable, Hashable, CaseIterable {
    case done
    /// It did not happen, and the caller is told.
    case failed
    /// It happened, and the caller is told that it did not.
    case doneButReportedFailed
    /// The process dies before it happens, or right after.
    case diesBefore, diesAfter
}

/// Why an effect did not come back.
package struct Interruption: Error, Sendable, CustomStringConvertible {
    package let description: String
}

/// One life of a controller process: from a start to a stop or a crash.
///
/// A process that has died cannot be taken out of a Swift runtime, so its tasks run on, and nothing
/// that they do reaches the world.
package final class Life: Sendable {
    package typealias Fate = @Sendable (Effect) -> Outcome

    /// Which controller, and which of its lives.
    package let controller: Int
    package let number: Int
    private let isOver = Mutex(false)
    private let fate: Fate
    private let onDeath: @Sendable () -> Void

    init(
        controller: Int, number: Int, fate: @escaping Fate,
        onDeath: @escaping @Sendable () -> Void
    ) {
        self.controller = controller
        self.number = number
        self.fate = fate
        self.onDeath = onDeath
    }

    package var isDead: Bool { isOver.withLock { $0 } }

    /// Ends it: a kill, or the end of an orderly stop.
    package func end() { isOver.withLock { $0 = true } }

    /// Does an effect, if the process lives and fate lets it.
    ///
    /// - Throws: `Interruption` when the caller is to believe that it did not happen.
    func attempt<Value>(
        _ effect: Effect, _ body: () throws -> Value
    ) throws -> Value {
        guard !isDead else { throw Self.dead }
        switch fate(effect) {
        case .done: return try body()
        case .failed: throw Interruption(description: "\(effect.rawValue) failed")
        case .doneButReportedFailed:
            _ = try body()
            throw Interruption(description: "the answer to \(effect.rawValue) was lost")
        case .diesBefore:
            die()
            throw Self.dead
        case .diesAfter:
            _ = try body()
            die()
            throw Self.dead
        }
    }

    private func die() {
        end()
        onDeath()
    }

    private static let dead = Interruption(description: "the process is dead")
}
