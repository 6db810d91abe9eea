/// One thing that is wrong in a file, where it is, and how to put it right.
package struct Diagnostic: Error, Codable, Hashable, Sendable {
    package enum Severity: String, Codable, Hashable, Sendable { case error, warning }

    package let path: String
    /// From 1; 0 when the whole file is meant.
    package let line: Int
    /// From 1, in Unicode scalars; 0 when the whole file is meant.
    package let column: Int
    package let severity: Severity
    /// One sentence that makes sense on its own.
    package let message: String
    package let found: String?
    package let expected: String?
    package let fix: String?
    /// The source line, for the print form.
    package let excerpt: String?
    /// How many carets stand under the excerpt.
    package let width: Int

    package init(
        path: String, line: Int = 0, column: Int = 0, severity: Severity = .error,
        message: String, found: String? = nil, expected: String? = nil, fix: String? = nil,
        excerpt: String? = nil, width: Int = 1
    ) {
        self.path = path
        self.line = line
        self.column = column
        self.severity = severity
        self.message = message
        self.found = found
        self.expected = expected
        self.fix = fix
        self.excerpt = excerpt
        self.width = width
    }

    package var isError: Bool { severity == .error }
}

extension Diagnostic: Comparable {
    /// By path, then by place, then by text: the order in which a person reads.
    package static func < (left: Self, right: Self) -> Bool {
        if left.path != right.path {
            return left.path.utf8.lexicographicallyPrecedes(right.path.utf8)
        }
        if left.line != right.line { return left.line < right.line }
        if left.column != right.column { return left.column < right.column }
        return left.message.utf8.lexicographicallyPrecedes(right.message.utf8)
    }
}

extension Diagnostic: CustomStringConvertible {
    /// The longest part of a source line that is shown.
    private static let excerptLimit = 160

    /// `path:line:column: message`, the source line with carets, and the fix.
    package var description: String {
        var text = path.printable
        if line > 0 { text += ":\(line):\(column)" }
        text += severity == .warning ? ": warning: " : ": "
        text += message
        if let excerpt, line > 0 {
            let scalars = Array(excerpt.unicodeScalars)
            // A file may be one line of 256 KiB: show the part around the fault.
            let start = column > Self.excerptLimit ? column - Self.excerptLimit / 2 : 0
            let shown = scalars.dropFirst(start).prefix(Self.excerptLimit)
            let before = shown.prefix(max(0, column - 1 - start))
            let margin = String(repeating: " ", count: String(line).count)
            let carets = max(1, min(width, shown.count - before.count))
            text += "\n  \(line) | \(printable(shown))\n  \(margin) | "
            text += String(repeating: " ", count: printable(before).unicodeScalars.count)
            text += String(repeating: "^", count: carets)
        }
        if let fix { text += "\n  fix: \(fix)" }
        return text
    }

    private func printable(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text).printable
    }
}

extension Sequence<Diagnostic> {
    /// The JSON form: an array of objects in reading order.
    package func json() throws(CanonicalJSONError) -> CanonicalJSON {
        try CanonicalJSON.encode(sorted())
    }
}
