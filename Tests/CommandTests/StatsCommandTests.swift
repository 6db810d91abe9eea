import Foundation
import Testing

/// The calculator, as somebody with numbers in a mail uses it.
@Suite struct StatsCommandTests {
    @Test(
        arguments: [
            (["proportion", "--errors", "60", "--of", "3000", "--at-most", "0.5%"], "broken: "),
            (["proportion", "--errors", "1", "--of", "9000", "--at-most", "0.005"], "proven: "),
            (["proportion", "--errors", "12", "--of", "3000", "--at-most", "0.5%"], "undecided: "),
            (
                [
                    "compare", "--candidate", "300/3000", "--stable", "1500/60000",
                    "--rise-at-most", "1%",
                ], "broken: "
            ),
            (
                [
                    "compare", "--paired", "--better", "20", "--worse", "90", "--equal", "890",
                    "--rise-at-most", "0",
                ], "broken: "
            ),
            (["quantile", "--quantile", "99%", "--above", "2", "--of", "4000"], "proven: "),
            (["srm", "--counts", "317,4683", "--shares", "5,95"], "undecided: "),
            (["srm", "--counts", "700,4300", "--shares", "5,95"], "broken: "),
            (["sample-size", "--rate", "5%", "--to", "7%"], "about "),
        ])
    func theVerdictComesFirst(_ arguments: [String], _ begins: String) throws {
        let answer = try Bench().run(try Bench.program(), ["stats"] + arguments)
        #expect(answer.status == 0 && answer.output.hasPrefix(begins), "\(answer.output)")
    }

    @Test func jsonHasTheNumbers() throws {
        let answer = try Bench().gatewright(
            "stats", "proportion", "--errors", "12", "--of", "3000", "--at-most", "0.5%",
            "--output", "json")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any])
        #expect(object["estimate"] as? Double == 0.004)
        #expect(object["validity"] as? String == "exact")
        #expect((object["needs"] as? Int ?? 0) > 1_000)
    }

    @Test(
        arguments: [
            ["proportion", "--errors", "40", "--of", "30", "--at-most", "1%"],
            ["proportion", "--errors", "4", "--of", "30", "--at-most", "much"],
            ["compare", "--rise-at-most", "1%"],
            ["srm", "--counts", "1,2,3", "--shares", "5,95"],
            ["check", "nowhere.json"],
        ])
    func whatMakesNoSenseIsRefused(_ arguments: [String]) throws {
        let answer = try Bench().run(try Bench.program(), ["stats"] + arguments)
        #expect(answer.status == 64 && !answer.errors.isEmpty, "\(answer)")
    }

    @Test func aMismatchFails() throws {
        let bench = try Bench()
        try bench.write(
            #"{"samples": {"a": [1, 2], "b": [4, 5]}, "cases": [{"call": "scipy.stats.ks_2samp", "#
                + #""x": "a", "y": "b", "D": 0.5, "p": 0.5}]}"#, to: "wrong.json")
        let answer = try bench.gatewright("stats", "check", "wrong.json")
        #expect(answer.status == 1 && answer.output.contains("MISMATCH"))
        #expect(answer.output.contains("found 1.0, expected 0.5"))
    }
}
