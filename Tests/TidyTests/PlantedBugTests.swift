import Foundation
import Testing

/// `scripts/planted-bugs` writes the bugs of `Tests/PlantedBugs` into a copy of these sources: every
/// edit has to fit them as they are now. What worlds find of them, that script tells.
@Suite struct PlantedBugTests {
    private struct Edit {
        let bug: String
        let file: String
        let before: String
        let after: String
    }

    private static func names() throws -> [String] {
        let folder = Repository.root.appendingPathComponent("Tests/PlantedBugs").path
        return try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".diff") }.map { String($0.dropLast(".diff".count)) }.sorted()
    }

    private static func lines(_ bug: String) throws -> [String] {
        try Repository.text("Tests/PlantedBugs/\(bug).diff").split(separator: "\n").map(String.init)
    }

    private static func edits() throws -> [Edit] {
        try names().flatMap { bug -> [Edit] in
            let parts = try lines(bug).split(
                omittingEmptySubsequences: false, whereSeparator: { $0.hasPrefix("file: ") })
            let files = try lines(bug).filter { $0.hasPrefix("file: ") }.map {
                String($0.dropFirst("file: ".count))
            }
            return zip(files, parts.dropFirst()).map { file, diff in
                func side(_ marks: String) -> String {
                    diff.filter { line in line.first.map(marks.contains) ?? false }
                        .map { String($0.dropFirst()) }.joined(separator: "\n")
                }
                return Edit(bug: bug, file: file, before: side(" -"), after: side(" +"))
            }
        }
    }

    @Test func everyEditFitsTheSources() throws {
        let edits = try Self.edits()
        #expect(Set(edits.map(\.bug)) == Set(try Self.names()))
        #expect(edits.count > 40)
        for edit in edits {
            let count = try Repository.text(edit.file).ranges(of: edit.before).count
            #expect(count == 1, "\(edit.bug): its text stands \(count) times in \(edit.file)")
            #expect(edit.file.hasPrefix("Sources/"), "\(edit.bug) changes \(edit.file)")
            #expect(edit.after.contains("PLANTED"), "\(edit.bug) cannot be turned off")
        }
    }

    // One build holds all of them.
    @Test func noTwoEditsChangeTheSameLines() throws {
        for (file, edits) in Dictionary(grouping: try Self.edits(), by: \.file) {
            let text = try Repository.text(file)
            let places = edits.compactMap { edit in text.range(of: edit.before).map { (edit, $0) } }
                .sorted { $0.1.lowerBound < $1.1.lowerBound }
            for ((one, its), (other, their)) in zip(places, places.dropFirst()) {
                #expect(
                    its.upperBound <= their.lowerBound,
                    "\(one.bug) and \(other.bug) change the same lines of \(file)")
            }
        }
    }

    @Test func everyBugIsDescribed() throws {
        var designs: [String] = []
        for bug in try Self.names() {
            #expect(bug.wholeMatch(of: /[a-z][a-z0-9-]+/) != nil, "\(bug)")
            let lines = try Self.lines(bug)
            #expect(lines.first?.hasPrefix("file: ") == false, "\(bug) says nothing of itself")
            designs += lines.filter { $0.hasPrefix("design: ") }
        }
        #expect(Set(designs).count == designs.count)
        #expect(designs.count == 32, "the design lists 32 bugs")
    }

    // What is built for people has no switch for bugs.
    @Test func theSourcesHaveNoSwitch() throws {
        for file in try Repository.swift(below: "Sources") {
            let text = file.lines.joined(separator: "\n")
            #expect(!text.contains("PlantedBug") && !text.contains("PLANTED"), "\(file.path)")
        }
    }
}
