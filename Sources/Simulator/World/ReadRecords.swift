import Ledger
import RolloutCore
import RolloutFiles

/// Records that were read in this world: reading is a function of the bytes, and each controller and
/// each check reads the same ones. JSON would otherwise be a third of a world's time.
final class ReadRecords: Sendable {
    static let shared = ReadRecords()

    /// A world has some dozens.
    private static let countMax = 256
    private let states = Remembered<FileBytes, CurrentState>(countMax: countMax)
    private let decisions = Remembered<FileBytes, DecisionRecord>(countMax: countMax)
    private let digests = Remembered<RolloutState, Digest>(countMax: countMax)

    var decoder: RecordDecoder {
        RecordDecoder(state: state, decision: decision, digest: digest)
    }

    func state(_ bytes: [UInt8]) throws -> CurrentState {
        try states.value(FileBytes(bytes)) {
            try CanonicalJSON.decode(CurrentState.self, from: bytes)
        }
    }

    func decision(_ bytes: [UInt8]) throws -> DecisionRecord {
        try decisions.value(FileBytes(bytes)) {
            try CanonicalJSON.decode(DecisionRecord.self, from: bytes)
        }
    }

    func digest(_ state: RolloutState) throws -> Digest {
        try digests.value(state) { try RecordFile.digest(of: state) }
    }
}
