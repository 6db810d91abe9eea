import Foundation
import RolloutCore
import RolloutFiles

/// Orders that people gave to the controller itself, because git was out of reach.
///
/// Only such as lower or hold: whatever raises comes from git. Kept on disk, so that a restart
/// does not lift a hold.
struct LocalOrders {
    private let path: String
    private(set) var byRollout: [RolloutName: [Order]] = [:]

    init(path: String) throws {
        self.path = path
        guard let data = FileManager.default.contents(atPath: path) else { return }
        byRollout = try CanonicalJSON.decode([RolloutName: [Order]].self, from: data)
    }

    /// - Throws: when the file cannot be written; the order is in force all the same.
    mutating func add(_ order: Order, to rollout: RolloutName) throws {
        byRollout[rollout, default: []].removeAll { $0.name == order.name }
        byRollout[rollout, default: []].append(order)
        try save()
    }

    /// Takes back what stands in the way of going on: holds, and rollbacks, which block for ever when
    /// there is no version to go back to. A rollback that was done has no effect any more.
    ///
    /// - Returns: whether there was anything to lift.
    mutating func lift(of rollout: RolloutName) throws -> Bool {
        let before = byRollout[rollout]?.count ?? 0
        byRollout[rollout]?.removeAll { order in
            switch order.action {
            case .hold, .rollback: true
            case .abort, .promote, .release, .resume: false
            }
        }
        try save()
        return (byRollout[rollout]?.count ?? 0) < before
    }

    private func save() throws {
        let bytes = try CanonicalJSON.encode(byRollout).pretty
        // Atomic writing renames a finished file into place.
        try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}
