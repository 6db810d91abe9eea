import RolloutCore

/// The lines of a file that say something, with their numbers.
enum SignerLines {
    static func of(
        _ bytes: [UInt8], max: Int
    ) throws(InvalidSigners) -> [(number: Int, text: String)] {
        func refuse(_ line: Int, _ message: String) -> InvalidSigners {
            InvalidSigners(problems: [InvalidSigners.Problem(line: line, message: message)])
        }
        guard bytes.count <= max else { throw refuse(0, "it has more than \(max) bytes") }
        var lines: [(number: Int, text: String)] = []
        let split = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in split.enumerated() {
            guard line.allSatisfy({ (32...126).contains($0) }) else {
                throw refuse(
                    index + 1, "a character that is not printable ASCII; write plain spaces")
            }
            let text = String(decoding: line, as: UTF8.self)
            guard let first = text.first(where: { $0 != " " }), first != "#" else { continue }
            lines.append((index + 1, text))
        }
        return lines
    }
}

/// One line of allowed signers, taken apart.
struct SignerLine {
    private var words: [String]

    /// Splits at spaces outside of double quotes.
    init(_ text: String) throws(InvalidIdentity) {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == " ", !isQuoted {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        guard !isQuoted else { throw InvalidIdentity(.malformed, "a quote is not closed") }
        if !word.isEmpty { words.append(word) }
        self.words = words
    }

    func signer(_ line: Int) throws(InvalidIdentity) -> AllowedSigners.Signer {
        guard let principal = words.first else {
            throw InvalidIdentity(.malformed, "the line is empty")
        }
        guard Self.isPrincipal(principal) else {
            throw InvalidIdentity(
                .unsupported,
                "\(principal) is not one person: write an address such as ana@example.org, "
                    + "without *, ?, ! or a comma")
        }
        guard let type = words.firstIndex(where: { PublicKey.Algorithm(rawValue: $0) != nil }),
            type > 0, words.count > type + 1
        else {
            throw InvalidIdentity(
                .malformed, "there is no key that is taken: ssh-ed25519 AAAA…, for instance")
        }
        var options = Options()
        for word in words[1..<type] {
            for option in Self.split(word) { try options.take(option) }
        }
        guard let namespaces = options.namespaces else {
            throw InvalidIdentity(
                .malformed,
                "namespaces=\"…\" is missing: say what the key may sign, such as "
                    + "namespaces=\"git,\(Namespace.approval)\"")
        }
        if let after = options.validAfter, let before = options.validBefore, before <= after {
            throw InvalidIdentity(.malformed, "the key is valid before it is valid after")
        }
        return AllowedSigners.Signer(
            principal: principal,
            key: try PublicKey(type: words[type][...], base64: words[type + 1][...]),
            namespaces: namespaces, validAfter: options.validAfter,
            validBefore: options.validBefore, line: line)
    }

    /// Options are separated by commas outside of quotes.
    private static func split(_ word: String) -> [Substring] {
        var parts: [Substring] = []
        var start = word.startIndex
        var isQuoted = false
        for index in word.indices {
            if word[index] == "\"" { isQuoted.toggle() }
            guard word[index] == ",", !isQuoted else { continue }
            parts.append(word[start..<index])
            start = word.index(after: index)
        }
        return parts + [word[start...]]
    }

    static func isPrincipal(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 254
            && text.utf8.allSatisfy {
                switch $0 {
                case 48...57, 65...90, 97...122: true
                case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"),
                    UInt8(ascii: "@"):
                    true
                default: false
                }
            }
    }

    private struct Options {
        var namespaces: [String]?
        var validAfter: Timestamp?
        var validBefore: Timestamp?

        mutating func take(_ option: Substring) throws(InvalidIdentity) {
            let parts = option.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[1].count >= 2, parts[1].first == "\"",
                parts[1].last == "\""
            else {
                throw InvalidIdentity(
                    .unsupported,
                    "the option \(option) is not taken; there are namespaces=\"…\", "
                        + "valid-after=\"…Z\" and valid-before=\"…Z\"")
            }
            let value = parts[1].dropFirst().dropLast()
            switch parts[0] {
            case "namespaces" where namespaces == nil:
                let names = value.split(separator: ",", omittingEmptySubsequences: false)
                guard names.allSatisfy({ SignerLine.isPrincipal(String($0)) }) else {
                    throw InvalidIdentity(
                        .unsupported, "the namespaces \(value) have a wildcard or an empty name")
                }
                namespaces = names.map(String.init)
            case "valid-after" where validAfter == nil: validAfter = try Self.time(value)
            case "valid-before" where validBefore == nil: validBefore = try Self.time(value)
            default:
                throw InvalidIdentity(
                    .unsupported, "the option \(parts[0]) is not taken, or stands there twice")
            }
        }

        /// `20261120Z`, `202611201402Z` or `20261120140211Z`.
        private static func time(_ text: Substring) throws(InvalidIdentity) -> Timestamp {
            let ugly = InvalidIdentity(
                .unsupported,
                "\(text) is not a time such as 20261231Z or 202612312359Z; without Z it depends on "
                    + "where it is read")
            let digits = Array(text.utf8.dropLast())
            guard text.utf8.last == UInt8(ascii: "Z"), [8, 12, 14].contains(digits.count),
                digits.allSatisfy({ (48...57).contains($0) })
            else { throw ugly }
            let all = digits + Array("000000".utf8.dropFirst(digits.count - 8))
            func part(_ range: Range<Int>) -> String { String(decoding: all[range], as: UTF8.self) }
            let rfc =
                "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))"
                + "T\(part(8..<10)):\(part(10..<12)):\(part(12..<14))Z"
            guard let time = Timestamp(rfc) else { throw ugly }
            return time
        }
    }
}
