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

    /// - Returns: whether there was a hold to lift.
    mutating func liftHolds(of rollout: RolloutName) throws -> Bool {
        let before = byRollout[rollout]?.count ?? 0
        byRollout[rollout]?.removeAll { order in
            if case .hold = order.action { true } else { false }
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
