import ArgumentParser
import Evidence
import RolloutCore

/// How long a guardrail takes, before it is asked.
struct SampleSizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample-size",
        abstract: "How many requests will a verdict take?",
        discussion: """
            --if is how good the candidate really is: a rate beyond the limit asks how soon
            it is found, one within it how soon it is proven. With --drop-at-most and
            --at-least, rates are of successes.

            EXAMPLES
              gatewright stats sample-size --at-most 0.5% --if 0.8%
              gatewright stats sample-size --at-least 95% --if 97% --per-second 100
              gatewright stats sample-size --drop-at-most 3% --stable 95% --if 94% \\
                --share 5% --per-second 100
              gatewright stats sample-size --paired --disagree 3% --drop-at-most 0 \\
                --stable 95% --if 94%

            Exit codes: 0 answered, 64 wrong arguments.
            """)

    @Option(help: "The largest error rate that is good enough.")
    var atMost: Fraction?

    @Option(help: "The smallest accuracy that is good enough.")
    var atLeast: Fraction?

    @Option(help: "How many points more than stable's may fail.")
    var riseAtMost: Fraction?

    @Option(help: "How many points fewer than stable's may succeed.")
    var dropAtMost: Fraction?

    @Option(name: .customLong("if"), help: "The candidate's real rate.")
    var truth: Fraction

    @Option(help: "Stable's rate, for a rise or a drop.")
    var stable: Fraction?

    @Option(help: "The candidate's share of the traffic, for a rise or a drop.")
    var share: Fraction?

    @Flag(help: "Both answer the same requests, as in shadow.")
    var paired = false

    @Option(help: "Paired: on how many just one of them is right.")
    var disagree: Fraction?

    @Option(help: "Requests per second, of both versions together.")
    var perSecond: Double?

    @OptionGroup var options: StatsOptions

    func validate() throws {
        let constant = [atMost, atLeast].compactMap(\.self).count
        let relative = [riseAtMost, dropAtMost].compactMap(\.self).count
        guard constant + relative == 1 else {
            throw ValidationError(
                "give one of --at-most, --at-least, --rise-at-most and --drop-at-most")
        }
        guard (stable != nil) == (relative == 1) else {
            throw ValidationError("--stable belongs to --rise-at-most and --drop-at-most")
        }
        guard paired == (disagree != nil), !paired || (relative == 1 && share == nil) else {
            throw ValidationError(
                "--paired takes --disagree, and a margin to stable without a --share")
        }
        guard perSecond.map({ $0 > 0 && $0.isFinite }) ?? true else {
            throw ValidationError("--per-second is a number above 0")
        }
        _ = try answer()
    }

    func run() throws { try options.write(try answer()) }

    func answer() throws -> ExpectedSize {
        let alpha = try options.level()
        let isReversed = atLeast != nil || dropAtMost != nil
        func failures(_ rate: Fraction, _ option: String) throws -> Double {
            let rate = try rate.inside(0...1, option)
            return isReversed ? 1 - rate : rate
        }
        let truth = try failures(truth, "--if")
        if let bound = atMost ?? atLeast {
            let limit = try failures(bound, isReversed ? "--at-least" : "--at-most")
            return ExpectedSize(
                .constant(limit: limit, rate: truth), alpha: alpha, part: 1,
                perSecond: perSecond,
                asked: isReversed
                    ? "at least \(percentage(bound.value))"
                    : "at most \(percentage(bound.value))")
        }
        guard let bound = riseAtMost ?? dropAtMost, let stable else {
            throw ValidationError("no limit")
        }
        let margin = try bound.inside(
            -0.98...0.98, isReversed ? "--drop-at-most" : "--rise-at-most")
        let stableRate = try failures(stable, "--stable")
        let asked =
            "\(isReversed ? "a drop" : "a rise") of at most \(significant(margin * 100, 3)) pp"
        if let disagree {
            let disagree = try disagree.inside(0...1, "--disagree")
            guard abs(truth - stableRate) <= disagree else {
                throw ValidationError(
                    "--disagree is less than the difference between --if and --stable")
            }
            let worse = (disagree + truth - stableRate) / 2
            return ExpectedSize(
                .paired(margin: margin, better: disagree - worse, worse: worse), alpha: alpha,
                part: 1, perSecond: perSecond, asked: asked)
        }
        let share = try (share ?? Fraction(0.05)).inside(1e-6...0.999999, "--share")
        return ExpectedSize(
            .sideBySide(
                limit: try .rise(points: margin), candidate: truth, stable: stableRate,
                share: share),
            alpha: alpha, part: share, perSecond: perSecond, asked: asked)
    }
}
