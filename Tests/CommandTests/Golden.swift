import Foundation
import Testing

/// Texts that people read, kept as files. `RECORD=1` writes them anew and fails once, so that
/// nobody records by accident.
enum Golden {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")

    static func check(
        _ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let file = folder.appendingPathComponent("\(name).txt")
        guard ProcessInfo.processInfo.environment["RECORD"] == nil else {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            Issue.record(
                "recorded \(name); run again without RECORD", sourceLocation: sourceLocation)
            return
        }
        guard let kept = try? String(contentsOf: file, encoding: .utf8) else {
            Issue.record(
                "there is no Golden/\(name).txt; run once with RECORD=1",
                sourceLocation: sourceLocation)
            return
        }
        #expect(text == kept, "Golden/\(name).txt", sourceLocation: sourceLocation)
    }
}
