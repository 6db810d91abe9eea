import Ledger
import RolloutCore
import RolloutFiles
import Synchronization

/// Records that were read in this world: reading is a function of the bytes, and each controller and
/// each check reads the same ones. JSON would otherwise be a third of a world's time.
final class ReadRecords: Sendable {
    static let shared = ReadRecords()

    private let states = Mutex<[[UInt8]: CurrentState]>([:])
    private let decisions = Mutex<[[UInt8]: DecisionRecord]>([:])
    private let digests = Mutex<[RolloutState: Digest]>([:])
    /// A world has some dozens.
    private static let countMax = 256

    var decoder: RecordDecoder {
        RecordDecoder(state: state, decision: decision, digest: digest)
    }

    func state(_ bytes: [UInt8]) throws -> CurrentState {
        try Self.remember(bytes, in: states) {
            try CanonicalJSON.decode(CurrentState.self, from: $0)
        }
    }

    func decision(_ bytes: [UInt8]) throws -> DecisionRecord {
        try Self.remember(bytes, in: decisions) {
            try CanonicalJSON.decode(DecisionRecord.self, from: $0)
        }
    }

    func digest(_ state: RolloutState) throws -> Digest {
        try Self.remember(state, in: digests) { try RecordFile.digest(of: $0) }
    }

    private static func remember<Key: Hashable & Sendable, Value: Sendable>(
        _ key: Key, in known: borrowing Mutex<[Key: Value]>, _ read: (Key) throws -> Value
    ) throws -> Value {
        if let value = known.withLock({ $0[key] }) { return value }
        let value = try read(key)
        known.withLock { known in
            if known.count >= countMax { known = [:] }
            known[key] = value
        }
        return value
    }
}
