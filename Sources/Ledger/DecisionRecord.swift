package import RolloutCore
package import RolloutFiles

import struct Crypto.SHA256

/// One decision as it stands in git: `state/NAME/decisions/000042-rollback.json`.
///
/// Holds the whole input of `decide`, so that anyone can run it again and get the same verdicts.
package struct DecisionRecord: Codable, Sendable, Hashable {
    package static let schemaNow = 2

    package let schema: Int
    /// Names the decision across attempts to record it.
    package let id: String
    package let number: Int
    /// SHA-256 of the file of the decision before; `nil` for the first.
    package let previous: Digest?
    package let rollout: RolloutName
    package let at: Timestamp
    package let kind: String
    package let action: Action
    package let reason: String
    package let input: DecisionInput
    package let verdicts: [GuardrailVerdict]
    /// Who agreed to the next step and who did not count, where somebody had to.
    package let quorum: Quorum?
    package let change: RecordedChange
    /// SHA-256 of the canonical JSON of the state that this decision leads to.
    package let after: Digest
    /// The commit whose files were read.
    package let inputsCommit: String
    package let writer: RecordWriter
    /// What became of the decision before.
    package let confirms: Confirmation?
    /// What the routers said after a backward step, which comes before its record.
    package let readBack: [RegionName: RouteReadBack]?
    /// Why a backward step was recorded later than usual.
    package let late: String?
}

/// `state/NAME/current.json`: the fold of all decisions so far.
package struct CurrentState: Codable, Sendable, Hashable {
    package let schema: Int
    /// SHA-256 of the newest decision file; `nil` before the first.
    package let head: Digest?
    package let state: RolloutState
}

/// Where records stand, and what their bytes are.
package enum RecordFile {
    package static func folder(_ rollout: RolloutName) -> String { "state/\(rollout)" }

    package static func decisions(_ rollout: RolloutName) -> String {
        "\(folder(rollout))/decisions"
    }

    package static func current(_ rollout: RolloutName) -> String {
        "\(folder(rollout))/current.json"
    }

    package static func decision(_ record: DecisionRecord) -> String {
        "\(decisions(record.rollout))/\(padded(record.number))-\(record.kind).json"
    }

    /// Six digits, so that names sort as numbers do; more when there are more.
    package static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    /// The number of a decision file's name; `nil` for any other name.
    package static func number(ofFile name: String) -> Int? {
        guard name.hasSuffix(".json"), let dash = name.firstIndex(of: "-") else { return nil }
        let digits = name[..<dash]
        guard digits.utf8.count >= 6, digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(digits)
    }

    package static func bytes(_ value: some Encodable) throws(CanonicalJSONError) -> [UInt8] {
        try CanonicalJSON.encode(value).pretty
    }

    package static func digest(_ bytes: some Collection<UInt8>) -> Digest {
        let hex = SHA256.hash(data: Array(bytes)).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        guard let digest = Digest(hex: hex.joined()) else {
            preconditionFailure("32 bytes are always 64 digits")
        }
        return digest
    }

    package static func digest(of state: RolloutState) throws(CanonicalJSONError) -> Digest {
        digest(try CanonicalJSON.encode(state).compact)
    }
}
