import Yams

extension YAMLReader {
    /// What Yams found wrong, in the words of this project.
    func explain(_ error: YamlError) -> Diagnostic {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return explain(problem, at: place(mark))
        case .duplicatedKeysInMapping(let names, let context):
            return duplicate(names.first ?? "", first: place(context.mark))
        case .reader(let problem, _, _, _):
            return explain(problem, at: .start)
        default:
            return explain("the text cannot be read", at: .start)
        }
    }

    private func place(_ mark: Yams.Mark) -> Mark {
        Mark(line: max(1, mark.line), column: max(1, mark.column))
    }

    private func explain(_ problem: String, at mark: Mark) -> Diagnostic {
        if problem.contains("undefined alias") { return anchorDiagnostic(at: mark) }
        if problem.contains("another document") {
            return source.diagnostic(
                "a second document begins here; one file holds one document", at: mark,
                found: "---", expected: "one document",
                fix: "move the second document to a file of its own")
        }
        if problem.lowercased().contains("nesting level") {
            return source.diagnostic(
                "the file is nested more than \(Self.depthLimit) deep", at: mark,
                expected: "at most \(Self.depthLimit) levels", fix: "remove the inner levels")
        }
        if problem.contains("undefined tag handle") {
            return source.diagnostic(
                "tags are not taken: each key has one type", at: mark, found: "a tag",
                expected: "a value", fix: "delete the tag; quote text that begins with !")
        }
        if problem.contains("cannot start any token") {
            return source.diagnostic(
                "this character cannot begin a value", at: mark, expected: "a value",
                fix: "indent with spaces, and quote text that begins with a special character")
        }
        return source.diagnostic(
            "this is not YAML: \(problem)", at: mark, expected: "YAML",
            fix: "check the indentation, the brackets and the quotes just before this place")
    }

    /// Yams names the first of two equal keys; people look for the second.
    private func duplicate(_ key: String, first: Mark) -> Diagnostic {
        let later = (first.line...max(first.line, lineStarts.count)).lazy
            .compactMap { self.key(key, on: $0, after: first) }.first
        return duplicate(
            key,
            at: Mark(
                line: later?.line ?? first.line, column: later?.column ?? first.column,
                width: key.unicodeScalars.count))
    }

    func duplicate(_ key: String, at mark: Mark) -> Diagnostic {
        source.diagnostic(
            "the key \(key.quoted) is written twice", at: mark, found: key,
            expected: "each key once", fix: "keep one of the two")
    }

    /// Where the key stands on a line: at the same column below, or further on in the same line.
    private func key(_ key: String, on line: Int, after first: Mark) -> Mark? {
        let name = Array((key + ":").unicodeScalars)
        if line > first.line {
            guard let index = index(line: line, column: first.column),
                scalars[index...].starts(with: name)
            else { return nil }
            return Mark(line: line, column: first.column)
        }
        guard let start = index(line: line, column: first.column) else { return nil }
        let end = lineStarts.indices.contains(line) ? lineStarts[line] : scalars.count
        for index in (start + 1)..<max(start + 1, end)
        where " {,".unicodeScalars.contains(scalars[index - 1])
            && scalars[index...].starts(with: name)
        {
            return Mark(line: line, column: index - lineStarts[line - 1] + 1)
        }
        return nil
    }
}
