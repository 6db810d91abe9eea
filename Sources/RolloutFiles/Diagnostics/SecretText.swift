/// What looks like somebody's secret in a text: keys and tokens that say themselves what they are.
///
/// Whoever pushed one has told everybody who can read the repository. It is warned of, and never
/// quoted in what is said of the file.
struct SecretText: Sendable {
    struct Finding: Sendable, Hashable {
        let what: String
        let mark: Mark
        /// The last line that belongs to it.
        let lastLine: Int
        /// The secret itself, where it is part of a line.
        let text: String?
    }

    let findings: [Finding]

    /// How each begins, how many letters, digits, `-` and `_` follow at least, and what it is.
    private static let shapes: [(start: [UInt8], tail: Int, what: String)] = [
        ("ghp_", 36, "a GitHub token"), ("gho_", 36, "a GitHub token"),
        ("ghs_", 36, "a GitHub token"), ("github_pat_", 22, "a GitHub token"),
        ("glpat-", 20, "a GitLab token"), ("AKIA", 16, "an AWS access key"),
        ("AIza", 35, "a Google API key"), ("xoxb-", 20, "a Slack token"),
        ("xoxp-", 20, "a Slack token"), ("hf_", 30, "a Hugging Face token"),
    ].map { (Array($0.0.utf8), $0.1, $0.2) }

    private static let keyStart = Array("-----BEGIN ".utf8)
    private static let keyEnd = Array("-----END ".utf8)
    private static let keyName = Array("PRIVATE KEY-----".utf8)
    /// By byte: whether a secret may begin with it.
    private static let starts: [Bool] = {
        var starts = [Bool](repeating: false, count: 256)
        for first in shapes.compactMap(\.start.first) + keyStart.prefix(1) {
            starts[Int(first)] = true
        }
        return starts
    }()

    init(_ bytes: [UInt8]) {
        var findings: [Finding] = []
        var (place, line, lineStart) = (0, 1, 0)
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\n") {
                line += 1
                lineStart = place + 1
            } else if Self.starts[Int(byte)], let found = Self.secret(in: bytes, at: place) {
                let secret = bytes[place..<found.end]
                let before = bytes[lineStart..<place]
                let breaks = secret.count { $0 == UInt8(ascii: "\n") }
                findings.append(
                    Finding(
                        what: found.what,
                        mark: Mark(
                            line: line,
                            column: String(decoding: before, as: UTF8.self).unicodeScalars.count
                                + 1),
                        lastLine: line + breaks,
                        text: breaks > 0 ? nil : String(decoding: secret, as: UTF8.self)))
                line += breaks
                if let last = secret.lastIndex(of: UInt8(ascii: "\n")) { lineStart = last + 1 }
                place = found.end
                continue
            }
            place += 1
        }
        self.findings = findings
    }

    private static func secret(in bytes: [UInt8], at place: Int) -> (end: Int, what: String)? {
        let rest = bytes[place...]
        if rest.starts(with: keyStart) {
            let name = rest.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\\") }
            guard ends(name, with: keyName) else { return nil }
            var end = place + name.count
            while end < bytes.count, !bytes[end...].starts(with: keyEnd) { end += 1 }
            return (end, "a private key")
        }
        // In the middle of a word it is part of something else.
        if place > 0, isTail(bytes[place - 1]) { return nil }
        for shape in shapes where rest.starts(with: shape.start) {
            let tail = rest.dropFirst(shape.start.count).prefix(while: isTail)
            if tail.count >= shape.tail { return (tail.endIndex, shape.what) }
        }
        return nil
    }

    /// Spaces and quotes may stand at the end of a line.
    private static func ends(_ line: ArraySlice<UInt8>, with end: [UInt8]) -> Bool {
        guard let last = line.lastIndex(of: UInt8(ascii: "-")) else { return false }
        return line[...last].suffix(end.count).elementsEqual(end)
    }

    private static func isTail(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Whether a line holds a secret, or a part of one.
    func isIn(line: Int) -> Bool {
        findings.contains { ($0.mark.line...$0.lastLine).contains(line) }
    }

    /// Letters by which a secret is known in a message about it.
    private static let shownMax = 12

    /// A text about the file without what nobody should read in it.
    func masked(_ text: String) -> String {
        findings.compactMap(\.text).reduce(text) { text, secret in
            // A long one may have been cut short.
            let start = Array(secret.utf8.prefix(Self.shownMax))
            var (bytes, place) = (Array(text.utf8), 0)
            while place + start.count <= bytes.count {
                if bytes[place...].starts(with: start) {
                    let rest = bytes[place...].prefix(while: Self.isTail)
                    bytes.replaceSubrange(rest.indices, with: Array("…".utf8))
                }
                place += 1
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
