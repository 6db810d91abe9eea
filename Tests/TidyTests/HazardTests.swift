import Foundation
import Testing

/// `docs/hazards.md` is true: all hazards are there, and the tests that it names exist.
@Suite struct HazardTests {
    /// The last of each letter. The list is closed: what is added here is added there.
    static let last: [(letter: String, number: Int)] = [
        ("A", 20), ("B", 14), ("C", 22), ("D", 16), ("E", 9), ("F", 16), ("G", 16), ("H", 16),
        ("J", 18),
    ]

    /// Rows that say what comes of it instead of what should. This number only goes down.
    static let openMost = 2

    private struct Row: Sendable {
        let hazard: String
        let text: String
        let test: String

        /// What stands between backticks in the last column.
        var named: [String] { test.matches(of: /`([^`]+)`/).map { String($0.output.1) } }
        var isOpen: Bool { test.contains("open: ") }
        var isAbsent: Bool { test.contains("no such part yet: ") }
    }

    /// A test function with everything that stands before it up to the last empty line.
    private struct Function {
        let suites: Set<String>
        let head: String
    }

    private static let rows = Result {
        try Repository.text("docs/hazards.md").split(separator: "\n").compactMap { line -> Row? in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard cells.count == 5, cells[1].wholeMatch(of: /[A-J][0-9]+/) != nil else {
                return nil
            }
            return Row(hazard: cells[1], text: cells[2], test: cells[3])
        }
    }
    private let rows: [Row]

    init() throws { rows = try Self.rows.get() }

    /// All test functions, by target and name.
    private static func functions() throws -> [String: [Function]] {
        var functions: [String: [Function]] = [:]
        for file in try Repository.swift(below: "Tests") {
            var suites: Set<String> = []
            var head: [String] = []
            for line in file.lines {
                let code = line.trimmingCharacters(in: .whitespaces)
                suites.formUnion(Self.suites(declared: code))
                head = code.isEmpty || code == "}" ? [] : head + [code]
                // Looked for by bytes first: there are a hundred thousand lines.
                guard code.utf8.contains(UInt8(ascii: "(")),
                    let place = code.range(of: "func ")?.upperBound,
                    head.contains(where: { $0.hasPrefix("@Test") })
                else { continue }
                let name = code[place...].prefix { $0 != "(" }
                functions["\(file.module)/\(name)", default: []].append(
                    Function(suites: suites, head: head.joined(separator: "\n")))
            }
        }
        return functions
    }

    /// `A` and `B` of `extension A.B {`, and `C` of `@Suite(.serialized) struct C {`.
    private static func suites(declared code: String) -> [String] {
        guard code.utf8.last == UInt8(ascii: "{") || code.utf8.last == UInt8(ascii: "}") else {
            return []
        }
        let words = code.split(separator: " ")
        guard
            let place = words.firstIndex(where: {
                $0 == "struct" || $0 == "extension" || $0 == "class"
            }), words.count > place + 1
        else { return [] }
        return words[place + 1].split(whereSeparator: { ".:<".contains($0) }).map(String.init)
    }

    private static func marks() throws -> Set<String> {
        Set(
            try Repository.swift(below: "Sources/Simulator").flatMap { file in
                file.lines.filter { $0.utf8.contains(UInt8(ascii: "\"")) }.flatMap {
                    $0.matches(of: /"([A-J][0-9]+)"/).map { String($0.output.1) }
                }
            })
    }

    @Test func everyHazardHasOneRow() {
        let all = Self.last.flatMap { last in (1...last.number).map { "\(last.letter)\($0)" } }
        #expect(rows.map(\.hazard) == all)
        for row in rows { #expect(row.text.count > 15, "\(row.hazard) says nothing") }
    }

    @Test func everyRowHasATestOrAReason() {
        for row in rows {
            let isTested = row.named.contains { $0.contains("Tests.") || $0.hasPrefix("simulate ") }
            #expect(isTested || row.isOpen || row.isAbsent, "\(row.hazard)")
            #expect(!(row.isOpen && row.isAbsent), "\(row.hazard) is one or the other")
        }
    }

    @Test func everyTestExistsAndCarriesItsHazard() throws {
        let functions = try Self.functions()
        var seen = 0
        for row in rows {
            for name in row.named where name.wholeMatch(of: /\w+Tests\..+/) != nil {
                seen += 1
                let parts = name.split(whereSeparator: { $0 == "." || $0 == "/" }).map(String.init)
                let target = try #require(parts.first)
                let function = try #require(parts.last)
                let suites = Set(parts.dropFirst().dropLast())
                let all = functions["\(target)/\(function)"] ?? []
                let found = all.filter { $0.suites.isSuperset(of: suites) }
                #expect(found.count == 1, "\(row.hazard): \(name) is \(found.count) tests")
                let mark = try Regex("(^|[^A-Za-z0-9])\(row.hazard)([^0-9]|$)")
                #expect(
                    found.allSatisfy { $0.head.contains(mark) },
                    "\(name) does not say that it is about \(row.hazard)")
            }
        }
        #expect(seen > 200, "the tests were not found")
    }

    @Test func everyMarkExists() throws {
        let marks = try Self.marks()
        for row in rows {
            for name in row.named where name.hasPrefix("simulate ") {
                #expect(name == "simulate \(row.hazard)", "\(row.hazard) names \(name)")
                #expect(marks.contains(row.hazard), "no world makes \(row.hazard) happen")
            }
        }
    }

    /// Whatever else stands between backticks there is a word of the program, and no test.
    @Test func nothingElseIsTakenForATest() {
        let words = rows.flatMap(\.named).filter {
            !$0.hasPrefix("simulate ") && $0.wholeMatch(of: /\w+Tests\.[\w\/]+/) == nil
        }
        #expect(Set(words).isSubset(of: ["status", "policies/", "audit verify", "nosniff"]))
    }

    @Test func openRowsOnlyBecomeFewer() {
        let open = rows.filter(\.isOpen).map(\.hazard)
        #expect(
            open.count == Self.openMost,
            "\(open.count) are open, \(open.joined(separator: ", ")): write the number here")
    }
}
