import Foundation
import Testing

@testable import RolloutFiles

/// F5: no key can be lost or misspelt in silence.
@Suite struct KeyPropertyTests {
    /// Mappings whose keys are data, so that another key is another fact and no mistake.
    private static let data: Set<String> = [
        "endpoints", "parameters", "evaluation", "perClass", "hde", "featureImportance", "groups",
        "routers", "signals", "gateway",
    ]

    private func documents() throws -> [(file: SourceFile, root: Item)] {
        var files = try TestFiles.project().filter { $0.path.hasSuffix(".yaml") }
        files.append(
            SourceFile(path: "policies/stop.yaml", bytes: try TestFiles.bytes("Fixtures/stop.yaml"))
        )
        return try files.map {
            ($0, try YAMLReader.read(SourceText(path: $0.path, bytes: $0.bytes)))
        }
    }

    private func parse(_ path: String, _ item: Item) -> ParsedFile {
        ProjectFiles.parse(path: path, bytes: Array((item.flow + "\n").utf8))
    }

    @Test func whatIsPrintedIsReadAgain() throws {
        for (file, root) in try documents() {
            let original = ProjectFiles.parse(path: file.path, bytes: file.bytes)
            #expect(original.content != nil, "\(original.diagnostics)")
            #expect(parse(file.path, root).content == original.content)
        }
    }

    @Test func F5_everyRenamedKeyIsAnError() throws {
        for (file, root) in try documents() {
            for path in root.keyPaths where !Self.data.contains(path.dropLast().last ?? "") {
                let parsed = parse(file.path, root.editing(path) { ($0 + "x", $1) })
                #expect(parsed.content == nil, "\(file.path): \(path.joined(separator: "."))")
            }
        }
    }

    @Test func F5_everyDeletedKeyIsAnErrorOrADocumentedDefault() throws {
        var optional: Set<String> = []
        for (file, root) in try documents() {
            for path in root.keyPaths where !Self.data.contains(path.dropLast().last ?? "") {
                let parsed = parse(file.path, root.editing(path) { _, _ in nil })
                guard case .document(let kind, _, _) = parsed.role, parsed.content != nil else {
                    continue
                }
                let name = path.filter { Int($0) == nil }.joined(separator: ".")
                optional.insert("\(kind.rawValue) \(name)")
            }
        }
        TestFiles.expectGolden(
            optional.sorted().map { $0 + "\n" }.joined(), "Golden/optional-keys.txt")
    }

    @Test(arguments: Kind.allCases)
    func schemaIsStable(_ kind: Kind) {
        let text = String(validating: kind.jsonSchema.pretty, as: UTF8.self) ?? ""
        TestFiles.expectGolden(text, "Golden/\(kind.rawValue).schema.json")
    }
}

extension Item {
    /// Every key of the tree, as a path of keys and list positions.
    fileprivate var keyPaths: [[String]] {
        switch content {
        case .scalar: []
        case .sequence(let items):
            items.enumerated().flatMap { index, item in
                item.keyPaths.map { ["\(index)"] + $0 }
            }
        case .mapping(let entries):
            entries.flatMap { entry in
                [[entry.key]] + entry.value.keyPaths.map { [entry.key] + $0 }
            }
        }
    }

    /// A copy with one key changed, or left out where the edit gives nothing.
    fileprivate func editing(
        _ path: [String], _ edit: (String, Item) -> (String, Item)?
    ) -> Item {
        guard let first = path.first else { return self }
        let rest = Array(path.dropFirst())
        switch content {
        case .scalar: return self
        case .sequence(let items):
            let edited = items.enumerated().map { index, item in
                "\(index)" == first ? item.editing(rest, edit) : item
            }
            return Item(content: .sequence(edited), mark: mark)
        case .mapping(let entries):
            let edited = entries.compactMap { entry -> Entry? in
                guard entry.key == first else { return entry }
                let value = entry.value.editing(rest, edit)
                guard rest.isEmpty else {
                    return Entry(key: entry.key, keyMark: entry.keyMark, value: value)
                }
                return edit(entry.key, value).map {
                    Entry(key: $0.0, keyMark: entry.keyMark, value: $0.1)
                }
            }
            return Item(content: .mapping(edited), mark: mark)
        }
    }

    /// One line of flow YAML that reads as the same tree.
    fileprivate var flow: String {
        switch content {
        case .scalar(let scalar):
            if scalar.text.contains("\n") {
                return "\"\(scalar.text.replacing("\n", with: "\\n"))\""
            }
            return scalar.isPlain && !scalar.text.contains(where: { ",[]{}#".contains($0) })
                ? scalar.text : "'\(scalar.text.replacing("'", with: "''"))'"
        case .sequence(let items): return "[\(items.map(\.flow).joined(separator: ", "))]"
        case .mapping(let entries):
            let members = entries.map { "\($0.key): \($0.value.flow)" }
            return "{\(members.joined(separator: ", "))}"
        }
    }
}
