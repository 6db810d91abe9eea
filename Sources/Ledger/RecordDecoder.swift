package import RolloutCore
import RolloutFiles

/// Reads the files below `state/`. A simulation remembers what it has read: several controllers read
/// the same few records over and over.
package struct RecordDecoder: Sendable {
    package typealias Read<Value> = @Sendable (_ bytes: [UInt8]) throws -> Value

    let state: Read<CurrentState>
    let decision: Read<DecisionRecord>
    /// SHA-256 of the canonical JSON of a state.
    let digest: @Sendable (RolloutState) throws -> Digest

    package init(
        state: @escaping Read<CurrentState> = {
            try CanonicalJSON.decode(CurrentState.self, from: $0)
        },
        decision: @escaping Read<DecisionRecord> = {
            try CanonicalJSON.decode(DecisionRecord.self, from: $0)
        },
        digest: @escaping @Sendable (RolloutState) throws -> Digest = {
            try RecordFile.digest(of: $0)
        }
    ) {
        self.state = state
        self.decision = decision
        self.digest = digest
    }
}
