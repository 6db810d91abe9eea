import Conformance
import Foundation
import Testing

/// All cases of `confseq`, `msprt` and the special functions are known, and right.
@Suite struct ConfidenceSequenceVectorTests {
    @Test(
        arguments: [
            ("special_functions", 62), ("special_functions_extra", 300),
            ("confseq_boundaries", 131), ("confseq_boundaries_extra", 100),
            ("confseq_betting", 28), ("confseq_betting_extra", 30),
            ("confseq_empirical_bernstein", 17), ("confseq_empirical_bernstein_extra", 40),
            ("confseq_quantiles", 46), ("confseq_quantiles_extra", 60),
            ("msprt", 2), ("msprt_extra", 6),
        ])
    func everyCaseIsComputedAndMatches(name: String, atLeast: Int) throws {
        let report = Vectors.check(try document(name), file: name)
        #expect(report.cases >= atLeast)
        #expect(report.computed == report.cases)
        #expect(report.matched == report.computed)
        #expect(report.mismatches.isEmpty)
        #expect(report.unknown.isEmpty)
    }

    @Test func anotherNumberIsAMismatch() throws {
        let wrong = try VectorValue(
            json: Data(
                """
                {"cases": [{"call": "boundaries.normal_mixture_bound", "value": 27.6607088,
                  "args": {"v": 100, "alpha": 0.05, "v_opt": 100}}]}
                """.utf8))
        let report = Vectors.check(wrong, file: "wrong")
        #expect(report.computed == 1)
        #expect(report.matched == 0)
    }

    @Test(
        arguments: [
            #"{"call": "boundaries.normal_mixture_bound", "value": 1, "args": {"v": 1}}"#,
            #"{"call": "boundaries.unheard_of", "value": 1, "args": {"v": 1}}"#,
            #"{"call": "boundaries.poly_stitching_bound", "value": 1, "args": {"v": 1, "alpha": 0.1, "v_min": 1, "q": 3}}"#,
            #"{"call": "betting.hedged_cs", "lower": [0], "width": [1], "params": {}, "x": [0.5]}"#,
        ])
    func whatIsNotKnownIsSaid(text: String) throws {
        let cases = #"{"provenance": {"library": "confseq"}, "cases": [\#(text)]}"#
        let report = Vectors.check(try VectorValue(json: Data(cases.utf8)), file: "x")
        #expect(report.cases == 1)
        #expect(report.unknown.count == 1)
        #expect(report.computed == 0)
    }

    private func document(_ name: String) throws -> VectorValue {
        let url = VectorTests.directory.appending(path: "\(name).json")
        return try VectorValue(json: Data(contentsOf: url))
    }
}
