import ArgumentParser
import Evidence
import RolloutCore

/// Two versions side by side, or on the same requests.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Is the candidate as good as stable, to within a margin?",
        discussion: """
            Both versions must have served side by side, at one split. --rise-at-most and
            --relative-rise-at-most take counts of failures, --drop-at-most of successes.
            With --paired both versions answered the same requests, which needs far fewer
            of them.

            Stable's error rate of before, if you know it, makes the answer sharper:
            --stable-history. It must not come from these counts.

            EXAMPLES
              gatewright stats compare --candidate 12/3000 --stable 90/60000 \\
                --rise-at-most 0.3%
              gatewright stats compare --candidate 2880/3000 --stable 57900/60000 \\
                --drop-at-most 3% --stable-history 3.5%
              gatewright stats compare --candidate 40/3000 --stable 90/60000 \\
                --relative-rise-at-most 50%
              gatewright stats compare --paired --better 40 --worse 61 --of 12480 \\
                --rise-at-most 1%

            Exit codes: 0 answered, 64 wrong arguments.
            """)

    @Option(help: "The candidate's counts, such as 12/3000.")
    var candidate: CountOf?

    @Option(help: "Stable's counts, such as 90/60000.")
    var stable: CountOf?

    @Flag(help: "Both answered the same requests.")
    var paired = false

    @Option(help: "Paired: how often only the candidate was right.")
    var better: Int?

    @Option(help: "Paired: how often only stable was right.")
    var worse: Int?

    @Option(help: "Paired: how many requests both answered.")
    var of: Int?

    @Option(help: "How many points more may fail: 0.3%.")
    var riseAtMost: Fraction?

    @Option(help: "How many points fewer may succeed: 3%.")
    var dropAtMost: Fraction?

    @Option(help: "By which part of stable's rate more may fail: 50%.")
    var relativeRiseAtMost: Fraction?

    @Option(help: "Stable's error rate of before: 3.5%.")
    var stableHistory: Fraction?

    @OptionGroup var options: StatsOptions

    func validate() throws {
        let limits = [riseAtMost, dropAtMost, relativeRiseAtMost].compactMap(\.self)
        guard limits.count == 1 else {
            throw ValidationError(
                "give one of --rise-at-most, --drop-at-most and --relative-rise-at-most")
        }
        if paired {
            guard candidate == nil, stable == nil, relativeRiseAtMost == nil, stableHistory == nil,
                let better, let worse, let of, better >= 0, worse >= 0, of > 0, better <= of,
                worse <= of - better
            else {
                throw ValidationError(
                    "--paired takes --better, --worse and --of, where the first two fit into the "
                        + "last, and a margin in points")
            }
        } else {
            guard candidate != nil, stable != nil, better == nil, worse == nil, of == nil else {
                throw ValidationError(
                    "give --candidate and --stable, or --paired with --better, --worse and --of")
            }
            guard relativeRiseAtMost == nil || stableHistory == nil else {
                throw ValidationError("--stable-history says nothing about a relative rise")
            }
        }
        _ = try answer()
    }

    func run() throws { try options.write(try answer()) }

    func answer() throws -> StatsAnswer {
        if paired { return try pairedAnswer() }
        return relativeRiseAtMost == nil ? try marginAnswer() : try ratioAnswer()
    }

    private func margin() throws -> Double {
        try riseAtMost?.inside(-0.98...0.98, "--rise-at-most")
            ?? dropAtMost?.inside(-0.98...0.98, "--drop-at-most") ?? 0
    }

    /// A difference of failure rates on the scale of the question: a drop is one of successes.
    private func scaled(_ difference: Double) -> Double {
        dropAtMost == nil ? difference : -difference
    }

    private func bound(_ margin: Double) -> String {
        dropAtMost == nil
            ? "a rise of at most \(significant(margin * 100, 3)) pp"
            : "a drop of at most \(significant(margin * 100, 3)) pp"
    }

    private func words(
        _ what: String, bound: String, unit: String,
        scale: @escaping (Double) -> Double = { $0 }, number: @escaping (Double) -> String,
        notes: [String] = []
    ) -> StatsAnswer.Words {
        StatsAnswer.Words(
            unit: unit,
            sentence: { verdict in
                switch verdict {
                case .violated: "Violated: \(what), which is not \(bound)."
                case .proven: "Proven: \(what), which is \(bound)."
                case .undecided: "Undecided: \(what); \(bound) is neither proven nor violated."
                }
            }, scale: scale, number: number, notes: notes,
            exact: paired
                ? "exact at any number of looks, if each counts once and none is missing"
                : "exact for one look, if traffic was split the same way all the time")
    }

    private func described(_ arm: CountOf) -> String {
        "\(percentage(Double(arm.count) / Double(arm.trials))) of \(grouped(arm.trials))"
    }

    private func pairedAnswer() throws -> StatsAnswer {
        let (better, worse, of) = (better ?? 0, worse ?? 0, of ?? 0)
        let margin = try margin()
        var process = try PairedComparison(margin: margin)
        try process.observe(better: better, equal: of - better - worse, worse: worse)
        let alpha = try options.level()
        let what =
            "\(grouped(worse)) worse and \(grouped(better)) better of \(grouped(of)) pairs "
            + "(\(points(scaled(Double(worse - better) / Double(of)))))"
        return StatsAnswer(
            process.reading(alpha: alpha), alpha: alpha,
            words: words(what, bound: bound(margin), unit: "pairs", scale: scaled, number: points)
        ) { process.needs($0, alpha: $1) }
    }

    private func marginAnswer() throws -> StatsAnswer {
        guard let candidate, let stable else { throw ValidationError("no counts") }
        let (alpha, margin) = (try options.level(), try margin())
        let history = try stableHistory?.inside(0...1, "--stable-history")
        func failures(_ arm: CountOf) -> Int {
            dropAtMost == nil ? arm.count : arm.trials - arm.count
        }
        let comparison = try TotalsComparison(
            limit: try .rise(points: margin),
            totals: ComparisonBlock(
                candidateTrials: candidate.trials, candidateFailures: failures(candidate),
                stableTrials: stable.trials, stableFailures: failures(stable)),
            stableHistory: history)
        let reading = comparison.reading(alpha: alpha)
        let what =
            "the candidate has \(described(candidate)), stable \(described(stable)) "
            + "(\(reading.estimate.map { points(scaled($0)) } ?? "–"))"
        return StatsAnswer(
            reading, alpha: alpha,
            words: words(
                what, bound: bound(margin), unit: "candidate requests", scale: scaled,
                number: points,
                notes: history == nil
                    ? [
                        "stable's rate was not known before, so the evidence is weaker than a "
                            + "rollout's, which learns it as it goes"
                    ] : [])
        ) { comparison.needs($0, alpha: $1) }
    }

    private func ratioAnswer() throws -> StatsAnswer {
        guard let candidate, let stable else { throw ValidationError("no counts") }
        let alpha = try options.level()
        let rise = try relativeRiseAtMost?.inside(-0.99...999, "--relative-rise-at-most") ?? 0
        var process = try RateComparison(ratio: 1 + rise)
        try process.observe(
            candidateEvents: candidate.count, stableEvents: stable.count,
            candidateExposure: Double(candidate.trials), stableExposure: Double(stable.trials))
        let reading = process.reading(alpha: alpha)
        let ratio = reading.estimate.map { "\(significant($0, 3)) times as often" }
        let what =
            "the candidate fails on \(described(candidate)), stable on \(described(stable)) "
            + "(\(ratio ?? "no ratio yet"))"
        return StatsAnswer(
            reading, alpha: alpha,
            words: words(
                what, bound: "at most \(significant(1 + rise, 4)) times as often",
                unit: "candidate failures", number: { "\(significant($0, 3)) times" },
                notes: [
                    "judged by how the failures fall on the versions, given the traffic of each"
                ])
        ) { process.needs($0, alpha: $1) }
    }
}
