import Conformance
import Foundation
import Testing

/// Tests for one look, planned designs, the engine, savvi, and frameworks side by side.
@Suite struct ClassicalVectorTests {
    @Test(
        arguments: [
            ("classical_tests", 95), ("classical_tests_extra", 850), ("group_sequential", 56),
            ("engine_reference", 49), ("savvi_multinomial_srm", 15),
            ("savvi_multinomial_srm_extra", 39), ("spotify_design_reproduction", 290),
        ])
    func everyCaseIsComputedAndMatches(name: String, atLeast: Int) throws {
        let report = Vectors.check(try document(name), file: name)
        #expect(report.cases >= atLeast)
        #expect(report.computed == report.cases)
        #expect(report.mismatches.isEmpty, "\(report.mismatches.prefix(5))")
        #expect(report.unknown.isEmpty, "\(report.unknown.prefix(5))")
    }

    // One wrong number in each family.
    @Test(
        arguments: [
            (
                "samples",
                #"{"samples": {"x": [1, 2], "y": [3, 5]}, "cases": [{"x": "x", "y": "y", "#
                    + #""call": "scipy.stats.mannwhitneyu", "U": 0, "p": 0.34}]}"#
            ),
            (
                "counts",
                #"{"samples": {}, "cases": [{"count": [12, 30], "nobs": [100, 150], "z": -1.05, "#
                    + #""p": 0.85, "call": "test_proportions_2indep score H0: p1-p2<=-0.03"}]}"#
            ),
            (
                "bounds",
                #"{"bounds": {"K=2,alpha=0.025,LanDeMets-OBF one-sided": "#
                    + #"{"t": [0.5, 1], "z": [2.96259, 1.968]}}}"#
            ),
            (
                "intervals",
                #"{"cases": [{"call": "savvi Multinomial", "theta_0": [0.5, 0.5], "k": 10, "#
                    + #""alpha": 0.05, "cumulative_counts": [30, 20], "posterior_odds": 0.83, "#
                    + #""p_value_running_min": [1], "conf_int_running": [[0.5, 0.55]]}]}"#
            ),
            (
                "rates",
                #"{"results": {"0": {"naive z p<.05|14": {"rate": 0.05, "mean_n": 488}}}}"#
            ),
        ])
    func aWrongNumberIsAMismatch(name: String, text: String) throws {
        let report = Vectors.check(try VectorValue(json: Data(text.utf8)), file: name)
        #expect(report.computed == 1)
        #expect(report.matched == 0)
        #expect(!report.isConforming)
    }

    @Test(
        arguments: [
            #"{"samples": {}, "cases": [{"call": "scipy.stats.unheard_of", "p": 1}]}"#,
            #"{"samples": {}, "cases": [{"call": "scipy.stats.fisher_exact", "p": 1, "surprise": 2,"#
                + #" "table": [[1, 2], [3, 4]]}]}"#,
            #"{"samples": {}, "cases": [{"call": "scipy.stats.chi2_contingency", "p": 1, "#
                + #""lambda_": "unheard-of", "table": [[1, 2], [3, 4]]}]}"#,
            #"{"bounds": {"K=2,alpha=0.025,another one-sided": {"t": [0.5, 1], "z": [2, 2]}}}"#,
            #"{"results": {"0": {"another framework|14": {"rate": 0.05, "mean_n": 488}}}}"#,
            #"{"cases": [{"call": "savvi InhomogeneousBernoulliProcess", "posterior_odds": 1}]}"#,
        ])
    func whatIsNotKnownIsNotPassed(_ text: String) throws {
        let report = Vectors.check(try VectorValue(json: Data(text.utf8)), file: "unknown")
        #expect(report.cases == 1 && report.computed == 0 && report.unknown.count == 1)
    }

    private func document(_ name: String) throws -> VectorValue {
        let file = VectorTests.directory.appending(path: name + ".json")
        return try VectorValue(json: Data(contentsOf: file))
    }
}
