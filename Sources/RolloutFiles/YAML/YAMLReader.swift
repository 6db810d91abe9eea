import Yams

/// Reads the subset of YAML that can only be read one way: block or flow, quotes, comments.
///
/// Anchors, aliases, tags, merge keys and several documents are refused. Yams expands aliases
/// while it composes (a 330-byte file takes seconds), so they are ruled out before it runs.
struct YAMLReader {
    /// Far beyond a rollout of 64 regions and 64 guardrails.
    static let nodeLimit = 10_000
    /// The formats nest 8 deep.
    static let depthLimit = 32

    let source: SourceText
    let scalars: [Unicode.Scalar]
    let lineStarts: [Int]
    private var nodes = 0

    /// - Throws: `Diagnostic`, the first fault of the text.
    static func read(_ source: SourceText) throws(Diagnostic) -> Item {
        var reader = YAMLReader(source)
        try reader.refuseDirectives()
        try reader.refuseAnchorsThatExpand()
        guard let root = try reader.compose(source.text) else {
            throw source.diagnostic(
                "the file is empty", at: .start, found: "nothing", expected: "a mapping",
                fix: "begin with apiVersion: gatewright.dev/v1")
        }
        return try reader.item(root, depth: 0)
    }

    private init(_ source: SourceText) {
        self.source = source
        let scalars = Array(source.text.unicodeScalars)
        self.scalars = scalars
        lineStarts = [0] + scalars.indices.filter { scalars[$0] == "\n" }.map { $0 + 1 }
    }

    func index(line: Int, column: Int) -> Int? {
        guard lineStarts.indices.contains(line - 1) else { return nil }
        let index = lineStarts[line - 1] + column - 1
        return scalars.indices.contains(index) ? index : nil
    }

    // MARK: Before Yams

    private func refuseDirectives() throws(Diagnostic) {
        for (number, start) in lineStarts.enumerated()
        where start < scalars.count && scalars[start] == "%" {
            throw source.diagnostic(
                "YAML directives are not taken", at: Mark(line: number + 1, column: 1),
                found: "%", expected: "no directives", fix: "delete the line")
        }
    }

    /// Composes a copy without anchors. Where that fails, an alias or an anchor is to blame; where
    /// it succeeds, no alias can expand in the original.
    /// A line of `|` text that begins with `&name` is refused too: its indent would change.
    private func refuseAnchorsThatExpand() throws(Diagnostic) {
        let anchors = scalars.indices.compactMap(anchor(at:))
        guard let first = anchors.first else { return }
        var copy = scalars
        for range in anchors {
            for index in range { copy[index] = " " }
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: copy)
        do {
            _ = try Parser(yaml: String(text), encoding: .utf8).singleRoot()
        } catch {
            throw anchorDiagnostic(at: mark(of: first.lowerBound, width: first.count))
        }
    }

    /// The range of `&name` where YAML could read it as an anchor.
    private func anchor(at index: Int) -> Range<Int>? {
        guard scalars[index] == "&" else { return nil }
        if index > 0, !" \t\n\r[]{},:?-\"'".unicodeScalars.contains(scalars[index - 1]) {
            return nil
        }
        var end = index + 1
        while end < scalars.count, isAnchorName(scalars[end]) { end += 1 }
        guard end > index + 1 else { return nil }
        if end < scalars.count, !" \t\n\r?:,]}%@`".unicodeScalars.contains(scalars[end]) {
            return nil
        }
        return index..<end
    }

    private func isAnchorName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }

    private func mark(of index: Int, width: Int) -> Mark {
        let line = lineStarts.lastIndex { $0 <= index } ?? 0
        return Mark(line: line + 1, column: index - lineStarts[line] + 1, width: width)
    }

    func anchorDiagnostic(at mark: Mark) -> Diagnostic {
        source.diagnostic(
            "anchors and aliases are not taken: what a file says must stand where it is read",
            at: mark, found: "an anchor", expected: "a value",
            fix: "write the value out at each place; quote text that begins with &")
    }

    // MARK: Yams

    private func compose(_ text: String) throws(Diagnostic) -> Node? {
        do {
            return try Parser(yaml: text, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw explain(error)
        } catch {
            throw source.diagnostic("\(error)", at: .start)
        }
    }

    // MARK: After Yams

    private mutating func item(_ node: Node, depth: Int) throws(Diagnostic) -> Item {
        nodes += 1
        let place = node.mark.map { Mark(line: $0.line, column: $0.column) } ?? .start
        guard nodes <= Self.nodeLimit else {
            throw source.diagnostic(
                "the file has more than 10,000 values", at: place,
                expected: "at most 10,000 values", fix: "split the file")
        }
        guard depth < Self.depthLimit else {
            throw source.diagnostic(
                "the file is nested more than \(Self.depthLimit) deep", at: place,
                expected: "at most \(Self.depthLimit) levels", fix: "remove the inner levels")
        }
        try refuseProperties(of: node, at: place)
        switch node {
        case .scalar(let scalar):
            return Item(content: .scalar(self.scalar(scalar)), mark: mark(of: scalar, at: place))
        case .sequence(let sequence):
            var items: [Item] = []
            for element in sequence { items.append(try item(element, depth: depth + 1)) }
            return Item(content: .sequence(items), mark: place)
        case .mapping(let mapping):
            var entries: [Item.Entry] = []
            var names: Set<String> = []
            for (key, value) in mapping {
                let keyItem = try item(key, depth: depth + 1)
                let name = try keyText(keyItem)
                // Yams takes 1 and "1" for two keys.
                guard names.insert(name).inserted else { throw duplicate(name, at: keyItem.mark) }
                entries.append(
                    Item.Entry(
                        key: name, keyMark: keyItem.mark, value: try item(value, depth: depth + 1)))
            }
            return Item(content: .mapping(entries), mark: place)
        case .alias:
            throw anchorDiagnostic(at: place)
        }
    }

    private func scalar(_ scalar: Node.Scalar) -> Item.Scalar {
        Item.Scalar(text: scalar.string, isPlain: scalar.style == .plain || scalar.style == .any)
    }

    /// Looks at the text itself: Yams holds anchors weakly and gives quoted text a tag of its own.
    private func refuseProperties(of node: Node, at place: Mark) throws(Diagnostic) {
        guard let index = index(line: place.line, column: place.column) else { return }
        if scalars[index] == "&" { throw anchorDiagnostic(at: place) }
        guard scalars[index] == "!" else { return }
        let width = scalars[index...].prefix { !" \n\r\t".unicodeScalars.contains($0) }.count
        throw source.diagnostic(
            "tags are not taken: each key has one type",
            at: Mark(line: place.line, column: place.column, width: width),
            found: "a tag", expected: "a value",
            fix: "delete the tag; quote text that begins with !")
    }

    private func keyText(_ item: Item) throws(Diagnostic) -> String {
        guard case .scalar(let scalar) = item.content, !scalar.text.isEmpty else {
            throw source.diagnostic(
                "a key must be text", at: item.mark, found: item.found, expected: "a name",
                fix: "write key: value")
        }
        guard scalar.text != "<<" || !scalar.isPlain else {
            throw source.diagnostic(
                "merge keys are not taken: what a file says must stand where it is read",
                at: item.mark, found: "<<", expected: "a name",
                fix: "write the merged keys out")
        }
        return scalar.text
    }

    private func mark(of scalar: Node.Scalar, at place: Mark) -> Mark {
        let length = scalar.string.unicodeScalars.count
        switch scalar.style {
        case .plain, .any:
            return Mark(line: place.line, column: place.column, width: max(1, length))
        case .singleQuoted, .doubleQuoted:
            return Mark(line: place.line, column: place.column, width: length + 2)
        case .literal, .folded: return place
        }
    }
}
