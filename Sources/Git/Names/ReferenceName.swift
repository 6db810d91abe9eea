/// A full reference name that is safe in a log, a refspec and a file path.
///
/// `refs/` and then two or more parts of `A-Z a-z 0-9 . _ + -` that begin with a letter, a digit or
/// `_`, do not end in `.` or `.lock` and hold no `..`; at most 255 bytes. Git itself accepts far
/// more, such as `refs/heads/--upload-pack=x` and right-to-left overrides.
package struct ReferenceName: Hashable, Sendable {
    package let text: String

    /// - Throws: `GitError` with `.invalidName`.
    package init(_ text: String) throws(GitError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let valid =
            text.utf8.count <= 255 && parts.count >= 3 && parts.first.map(Array.init) == refs
            && parts.dropFirst().allSatisfy { isSafeName($0, extra: [UInt8(ascii: "+")]) }
        guard valid else {
            throw GitError(
                operation: "use the reference name \(quoted(text))", code: .invalidName,
                message: "it is not on our allow-list",
                hint: "use refs/<group>/<name> of A-Z a-z 0-9 . _ + -, such as refs/heads/main")
        }
        self.text = text
    }

    /// `refs/heads/<branch>`
    /// - Throws: `GitError` with `.invalidName`.
    package static func branch(_ branch: String) throws(GitError) -> ReferenceName {
        try ReferenceName("refs/heads/" + branch)
    }
}

private let refs = Array("refs".utf8)

extension ReferenceName: CustomStringConvertible {
    package var description: String { text }
}

extension ReferenceName: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension ReferenceName: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
