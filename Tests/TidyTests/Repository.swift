import Foundation

/// The files of the project itself, which these tests read.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    struct SourceText: CustomStringConvertible, Sendable {
        /// From the root: `Sources/Git/Handle.swift`.
        let path: String
        let lines: [String]

        var description: String { path }

        var module: String { String(path.split(separator: "/")[1]) }
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// All Swift files below a folder, in order.
    static func swift(below folder: String) throws -> [SourceText] {
        guard
            let walk = FileManager.default.enumerator(
                atPath: root.appendingPathComponent(folder).path)
        else { return [] }
        return try walk.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted().map
        {
            let path = "\(folder)/\($0)"
            return SourceText(
                path: path,
                lines: try text(path).split(separator: "\n", omittingEmptySubsequences: false)
                    .map(String.init))
        }
    }

    /// The folders directly below one.
    static func folders(in folder: String) throws -> [String] {
        let parent = root.appendingPathComponent(folder)
        return try FileManager.default.contentsOfDirectory(atPath: parent.path).filter { name in
            var isFolder: ObjCBool = false
            let path = parent.appendingPathComponent(name).path
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                && isFolder.boolValue
        }.sorted()
    }
}
