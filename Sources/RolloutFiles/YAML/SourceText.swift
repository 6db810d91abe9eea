/// The text of one file, known to be sound UTF-8 without tricks, and where its lines are.
package struct SourceText: Sendable {
    /// One change of a rollout is a page of text; 256 KiB is far beyond what people write.
    package static let sizeLimit = 256 << 10

    let path: String
    let text: String
    let secrets: SecretText

    /// Line `number`, from 1, without its line break; `nil` when there is none.
    func line(_ number: Int) -> String? {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard number >= 1, number <= lines.count else { return nil }
        var line = lines[number - 1]
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        return String(line)
    }

    func diagnostic(
        _ message: String, at mark: Mark, found: String? = nil, expected: String? = nil,
        fix: String? = nil, severity: Diagnostic.Severity = .error
    ) -> Diagnostic {
        let isSecret = secrets.isIn(line: mark.line)
        return Diagnostic(
            path: path, line: mark.line, column: mark.column, severity: severity,
            message: secrets.masked(message), found: isSecret ? nil : found, expected: expected,
            fix: fix.map(secrets.masked), excerpt: isSecret ? nil : line(mark.line),
            width: mark.width)
    }

    /// A warning for each secret that somebody pushed.
    var secretWarnings: [Diagnostic] {
        secrets.findings.map { finding in
            diagnostic(
                "this looks like \(finding.what), and everybody who can read the repository has it",
                at: finding.mark,
                fix: "make it worthless where it counts, then remove it: history keeps it",
                severity: .warning)
        }
    }
}

/// A place in a file: line and column from 1, and how many characters are meant.
struct Mark: Hashable, Sendable {
    let line: Int
    let column: Int
    var width = 1

    static let start = Mark(line: 1, column: 1)
}

extension SourceText {
    /// Checks bytes before anything parses them.
    ///
    /// - Throws: `Diagnostic` for files that are too large, not text, or pointers to other files.
    init(path: String, bytes: [UInt8]) throws(Diagnostic) {
        guard bytes.count <= Self.sizeLimit else {
            throw Diagnostic(
                path: path, message: "the file has \(bytes.count) bytes; at most 256 KiB are read",
                found: "\(bytes.count) bytes", expected: "at most \(Self.sizeLimit) bytes",
                fix: "split the file, or remove what does not belong in it")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let (line, column) = Self.firstInvalid(in: bytes)
            throw Diagnostic(
                path: path, line: line, column: column, message: "the file is not valid UTF-8",
                expected: "UTF-8", fix: "save the file as UTF-8")
        }
        self.path = path
        self.text = text
        secrets = SecretText(bytes)
        if let pointer = Self.pointerKind(text) {
            throw diagnostic(
                "this is a pointer of \(pointer), not the file itself", at: .start,
                found: "a \(pointer) pointer", expected: "the file's own text",
                fix: "store the file in git itself: rollout files must not be in \(pointer)")
        }
        try refuseHiddenCharacters()
    }

    private static func firstInvalid(in bytes: [UInt8]) -> (line: Int, column: Int) {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var (line, column) = (1, 1)
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            if scalar == "\n" {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return (line, column)
    }

    private static func pointerKind(_ text: String) -> String? {
        let start = text.utf8
        if start.starts(with: "version https://git-lfs.github.com/spec/".utf8) { return "Git LFS" }
        if start.starts(with: "/annex/objects/".utf8) { return "git-annex" }
        return start.starts(with: "../".utf8) && start.count < 1_024
            && text.contains(".git/annex/objects/") ? "git-annex" : nil
    }

    private func refuseHiddenCharacters() throws(Diagnostic) {
        var (line, column) = (1, 1)
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            let loneReturn = previous == "\r" && scalar != "\n"
            if loneReturn || (scalar.isHidden && !["\n", "\r", "\t"].contains(scalar)) {
                let culprit = loneReturn ? previous : scalar
                throw hidden(culprit, Mark(line: line, column: loneReturn ? column - 1 : column))
            }
            previous = scalar
            if scalar == "\n" {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        if previous == "\r" { throw hidden("\r", Mark(line: line, column: column - 1)) }
    }

    private func hidden(_ scalar: Unicode.Scalar, _ mark: Mark) -> Diagnostic {
        let name =
            switch scalar {
            case "\0": "a NUL byte"
            case "\u{FEFF}": "a byte order mark"
            case "\r": "a carriage return that ends no line"
            case _ where scalar.isBidiControl: "a bidirectional control character"
            default: "an invisible character"
            }
        let code = "U+" + Self.padded(String(scalar.value, radix: 16, uppercase: true))
        return diagnostic(
            "\(name) (\(code)) hides what the file says", at: mark, found: code,
            expected: "visible text", fix: "delete the character")
    }

    private static func padded(_ digits: String) -> String {
        String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
