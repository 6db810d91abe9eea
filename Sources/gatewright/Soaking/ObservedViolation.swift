import Foundation
import RolloutCore
import Synchronization

/// Something that must never be and was, with what was seen of it.
struct ObservedViolation: Sendable, Hashable, Codable, CustomStringConvertible {
    let at: Timestamp
    /// The number and name of the invariant: `1 EXPOSE`.
    let invariant: String
    let evidence: String

    var description: String { "\(at) \(invariant): \(evidence)" }
}

/// What several watchers found, in the order in which they found it.
final class ViolationLog: Sendable {
    private let found = Mutex<[ObservedViolation]>([])
    private let tell: @Sendable (ObservedViolation) -> Void

    init(tell: @escaping @Sendable (ObservedViolation) -> Void = { _ in }) { self.tell = tell }

    func note(_ invariant: String, _ evidence: String) {
        let violation = ObservedViolation(
            at: WallClock.now(), invariant: invariant, evidence: evidence)
        found.withLock { $0.append(violation) }
        tell(violation)
    }

    var all: [ObservedViolation] { found.withLock { $0 } }
}
