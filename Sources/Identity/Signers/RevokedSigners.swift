/// Keys that do not count any more: `policies/revoked-signers`.
///
/// The first line is `sequence N`; then one key a line, as fingerprint or as public key. N rises
/// with each edit, so that an older copy of the file is noticed.
package struct RevokedSigners: Hashable, Sendable {
    package let sequence: Int
    package let fingerprints: Set<String>

    package static let bytesMax = 256 << 10

    /// - Throws: `InvalidSigners` with every line that is wrong; then no approval counts.
    package init(_ bytes: [UInt8]) throws(InvalidSigners) {
        let lines = try SignerLines.of(bytes, max: Self.bytesMax)
        var fingerprints: Set<String> = []
        var problems: [InvalidSigners.Problem] = []
        let words = lines.first?.text.split(separator: " ") ?? []
        guard words.count == 2, words[0] == "sequence", let sequence = Int(words[1]),
            (1...999_999_999).contains(sequence)
        else {
            throw InvalidSigners(problems: [
                InvalidSigners.Problem(
                    line: lines.first?.number ?? 0,
                    message: "the first line is not \"sequence N\", such as sequence 1")
            ])
        }
        for (number, text) in lines.dropFirst() {
            let words = text.split(separator: " ")
            if let first = words.first, first.hasPrefix("SHA256:"), first.utf8.count == 50 {
                fingerprints.insert(String(first))
                continue
            }
            do throws(InvalidIdentity) {
                fingerprints.insert(try PublicKey(openSSH: text).fingerprint)
            } catch {
                problems.append(InvalidSigners.Problem(line: number, message: error.message))
            }
        }
        guard problems.isEmpty else { throw InvalidSigners(problems: problems) }
        self.sequence = sequence
        self.fingerprints = fingerprints
    }

    package func contains(_ key: PublicKey) -> Bool { fingerprints.contains(key.fingerprint) }
}
