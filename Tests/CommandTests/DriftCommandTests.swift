import ArgumentParser
import Evidence
import Foundation
import Testing

@testable import gatewright

/// `gatewright stats drift`: tables of files, and what is made of them.
@Suite struct DriftCommandTests {
    /// Writes a file for the time of `body`.
    func file<T>(_ text: String, _ body: (String) throws -> T) throws -> T {
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).csv")
        try Data(text.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url.path)
    }

    func table(_ text: String) throws -> CSVTable {
        try file(text) { try CSVTable(path: $0, wanted: nil) }
    }

    func problem(_ text: String, wanted: [String]? = nil) throws -> String {
        try file(text) { path in
            do throws(CSVTable.Problem) {
                _ = try CSVTable(path: path, wanted: wanted)
                return "none"
            } catch {
                return "\(error)".replacingOccurrences(of: path, with: "file")
            }
        }
    }

    @Test func readsWhatTheStandardAllows() throws {
        let table = try table(
            "\u{FEFF}n,\"te\"\"xt\",x\r\n1,\"a,b\nc\",2.5\r\n-7,\"say \"\"hi\"\"\",\r\n\r\n+3,,1e3")
        #expect(table.rows == 3 && table.columns.map(\.name) == ["n", "te\"xt", "x"])
        guard case .numbers(let whole, let allWhole) = table.columns[0].values,
            case .texts(let texts) = table.columns[1].values,
            case .numbers(let real, let isWhole) = table.columns[2].values
        else {
            Issue.record("\(table)")
            return
        }
        #expect(whole == [1, -7, 3] && allWhole)
        #expect(texts == ["a,b\nc": 1, "say \"hi\"": 1] && table.columns[1].missing == 1)
        #expect(real[0] == 2.5 && real[1].isNaN && real[2] == 1_000 && !isWhole)
        #expect(table.columns[2].missing == 1)
    }

    // Long enough to be cut into pieces, at quotes and line feeds.
    @Test func piecesJoinUp() throws {
        var text = "a,b,c\n"
        for index in 0..<40_000 {
            text += "\(index),\"x\ny\"\"\(index % 3)\",\(Double(index) / 7)\n"
        }
        let table = try table(text)
        #expect(table.rows == 40_000)
        guard case .numbers(let numbers, _) = table.columns[0].values,
            case .texts(let texts) = table.columns[1].values,
            case .numbers(let reals, _) = table.columns[2].values
        else {
            Issue.record("columns of other kinds")
            return
        }
        #expect(numbers == (0..<40_000).map(Double.init))
        #expect(texts.count == 3 && texts.values.reduce(0, +) == 40_000)
        #expect(reals == (0..<40_000).map { Double($0) / 7 })
        #expect(try problem(text + "1,2\n").contains(":80002: 2 cells; the header has 3"))
    }

    @Test func numbersAreTheNearestDoubles() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            let small = Double(Int64.random(in: -1_000_000_000...1_000_000_000)) / 1_234_567
            for text in ["\(value)", "\(small)", "\(small * 1e-9)"] {
                let parsed = Array(text.utf8).withUnsafeBufferPointer { CSVNumber.parse($0) }
                #expect(parsed?.value == Double(text), "\(text)")
            }
        }
    }

    @Test(arguments: [
        ("0.1234567890123456789", 0.1234567890123456789),
        ("123456789012345678901", 1.2345678901234568e20),
        ("-0", 0.0), ("5.", 5), (".5", 0.5), ("1e-400", 0), ("inf", .infinity),
        ("9007199254740993.0", 9_007_199_254_740_992), ("0.00000000000000000001", 1e-20),
    ]) func oddNumbers(_ text: String, _ expected: Double) {
        let parsed = Array(text.utf8).withUnsafeBufferPointer { CSVNumber.parse($0) }
        #expect(parsed?.value == expected)
    }

    @Test(arguments: ["", "-", ".", "+.", "1.2.3", "0x10", "nan", "1e", "12a", "--1", "1 2"])
    func wordsAreNoNumbers(_ text: String) {
        #expect(Array(text.utf8).withUnsafeBufferPointer { CSVNumber.parse($0) } == nil)
    }

    @Test func problemsNameTheirPlace() throws {
        #expect(try problem("") == "file:1: no header, so no columns")
        #expect(try problem("a,b\n") == "file:2: a header, but no rows")
        #expect(try problem("a,b\n1,2\n3\n") == "file:3: 1 cells; the header has 2")
        #expect(try problem("a,a\n1,2\n").hasPrefix("file:1: column a: the header has it more"))
        #expect(try problem("a\n1\n", wanted: ["b"]).contains("column b: the header has no such"))
        #expect(try problem("a\n\"1\n").contains("a quote is not closed"))
        #expect(try problem("a\n\"1\"2\n").contains("text follows a closing quote"))
        #expect(throws: CSVTable.Problem.self) {
            try CSVTable(path: "/nowhere/at/all.csv", wanted: nil)
        }
    }

    @Test(arguments: DriftReport.Profile.allCases)
    func findsTheColumnThatMoved(_ profile: DriftReport.Profile) throws {
        func text(_ shift: Double) -> String {
            "moved,same,kind\n"
                + (0..<2_000).map { index in
                    let x = Double(index * 7_919 % 2_000) / 2_000
                    return "\(x + shift),\(1 - x),\(shift > 0 && index % 10 == 0 ? "new" : "old")"
                }.joined(separator: "\n")
        }
        let report = try file(text(0)) { first in
            try file(text(0.2)) { second in
                try DriftCommand.report(
                    first, second, wanted: nil, profile: profile, alpha: 0.05)
            }
        }
        #expect(report.drifted == ["moved", "kind"])
        #expect(report.columns[2].newCategories == ["new"])
        let lines = DriftTable.text(report).split(separator: "\n")
        #expect(lines.last == "2 of 3 columns drifted")
    }

    // MARK: Frozen references

    private func rows(_ count: Int, shift: Double, seed: Int) -> String {
        var text = "size,kind,code\n"
        var state = UInt64(truncatingIfNeeded: seed)
        for _ in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let unit = Double(state >> 11) * 0x1p-53
            text += "\(unit + shift),\(unit < 0.3 ? "a" : "b"),\(Int(unit * 3))\n"
        }
        return text
    }

    private func report(_ reference: String, _ current: String) throws -> DriftReport {
        try file(reference) { training in
            try file(current) { live in
                let frozen = training + ".json"
                defer { try? FileManager.default.removeItem(atPath: frozen) }
                try ReferenceCommand.parse([training, "--write", frozen]).run()
                return try ReferenceFile(path: frozen).report(
                    on: CSVTable(path: live, wanted: nil), wanted: nil, alpha: 0.05)
            }
        }
    }

    @Test func frozenBinsSayWhatTheRowsWould() throws {
        let training = rows(5_000, shift: 0, seed: 1)
        let same = try report(training, rows(4_000, shift: 0, seed: 2))
        #expect(same.drifted.isEmpty && same.columns.count == 3)
        let moved = try report(training, rows(4_000, shift: 0.2, seed: 2))
        #expect(moved.drifted == ["size"])
        // The rows themselves give the same bins, so the same index.
        let live = rows(4_000, shift: 0.2, seed: 2)
        let direct = try file(training) { first in
            try file(live) { second in
                try DriftCommand.report(
                    first, second, wanted: ["size"], profile: .gatewright, alpha: 0.05)
            }
        }
        let frozen = try #require(moved.columns.first { $0.name == "size" }?.value)
        #expect(abs(frozen - (try #require(direct.columns.first?.value))) < 1e-12)
    }

    @Test func anotherKindOfColumnIsRefused() throws {
        #expect(throws: CSVTable.Problem.self) {
            _ = try report(rows(100, shift: 0, seed: 1), "size,kind,code\nbig,a,1\nsmall,b,2\n")
        }
        #expect(throws: CSVTable.Problem.self) {
            _ = try report(rows(100, shift: 0, seed: 1), "size,kind\n1,a\n")
        }
    }

    @Test(arguments: ["", "{}", #"{"schema": 2, "features": {}}"#])
    func whatIsNoReferenceIsRefused(_ text: String) throws {
        try file(text) { path -> Void in
            _ = #expect(throws: CSVTable.Problem.self) { _ = try ReferenceFile(path: path) }
        }
    }

    @Test(arguments: [
        ["a.csv"], ["a.csv", "b.csv", "c.csv"], ["--reference", "r.json", "a.csv", "b.csv"],
        ["--reference", "r.json", "a.csv", "--profile", "evidently"],
    ]) func filesThatDoNotFitAreRefused(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try DriftCommand.parse(arguments) }
    }
}
