import Conformance
import Foundation
import Testing

/// Simulations of others, run again: a few cells that are quick, and what is no match.
@Suite struct MonteCarloVectorTests {
    @Test(
        arguments: [
            (
                "arm_of_event_and_srm", "SRM alpha=.001 true w=0.06 k=1000.0",
                #"{"dirichlet_rate": 1, "dirichlet_ratio": 1.4011833, "bound": 6962.686440234141}"#,
                #"{"dirichlet_rate": 1, "dirichlet_ratio": 2.4, "bound": 6962.686440234141}"#
            ),
            (
                "one_sample_delay_ratio_by_mixture", "0.05|confseq_bb_1s(t_opt=1e3)",
                #"{"0.05": [1, 232, 1.0]}"#, #"{"0.05": [1, 932, 1.0]}"#
            ),
            (
                "drift_false_alarms", "PSI n=100 10 equal bins",
                #"{"mean_psi_null": 0.0977, "theory (B-1)/n": 0.09}"#,
                #"{"mean_psi_null": 0.0977, "theory (B-1)/n": 0.08}"#
            ),
            (
                "late_change_restart_mixture", "change at 0 requests .04->0.15",
                #"{"cumulative only": {"false_before": 0, "mean_delay_requests": 128.4}}"#,
                #"{"cumulative only": {"false_before": 0, "mean_delay_requests": 12.8}}"#
            ),
        ])
    func aWrongNumberIsSeen(section: String, cell: String, right: String, wrong: String) throws {
        func values(_ text: String) throws -> [VectorReport.Mismatch] {
            let document = #"{"results": {"\#(section)": {"\#(cell)": \#(text)}}}"#
            let report = Vectors.check(
                try VectorValue(json: Data(document.utf8)), file: "monte-carlo")
            #expect(report.computed > 0 && report.unknown.isEmpty)
            return report.mismatches
        }
        // Numbers that a cell leaves out are mismatches in both.
        let (found, broken) = (try values(right), try values(wrong))
        #expect(broken.count == found.count + 1)
    }

    @Test func whatNobodySimulatesIsUnknown() throws {
        let text = #"{"results": {"late_change_restart_mixture": {"something else": {"a": 1}}}}"#
        let report = Vectors.check(try VectorValue(json: Data(text.utf8)), file: "monte-carlo")
        #expect(report.cases == 1 && report.computed == 0 && report.unknown.count == 1)
    }
}
