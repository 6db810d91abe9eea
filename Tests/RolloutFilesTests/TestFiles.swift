import Foundation
import RolloutFiles
import Testing

/// Files beside the tests, and golden text that `RECORD_GOLDEN=1` writes anew, failing once.
enum TestFiles {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: path)))
    }

    static func names(in path: String, ending: String) -> [String] {
        let all = try? FileManager.default.contentsOfDirectory(
            atPath: folder.appending(path: path).path)
        return (all ?? []).filter { $0.hasSuffix(ending) }.sorted()
    }

    /// The good project: every kind of file but a stop.
    static func project() throws -> [SourceFile] {
        let root = folder.appending(path: "Fixtures/project").path
        let paths = FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? []
        return try paths.sorted().filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".json") }.map {
            SourceFile(path: $0, bytes: try bytes("Fixtures/project/\($0)"))
        }
    }

    /// Compares with a golden file. Recording writes the file and fails, so that it cannot stay on.
    static func expectGolden(_ text: String, _ path: String) {
        if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
            try? Data(text.utf8).write(to: folder.appending(path: path))
            Issue.record("recorded \(path); run again without RECORD_GOLDEN")
            return
        }
        let golden = (try? bytes(path)).flatMap { String(validating: $0, as: UTF8.self) }
        #expect(text == golden, "\(path) differs; RECORD_GOLDEN=1 records it")
    }
}

extension SourceFile {
    /// The file with one piece of text replaced; a test error when the text is not there.
    func replacing(_ old: String, _ new: String) throws -> SourceFile {
        let text = try #require(String(validating: bytes, as: UTF8.self))
        try #require(text.contains(old), "\(path) does not contain \(old)")
        return SourceFile(
            path: path, bytes: Array(text.replacing(old, with: new, maxReplacements: 1).utf8))
    }
}

extension [SourceFile] {
    func replacing(in path: String, _ old: String, _ new: String) throws -> [SourceFile] {
        try map { $0.path == path ? try $0.replacing(old, new) : $0 }
    }

    func removing(_ path: String) -> [SourceFile] { filter { $0.path != path } }
}
