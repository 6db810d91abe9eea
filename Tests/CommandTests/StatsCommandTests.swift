import ArgumentParser
import Evidence
import Foundation
import Testing

@testable import gatewright

/// `gatewright stats proportion`, `compare`, `quantile`, `srm` and `sample-size`.
@Suite struct StatsCommandTests {
    func proportion(_ arguments: String...) throws -> StatsAnswer {
        try ProportionCommand.parse(arguments).answer()
    }

    func compare(_ arguments: String...) throws -> StatsAnswer {
        try CompareCommand.parse(arguments).answer()
    }

    func size(_ arguments: String...) throws -> ExpectedSize {
        try SampleSizeCommand.parse(arguments).answer()
    }

    @Test(arguments: [
        ("0.5%", 0.005), ("0.5 %", 0.005), ("0.005", 0.005), ("5e-3", 0.005), ("95%", 0.95),
        ("1", 1), ("0", 0), ("-3%", -0.03), ("100%", 1),
    ]) func sharesAreReadAsPeopleWriteThem(_ text: String, _ value: Double) throws {
        #expect(abs(try #require(Fraction(argument: text)).value - value) < 1e-15)
    }

    @Test(arguments: ["", "%", "nan", "inf", "0x1p3", "five", "5%%", "1e999", "1,5%"])
    func otherSharesAreRefused(_ text: String) {
        #expect(Fraction(argument: text) == nil)
    }

    @Test func countsAndQuantitiesAreReadAsPeopleWriteThem() {
        #expect(CountOf(argument: "12/3000")?.trials == 3_000)
        #expect(CountOf(argument: "12/60,000")?.trials == 60_000)
        for text in [
            "12", "12/", "/12", "13/12", "0/0", "-1/5", "1/2/3", "a/b", "1/99999999999999999",
        ] {
            #expect(CountOf(argument: text) == nil, "\(text)")
        }
        #expect(NumberList(argument: "5%,95%")?.values == [0.05, 0.95])
        #expect(NumberList(argument: "5,,95") == nil)
        for text in ["p99", "99%", "0.99", "P99"] {
            #expect(QuantileLevel(argument: text)?.words == "p99", "\(text)")
        }
        #expect(QuantileLevel(argument: "p99.9")?.words == "p99.9")
        for text in ["p100", "p0", "99", "p", "1.5"] {
            #expect(QuantileLevel(argument: text) == nil, "\(text)")
        }
        #expect(Quantity(argument: "300 ms") == Quantity(argument: "300ms"))
        #expect(Quantity(argument: "0.3")?.unit == "")
        #expect(Quantity(argument: "ms") == nil && Quantity(argument: "3; rm") == nil)
    }

    @Test func rareErrorsDoNotReadAsNone() {
        #expect(percentage(0.005) == "0.5 %" && percentage(0.00042) == "0.042 %")
        #expect(percentage(0.98765) == "98.8 %" && percentage(1) == "100 %")
        #expect(points(0.0025) == "+0.25 pp" && points(-0.03) == "−3 pp" && points(0) == "0 pp")
        #expect(StatsAnswer.eValue(0) == "1" && StatsAnswer.eValue(40) == "10^17")
    }

    // The engine's reading, on the scale of the question.
    @Test func aProportionIsWhatTheEngineSays() throws {
        var process = try ProportionProcess(limit: 1 - 0.95)
        try process.observe(trials: 3_000, failures: 120)
        let reading = process.reading(alpha: 0.05)
        let answer = try proportion("--right", "2880", "--of", "3000", "--at-least", "95%")
        #expect(answer.verdict == .undecided && answer.validity == .exact)
        #expect(answer.proven?.logE == reading.promoteLogE)
        #expect(answer.violated.logE == reading.rollbackLogE)
        #expect(answer.proven?.needsMore == process.needs(.promote, alpha: 0.05))
        #expect(answer.violated.needsMore == nil)
        let (lower, upper) = (try #require(reading.lower), try #require(reading.upper))
        #expect(answer.lower == 1 - upper && answer.upper == 1 - lower)
        #expect(abs(try #require(answer.estimate) - 0.96) < 1e-12)
        #expect(answer.sentence.hasPrefix("Undecided: 2,880 of 3,000 are right (96 %)"))
        #expect(answer.text.contains("needs about 1,073 more observations"))
    }

    @Test func verdictsComeFirst() throws {
        let proven = try proportion(
            "--errors", "0", "--of", "900", "--at-most", "1%", "--alpha", "1%")
        #expect(proven.verdict == .proven && proven.decidesAt == 100)
        #expect(proven.text.hasPrefix("Proven: 0 of 900 failed (0 %), which is at most 1 %.\n"))
        let broken = try proportion("--errors", "60", "--of", "3000", "--at-most", "0.5%")
        #expect(broken.verdict == .violated && broken.violated.needsMore == 0)
        #expect(broken.text.hasPrefix("Violated: 60 of 3,000 failed (2 %), which is not at most"))
        for text in [proven.text, broken.text] {
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
        }
    }

    @Test func aDropIsOneOfSuccesses() throws {
        let drop = try compare(
            "--candidate", "2700/3000", "--stable", "57900/60000", "--drop-at-most", "3%")
        let rise = try compare(
            "--candidate", "300/3000", "--stable", "2100/60000", "--rise-at-most", "3%")
        #expect(drop.verdict == .violated && rise.verdict == .violated)
        #expect(drop.violated == rise.violated && drop.proven == rise.proven)
        #expect(abs(try #require(drop.estimate) + 0.065) < 1e-9)
        #expect(abs(try #require(rise.estimate) - 0.065) < 1e-9)
        let (dropLower, riseUpper) = (try #require(drop.lower), try #require(rise.upper))
        #expect(abs(dropLower + riseUpper) < 1e-12)
        #expect(try dropLower < #require(drop.upper))
        #expect(drop.sentence.contains("(−6.5 pp), which is not a drop of at most 3 pp"))
        #expect(drop.intervalValidity == .asymptotic && drop.validity == .exact)
    }

    // The right history tells more than a mean over guesses, and neither contradicts the other.
    @Test func historyMakesTheAnswerSharper() throws {
        let counts = [
            "--candidate", "2880/3000", "--stable", "57900/60000", "--drop-at-most", "3%",
        ]
        let blind = try CompareCommand.parse(counts).answer()
        let told = try CompareCommand.parse(counts + ["--stable-history", "3.5%"]).answer()
        #expect(blind.verdict == .proven && told.verdict == .proven)
        let (less, more) = (try #require(blind.proven).logE, try #require(told.proven).logE)
        #expect(less < more && more < less + 4)
        #expect(blind.notes.count == 1 && told.notes.isEmpty)
    }

    @Test func ratiosAndPairsAreWhatTheEngineSays() throws {
        let ratio = try compare(
            "--candidate", "40/3000", "--stable", "90/60000", "--relative-rise-at-most", "50%")
        var rate = try RateComparison(ratio: 1.5)
        try rate.observe(
            candidateEvents: 40, stableEvents: 90, candidateExposure: 3_000,
            stableExposure: 60_000)
        #expect(ratio.verdict == .violated)
        #expect(ratio.violated.logE == rate.reading(alpha: 0.05).rollbackLogE)
        let pairs = try compare(
            "--paired", "--better", "40", "--worse", "61", "--of", "12480", "--rise-at-most", "1%")
        var paired = try PairedComparison(margin: 0.01)
        try paired.observe(better: 40, equal: 12_379, worse: 61)
        #expect(pairs.verdict == .proven)
        #expect(pairs.proven?.logE == paired.reading(alpha: 0.05).promoteLogE)
        #expect(pairs.sentence.contains("61 worse and 40 better of 12,480 pairs (+0.168 pp)"))
    }

    @Test func aQuantileIsACountOfWhatExceedsIt() throws {
        let counted = try QuantileCommand.parse([
            "--above", "41", "--of", "3000", "--quantile", "p99", "--at-most", "300 ms",
        ]).answer(nil)
        var process = try ProportionProcess(limit: 1 - 0.99)
        try process.observe(trials: 3_000, failures: 41)
        #expect(counted.verdict == .undecided)
        #expect(counted.violated.logE == process.reading(alpha: 0.05).rollbackLogE)
        let values = (1...4_000).map(Double.init)
        let read = try QuantileCommand.parse(["x", "--quantile", "p95", "--at-most", "3500ms"])
            .answer(values)
        #expect(read.verdict == .violated && read.candidateCount == 4_000)
        #expect(read.sentence.contains("500 of 4,000 (12.5 %) exceed 3,500 ms"))
        #expect(read.notes.first?.hasPrefix("p95 is 3,800 ms, ") == true)
    }

    @Test func filesOfNumbersNameTheirBadLine() throws {
        let bench = try Bench()
        try bench.write("3\n1.5\n\n2\r\n", to: "good.txt")
        #expect(try MeasurementFile.sorted(bench.path("good.txt")) == [1.5, 2, 3])
        for (text, words) in [
            ("1\nx\n", ":2: \"x\" is not a number"), ("1\nnan\n", ":2: \"nan\""),
            ("\n", "no numbers"),
        ] {
            try bench.write(text, to: "bad.txt")
            do throws(MeasurementFile.Problem) {
                _ = try MeasurementFile.sorted(bench.path("bad.txt"))
                Issue.record("\(text) was read")
            } catch {
                #expect(error.description.contains(words), "\(error)")
            }
        }
        #expect(throws: MeasurementFile.Problem.self) {
            try MeasurementFile.sorted(bench.path("none.txt"))
        }
    }

    @Test func splitsSayWhatWasAskedFor() throws {
        let wrong = try SplitCommand.parse(["--counts", "400,4600", "--shares", "5,95"]).answer()
        #expect(wrong.verdict == .violated && wrong.alpha == 0.001 && wrong.proven == nil)
        #expect(wrong.sentence.hasPrefix("Not the split that was asked for: 8 % : 92 % of 5,000"))
        let right = try SplitCommand.parse(["--counts", "252,4748", "--shares", "5,95"]).answer()
        #expect(right.verdict == .undecided && right.sentence.hasPrefix("No mismatch is proven"))
        let expected = SplitProcess.logE(
            counts: [400, 4_600], shares: [0.05, 0.95], concentration: 1_000)
        #expect(abs(wrong.violated.logE - expected) < 1e-9)
        // scipy.stats.chisquare([400, 4600], [250, 4750]).
        #expect(wrong.notes.first?.hasPrefix("χ² = 94.7, p < 0.000001") == true)
    }

    // log(20)/KL of statistics textbooks: 796 for .05 → .07, 8,833 requests for a margin of 3 pp.
    @Test func boundsAreThoseOfInformation() throws {
        #expect(try size("--at-most", "5%", "--if", "7%").bound == 796)
        #expect(try size("--at-least", "95%", "--if", "93%").bound == 796)
        let margin = try size(
            "--drop-at-most", "3%", "--stable", "95%", "--if", "95%", "--share", "5%",
            "--per-second", "100")
        #expect(abs(Double(try #require(margin.bound)) * 20 - 8_833) < 21)
        #expect(margin.verdict == .proven)
        let seconds = Double(try #require(margin.requests)) / 100
        #expect(margin.seconds == seconds)
        let never = try size("--at-most", "5%", "--if", "5%")
        #expect(never.verdict == .undecided && never.typical == nil && never.bound == nil)
    }

    // What is called typical is near the mean of runs of the engine itself, as a rollout has it.
    @Test(arguments: [0.07, 0.10, 0.03]) func typicalIsTypical(_ rate: Double) throws {
        let typical = Double(
            try #require(try size("--at-most", "5%", "--if", "\(rate)").typical))
        var state: UInt64 = 7
        func fails() -> Bool {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53) < rate
        }
        let step = max(1, Int(typical / 100))
        var total = 0.0
        for _ in 0..<200 {
            var process = try ProportionProcess(limit: 0.05, restarts: 720)
            let side = rate > 0.05 ? EvidenceSide.rollback : .promote
            while (side == .rollback ? process.rollback : process.promote).peak < log(20) {
                let failures = (0..<step).count { _ in fails() }
                try process.observe(trials: step, failures: failures)
            }
            total += Double(process.trials)
        }
        #expect(abs(total / 200 / typical - 1) < 0.2, "\(total / 200) instead of \(typical)")
    }

    @Test func pairsNeedFewerRequests() throws {
        let pairs = try size(
            "--paired", "--disagree", "3%", "--drop-at-most", "0", "--stable", "95%", "--if", "94%")
        let apart = try size(
            "--drop-at-most", "0", "--stable", "95%", "--if", "94%", "--share", "50%")
        #expect(pairs.verdict == .violated && apart.verdict == .violated)
        #expect(try #require(pairs.typical) * 2 < #require(apart.requests))
        // max over λ of .02 log(1 + λ) + .01 log(1 - λ): λ = 1/3.
        let growth = 0.02 * log(4.0 / 3) + 0.01 * log(2.0 / 3)
        #expect(pairs.bound == Int((log(20) / growth).rounded(.up)))
    }

    @Test(arguments: [
        (1.0, "1 s"), (90, "90 s"), (3_000, "50 min"), (36_000, "10 h"), (864_000, "10 d"),
        (1e12, "more than a century"),
    ]) func timesAreSpoken(_ seconds: Double, _ words: String) {
        #expect(ExpectedSize.spoken(seconds: seconds) == words)
    }

    @Test(arguments: [
        ["proportion", "--errors", "5", "--of", "3", "--at-most", "1%"],
        ["proportion", "--errors", "5", "--of", "30", "--at-least", "1%"],
        ["proportion", "--errors", "5", "--of", "30", "--at-most", "150%"],
        ["proportion", "--errors", "5", "--of", "30", "--at-most", "1%", "--alpha", "0"],
        ["compare", "--candidate", "1/2", "--stable", "1/2"],
        ["compare", "--candidate", "1/2", "--rise-at-most", "1%"],
        [
            "compare", "--paired", "--better", "4", "--worse", "3", "--of", "5", "--rise-at-most",
            "0",
        ],
        ["compare", "--candidate", "1/2", "--stable", "1/2", "--rise-at-most", "99%"],
        ["quantile", "--above", "4", "--of", "3", "--quantile", "p99", "--at-most", "1"],
        ["quantile", "file", "--above", "4", "--quantile", "p99", "--at-most", "1"],
        ["srm", "--counts", "1,2,3", "--shares", "5,95"],
        ["srm", "--counts", "1.5,2", "--shares", "5,95"],
        ["srm", "--counts", "1,2", "--shares", "0,95"],
        ["sample-size", "--at-most", "1%", "--if", "2%", "--stable", "1%"],
        ["sample-size", "--drop-at-most", "1%", "--if", "2%"],
        ["sample-size", "--at-most", "1%", "--if", "2%", "--per-second", "0"],
        [
            "sample-size", "--paired", "--disagree", "1%", "--drop-at-most", "0", "--stable", "95%",
            "--if", "90%",
        ],
    ]) func wrongQuestionsAreRefused(_ arguments: [String]) {
        let commands: [String: any ParsableCommand.Type] = [
            "proportion": ProportionCommand.self, "compare": CompareCommand.self,
            "quantile": QuantileCommand.self, "srm": SplitCommand.self,
            "sample-size": SampleSizeCommand.self,
        ]
        let command = commands[arguments[0]]
        #expect(throws: (any Error).self) { try command?.parse(Array(arguments.dropFirst())) }
    }

    @Test func answersAreJSON() throws {
        let answer = try proportion("--errors", "60", "--of", "3000", "--at-most", "0.5%")
        let object = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(answer)) as? [String: Any])
        #expect(object["verdict"] as? String == "violated")
        #expect(object["validity"] as? String == "exact")
        #expect(object["candidateCount"] as? Int == 3_000)
        #expect((object["violated"] as? [String: Any])?["needsMore"] as? Int == 0)
        #expect(object["sentence"] as? String == answer.sentence)
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

    @Test(arguments: [["check", "nowhere.json"], ["srm", "--counts", "1", "--shares", "5,95"]])
    func wrongArgumentsExitSo(_ arguments: [String]) throws {
        let answer = try Bench().run(try Bench.program(), ["stats"] + arguments)
        #expect(answer.status == 64 && !answer.errors.isEmpty, "\(answer)")
    }
}
