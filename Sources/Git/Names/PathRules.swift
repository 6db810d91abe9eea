/// Whether a part of a path or reference is on our allow-list: `A-Z a-z 0-9 . _ -` and `extra`,
/// beginning with a letter, a digit or `_`, not ending in `.` or `.lock`, without `..`.
func isSafeName(_ name: some BidirectionalCollection<UInt8>, extra: [UInt8] = []) -> Bool {
    let dot = UInt8(ascii: ".")
    var previous: UInt8?
    for byte in name {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            break
        case dot where previous != nil && previous != dot: break
        case UInt8(ascii: "-") where previous != nil: break
        default:
            guard previous != nil, extra.contains(byte) else { return false }
        }
        previous = byte
    }
    guard let last = previous, last != dot else { return false }
    return !name.reversed().starts(with: ".lock".utf8.reversed())
}

/// Splits a path that we are about to write into its parts.
/// - Throws: `GitError` with `.invalidName` for a path outside of our allow-list. It is narrower
///   than git's own, which takes `-rf`, line feeds, zero-width joiners and NFC/NFD twins.
func partsOfWritablePath(_ path: String) throws(GitError) -> [String] {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let valid =
        path.utf8.count <= 1_024 && parts.count <= 32
        && parts.allSatisfy { $0.utf8.count <= 255 && isSafeName($0.utf8) }
    guard valid else {
        throw GitError(
            operation: "write \(quoted(path))", code: .invalidName,
            message: "the path is not on our allow-list",
            hint: "use parts of A-Z a-z 0-9 . _ - that begin with a letter, digit or _, "
                + "separated by single slashes")
    }
    return parts
}

/// Text from outside, made safe for a log: printable ASCII stays, the rest is escaped.
func quoted(_ text: String) -> String {
    "\"" + text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined() + "\""
}
