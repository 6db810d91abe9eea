import RolloutFiles
import Testing

@Suite struct DiagnosticTests {
    @Test func aDiagnosticPrintsPlaceLineCaretsAndFix() {
        let diagnostic = Diagnostic(
            path: "rollouts/a/rollout.yaml", line: 14, column: 9, severity: .warning,
            message: "share 20% is below 25%", fix: "put the shares in rising order",
            excerpt: "shares: [20%]", width: 3)
        let expected = """
            rollouts/a/rollout.yaml:14:9: warning: share 20% is below 25%
              14 | shares: [20%]
                 |         ^^^
              fix: put the shares in rising order
            """
        #expect(diagnostic.description == expected)
    }

    @Test func aLongLineIsCutAroundTheFault() {
        let line =
            String(repeating: "x", count: 5_000) + "FAULT" + String(repeating: "y", count: 99)
        let text = Diagnostic(
            path: "a", line: 1, column: 5_001, message: "m", excerpt: line, width: 5
        ).description
        #expect(text.contains("FAULT"))
        #expect(text.contains("^^^^^"))
        #expect(text.utf8.count < 500)
    }

    @Test func theJSONFormIsSortedByPlaceAndReadsBack() throws {
        let late = Diagnostic(path: "b", line: 1, column: 1, message: "late")
        let early = Diagnostic(path: "a", line: 9, column: 1, message: "early", found: "x")
        let bytes = try [late, early].json().pretty
        #expect(try CanonicalJSON.decode([Diagnostic].self, from: bytes) == [early, late])
    }
}
