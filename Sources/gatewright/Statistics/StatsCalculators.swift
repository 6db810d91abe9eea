import ArgumentParser
import Evidence
import Foundation
import RolloutCore
import RolloutFiles

struct StatsProportionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proportion",
        abstract: "Is a rate of errors below a limit?",
        discussion: """
            Valid at every look: ask again with more data as often as you like.

            EXAMPLES
              gatewright stats proportion --errors 12 --of 3000 --at-most 0.5%
              gatewright stats proportion --errors 12 --of 3000 --at-most 0.5% --output json
            """)

    @Option(help: "Failures seen.")
    var errors: Int
    @Option(name: .customLong("of"), help: "Trials, failed ones included.")
    var trials: Int
    @Option(help: "The limit, such as 0.5%.")
    var atMost: Percent
    @Option(help: "The chance of a wrong verdict, in either direction.")
    var alpha = Percent(0.05)
    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func run() throws {
        try calculating {
            var process = try ProportionProcess(limit: atMost.fraction)
            try process.observe(trials: trials, failures: errors)
            try StatsAnswer(
                process, alpha: alpha.fraction,
                question: "a rate of at most \(percent(atMost.fraction))"
            ).show(output)
        }
    }
}

struct StatsCompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Does a candidate fail more often than stable, beyond a margin?",
        discussion: """
            Counts are of one block, in which the split did not change. With --paired, both answered
            the same requests: give those that only one of them got right.

            EXAMPLES
              gatewright stats compare --candidate 90/3000 --stable 1500/60000 --rise-at-most 1%
              gatewright stats compare --paired --better 20 --worse 44 --equal 940 --rise-at-most 0
            """)

    @Option(help: "Failures/trials, such as 90/3000.")
    var candidate: Counted?
    @Option(help: "Failures/trials.")
    var stable: Counted?
    @Flag(help: "Both answered the same requests.")
    var paired = false
    @Option(help: "Pairs that only the candidate got right.")
    var better = 0
    @Option(help: "Pairs that only stable got right.")
    var worse = 0
    @Option(help: "Pairs that both got right, or both wrong.")
    var equal = 0
    @Option(help: "The margin, a difference of rates: 1% is one point.")
    var riseAtMost: Percent
    @Option(help: "The chance of a wrong verdict, in either direction.")
    var alpha = Percent(0.05)
    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func validate() throws {
        guard paired || (candidate != nil && stable != nil) else {
            throw ValidationError("give --candidate and --stable, or --paired with its counts")
        }
    }

    func run() throws {
        let question = "a rise of at most \(decimal(riseAtMost.fraction * 100, 2)) points"
        try calculating {
            if paired {
                var process = try PairedComparison(margin: riseAtMost.fraction)
                try process.observe(better: better, equal: equal, worse: worse)
                try StatsAnswer(process, alpha: alpha.fraction, question: question).show(output)
                return
            }
            guard let candidate, let stable else { return }
            // One block has no past to know stable's rate from. Taking it from the block itself
            // holds for large counts only; decisions never do that.
            var process = try ProportionComparison(
                limit: .rise(points: riseAtMost.fraction),
                stableHistory: (Double(stable.failures) + 0.5) / (Double(stable.trials) + 1))
            try process.observe(
                ComparisonBlock(
                    candidateTrials: candidate.trials, candidateFailures: candidate.failures,
                    stableTrials: stable.trials, stableFailures: stable.failures))
            try StatsAnswer(
                process, alpha: alpha.fraction, question: question, atBest: .asymptotic
            ).show(output)
        }
    }
}

struct StatsQuantileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantile",
        abstract: "Is a latency quantile below a limit?",
        discussion: """
            "p99 at most 300 ms" says that at most 1 % of requests take longer, so counts above the
            limit are all that is needed: a histogram with a bucket edge there, or a file with one
            number a line.

            EXAMPLES
              gatewright stats quantile --quantile 99% --above 31 --of 4000
              gatewright stats quantile --quantile 99% --at-most 300 --file latencies.txt
            """)

    @Option(help: "Which quantile, such as 99%.")
    var quantile: Percent
    @Option(help: "Requests above the limit.")
    var above: Int?
    @Option(name: .customLong("of"), help: "All requests.")
    var trials: Int?
    @Option(help: "A file with one number a line, with --at-most.")
    var file: String?
    @Option(help: "The limit, in the unit of the file.")
    var atMost: Double?
    @Option(help: "The chance of a wrong verdict, in either direction.")
    var alpha = Percent(0.05)
    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func validate() throws {
        guard (above != nil && trials != nil) != (file != nil && atMost != nil) else {
            throw ValidationError("give either --above and --of, or --file and --at-most")
        }
    }

    func run() throws {
        try calculating {
            let (above, trials) = try counts()
            var process = try ProportionProcess(limit: 1 - quantile.fraction)
            try process.observe(trials: trials, failures: above)
            try StatsAnswer(
                process, alpha: alpha.fraction,
                question: "at most \(percent(1 - quantile.fraction)) above the limit"
            ).show(output)
        }
    }

    private func counts() throws -> (Int, Int) {
        if let above, let trials { return (above, trials) }
        guard let file, let atMost else { return (0, 0) }
        let text = try String(contentsOfFile: file, encoding: .utf8)
        var (above, trials) = (0, 0)
        for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            guard let value = Double(line.trimmingCharacters(in: .whitespaces)) else {
                throw ValidationError(
                    "\(file):\(index + 1): found \(line.prefix(40)), expected a number")
            }
            trials += 1
            if value > atMost { above += 1 }
        }
        return (above, trials)
    }
}

struct StatsSplitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "srm",
        abstract: "Was traffic split as asked? (sample ratio mismatch)",
        discussion: """
            Count users where they stick to a version, not their requests.

            EXAMPLES
              gatewright stats srm --counts 317,4683 --shares 5,95
            """)

    @Option(help: "Counts of each arm, such as 317,4683.", transform: Self.numbers)
    var counts: [Double]
    @Option(help: "Shares asked for, of any scale, such as 5,95.", transform: Self.numbers)
    var shares: [Double]
    @Option(help: "The chance of calling a fair split unfair.")
    var alpha = Percent(0.001)
    @Option(help: "text or json.")
    var output: OutputFormat = .text

    private static func numbers(_ text: String) throws -> [Double] {
        try text.split(separator: ",").map {
            guard let value = Double($0) else { throw ValidationError("\($0) is not a number") }
            return value
        }
    }

    func run() throws {
        try calculating {
            var process = try SplitProcess(shares: shares)
            try process.observe(counts: counts.compactMap { Int(exactly: $0) })
            try StatsAnswer(
                process, alpha: alpha.fraction, question: "the split that was asked for",
                hasPromoteSide: false
            ).show(output)
        }
    }
}

struct StatsSampleSizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample-size",
        abstract: "How many requests, and how long, until an effect is found?",
        discussion: """
            The bound is what no method that stays valid at every look can beat; the engine needs
            about 1.3 to 1.5 times as many.

            EXAMPLES
              gatewright stats sample-size --rate 5% --to 7% --alpha 0.25%
              gatewright stats sample-size --rate 5% --to 7% --share 5% --per-second 100
            """)

    /// What the engine took beyond the bound, measured over limits and effects (docs/statistics.md).
    static let typicalRatio = 1.45

    @Option(help: "The rate at the limit, or of stable.")
    var rate: Percent
    @Option(help: "The rate of a candidate that must be found.")
    var to: Percent
    @Option(help: "The candidate's share of traffic; without it, the limit is a constant.")
    var share: Percent?
    @Option(help: "The chance of a false alarm.")
    var alpha = Percent(0.05)
    @Option(help: "All requests a second, for the time it takes.")
    var perSecond: Double?
    @Option(help: "text or json.")
    var output: OutputFormat = .text

    private struct Answer: Codable {
        let bound: Double
        let typical: Double
        let seconds: Double?
    }

    func run() throws {
        try calculating {
            let information: Double
            if let share {
                information = Information.divergence(
                    candidate: to.fraction, stable: rate.fraction,
                    from: try .rise(points: 0), share: share.fraction)
            } else {
                information = Information.divergence(to.fraction, from: rate.fraction)
            }
            guard information > 0 else {
                throw ValidationError("\(percent(to.fraction)) is no effect; give another --to")
            }
            let bound = -LogDomain.log(alpha.fraction) / information
            let typical = bound * Self.typicalRatio
            let answer = Answer(
                bound: bound.rounded(.up), typical: typical.rounded(.up),
                seconds: perSecond.flatMap { $0 > 0 ? typical / $0 : nil })
            switch output {
            case .json:
                try FileHandle.standardOutput.write(
                    contentsOf: Data(CanonicalJSON.encode(answer).pretty))
            case .text:
                let kind = share == nil ? "requests" : "requests of both versions"
                var text = "about \(decimal(answer.typical, 0)) \(kind)"
                if let seconds = answer.seconds, let whole = Int64(exactly: seconds.rounded()) {
                    text += ", \(TimeSpan.seconds(whole).spoken)"
                }
                text += "; at least \(decimal(answer.bound, 0)) whatever the method\n"
                try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
            }
        }
    }
}

/// Input that the engine refuses is an argument error.
private func calculating(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let error as InvalidEvidence {
        throw ValidationError("\(error)")
    }
}
