import Ledger
import RolloutCore
import RolloutFiles

/// How a backward step is kept in the journal until git has it.
enum DraftFile {
    static func bytes(_ draft: DecisionDraft) throws(CanonicalJSONError) -> [UInt8] {
        try CanonicalJSON.encode(draft).compact
    }

    static func read(_ bytes: [UInt8]) throws(CanonicalJSONError) -> DecisionDraft {
        try CanonicalJSON.decode(DecisionDraft.self, from: bytes)
    }

    static func bytes(
        _ readBack: [RegionName: RouteReadBack]
    ) throws(CanonicalJSONError) -> [UInt8] {
        try CanonicalJSON.encode(readBack).compact
    }

    static func readBack(
        _ bytes: [UInt8]
    ) throws(CanonicalJSONError) -> [RegionName: RouteReadBack] {
        try CanonicalJSON.decode([RegionName: RouteReadBack].self, from: bytes)
    }
}
