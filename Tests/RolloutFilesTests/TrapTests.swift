import Foundation
import RolloutCore
import RolloutFiles
import Testing

/// Traps of the platform that touch files; the numbers are those of `platform-traps.md`.
@Suite struct TrapTests {
    private let path = "rollouts/compression-selector/rollout.yaml"

    private func good(_ path: String) throws -> SourceFile {
        try #require(try TestFiles.project().first { $0.path == path })
    }

    private func guardrail(_ text: String) -> ParsedFile {
        let file = """
            apiVersion: gatewright.dev/v1
            kind: Guardrails
            spec:
              guardrails:
                - {name: a, metric: drift, onBreach: hold, \(text)}
            """
        return ProjectFiles.parse(path: "policies/guardrails/a.yaml", bytes: Array(file.utf8))
    }

    @Test(arguments: ["9223372036854775808", "-1", "1e30", "99999999999999999999999999"])
    func T1_integersOutOfRangeAreRefused(_ text: String) {
        #expect(guardrail("atMost: 0.2, minSamples: \(text)").content == nil)
    }

    @Test(
        "F6: numbers that are none are refused",
        arguments: ["NaN", "inf", "+Inf", "1e999", "0x1p3", ".inf", "-.INF", ".NaN", "0x10"])
    func T2_numbersThatAreNoneAreRefused(_ text: String) {
        #expect(guardrail("atMost: 0.2").content != nil)
        #expect(guardrail("atMost: \(text)").content == nil)
    }

    @Test("F3: lines may end with carriage return and line feed")
    func T6_linesMayEndWithCarriageReturnAndLineFeed() throws {
        let file = try good(path)
        let text = try #require(String(validating: file.bytes, as: UTF8.self))
        let windows = text.replacing("\n", with: "\r\n")
        let parsed = ProjectFiles.parse(path: path, bytes: Array(windows.utf8))
        #expect(parsed.content == ProjectFiles.parse(path: path, bytes: file.bytes).content)
        #expect(parsed.content != nil)
        let broken = windows.replacing("router: gateway", with: "router: Gateway")
        let first = ProjectFiles.parse(path: path, bytes: Array(broken.utf8)).diagnostics.first
        #expect(first?.line == 11)
        #expect(first?.excerpt == "  router: Gateway")
    }

    @Test func T7_composedAndDecomposedKeysAreOneKeyTwice() {
        let text = "a: {caf\u{E9}: 1, cafe\u{301}: 2}\n"
        let parsed = ProjectFiles.parse(path: path, bytes: Array(text.utf8))
        #expect(parsed.diagnostics.first?.message.contains("written twice") == true)
    }

    @Test("F3: invalid UTF-8 is refused where it stands")
    func T8_invalidUTF8IsRefusedWhereItStands() {
        let parsed = ProjectFiles.parse(path: path, bytes: Array("a: 1\nb: ".utf8) + [0xFF, 0x0A])
        #expect(parsed.diagnostics.first?.line == 2)
        #expect(parsed.diagnostics.first?.column == 4)
    }

    @Test func T9_duplicateKeysOfJSONAreRefused() {
        #expect(throws: CanonicalJSONError.self) {
            try CanonicalJSON.parse(Array(#"{"a":1,"a":2}"#.utf8))
        }
    }

    @Test(arguments: ["on", "no", "yes", "True", "\"true\"", "1"])
    func T10_onlyTrueAndFalseAreTruthValues(_ text: String) {
        #expect(guardrail("atMost: 0.2, dryRun: true").content != nil)
        #expect(guardrail("atMost: 0.2, dryRun: \(text)").content == nil)
    }

    @Test(
        "F6: numbers that readers disagree on are refused",
        arguments: ["010", "12:30", "1_000", "+1", "1.", ".5", "0o7", "1,000", "1.0"])
    func T10_numbersThatReadersDisagreeOnAreRefused(_ text: String) {
        #expect(guardrail("atMost: 0.2, minSamples: 10").content != nil)
        #expect(guardrail("atMost: 0.2, minSamples: \(text)").content == nil)
    }

    @Test(
        "F1: aliases are refused before they expand", arguments: ["*a", "[*a, *a]", "{? *a : 1}"])
    func T11_aliasesAreRefusedBeforeTheyExpand(_ use: String) {
        let list = Array(repeating: "*a", count: 10).joined(separator: ",")
        var text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 0..<12 { text += "b\(level): &a [\(list)]\n" }
        text += "c: \(use)\n"
        var parsed: ParsedFile?
        let time = ContinuousClock().measure {
            parsed = ProjectFiles.parse(path: path, bytes: Array(text.utf8))
        }
        #expect(parsed?.diagnostics.first?.message.contains("anchors and aliases") == true)
        #expect(time < .seconds(1))
    }

    @Test(arguments: [
        "\"R &D and *stars* and !bangs\"", "'&a'", "research & development",
        "a?b=1&c=2", "|\n    of &a\n    *b", ">-\n    !c\n    * 100",
    ])
    func T11_textThatOnlyLooksLikeAnAnchorIsTaken(_ text: String) throws {
        let changed = try good(path).replacing(
            "Chooses HDE, AMST or no compression for each DWCP transfer", text)
        let parsed = ProjectFiles.parse(path: path, bytes: changed.bytes)
        #expect(parsed.content != nil, "\(parsed.diagnostics)")
    }

    @Test func T12_theJSONOfOneValueIsTheSameInEveryProcess() throws {
        // Dictionary order is seeded per process, so equal bytes here need a sorted printer: the
        // golden file was written by another process.
        let members = Dictionary(uniqueKeysWithValues: (0..<200).map { ("k\($0)", $0) })
        let bytes = try CanonicalJSON.encode(members).compact
        let sorted = members.keys.sorted().map { "\"\($0)\":\(members[$0] ?? -1)" }
        #expect(String(validating: bytes, as: UTF8.self) == "{\(sorted.joined(separator: ","))}")
    }

    @Test func T13_everySharePercentIsItsBasisPoints() throws {
        let file = try good(path)
        for basisPoints in [1, 7, 29, 57, 58, 113, 1_001, 2_899, 2_900, 4_999] {
            let share = Share(clamping: basisPoints)
            let changed = try file.replacing("share: 5%", "share: \(share)")
                .replacing("shares: [25%, 50%, 75%, 100%]", "shares: [100%]")
            let parsed = ProjectFiles.parse(path: path, bytes: changed.bytes)
            guard case .rollout(let spec)? = parsed.content else {
                Issue.record("\(parsed.diagnostics)")
                continue
            }
            #expect(spec.stages[1].shares == [share])
        }
    }

    @Test(arguments: ["IST", "CET", "EST", "GMT+2", "Europe/Nowhere", "local", "europe/madrid"])
    func T14_onlyIANAZonesAreTaken(_ zone: String) throws {
        let path = "policies/windows/business-hours.yaml"
        let file = try good(path)
        #expect(ProjectFiles.parse(path: path, bytes: file.bytes).content != nil)
        let changed = try file.replacing("Europe/Madrid", zone)
        #expect(ProjectFiles.parse(path: path, bytes: changed.bytes).content == nil)
    }

    @Test func T14_aDayBeginsInTheZoneOfItsWindow() throws {
        let path = "policies/windows/business-hours.yaml"
        let summer = try good(path).replacing("2027-01-07", "2027-07-07")
        guard
            case .window(let window)? = ProjectFiles.parse(path: path, bytes: summer.bytes).content
        else {
            Issue.record("the window was refused")
            return
        }
        #expect(window.expires == Timestamp("2027-07-06T22:00:00Z"))
    }
}
