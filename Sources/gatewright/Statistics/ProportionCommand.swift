import ArgumentParser
import Evidence
import RolloutCore

/// One version against a constant limit.
struct ProportionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proportion",
        abstract: "Is an error rate, or an accuracy, within its limit?",
        discussion: """
            Judges counts as a guardrail would: the verdict holds however often you come
            back with larger counts of the same stream.

            EXAMPLES
              gatewright stats proportion --errors 12 --of 3000 --at-most 0.5%
              gatewright stats proportion --right 2880 --of 3000 --at-least 95%
              gatewright stats proportion --errors 0 --of 900 --at-most 1% --alpha 1%

            Exit codes: 0 answered, 64 wrong arguments.
            """)

    @Option(help: "How many failed; with --at-most.")
    var errors: Int?

    @Option(help: "How many were right; with --at-least.")
    var right: Int?

    @Option(help: "How many there were.")
    var of: Int

    @Option(help: "The largest error rate that is good enough: 0.5%, 0.005.")
    var atMost: Fraction?

    @Option(help: "The smallest accuracy that is good enough: 95%, 0.95.")
    var atLeast: Fraction?

    @OptionGroup var options: StatsOptions

    func validate() throws {
        switch (errors, right, atMost, atLeast) {
        case (let count?, nil, .some, nil), (nil, let count?, nil, .some):
            guard of > 0, (0...of).contains(count) else {
                throw ValidationError("\(count) of \(of): expected 0 to as many as there were")
            }
            _ = try answer()
        default:
            throw ValidationError("give --errors with --at-most, or --right with --at-least")
        }
    }

    func run() throws { try options.write(try answer()) }

    func answer() throws -> StatsAnswer {
        let alpha = try options.level()
        let isReversed = atLeast != nil
        let asked = isReversed ? atLeast : atMost
        let limit = try asked?.inside(0...1, isReversed ? "--at-least" : "--at-most") ?? 0
        let count = (isReversed ? right : errors) ?? 0
        let failures = isReversed ? of - count : count
        var process = try ProportionProcess(limit: isReversed ? 1 - limit : limit)
        try process.observe(trials: of, failures: failures)
        let bound = "\(isReversed ? "at least" : "at most") \(percentage(limit))"
        let what =
            "\(grouped(count)) of \(grouped(of)) \(isReversed ? "are right" : "failed")"
            + " (\(percentage(Double(count) / Double(of))))"
        let words = StatsAnswer.Words(
            unit: of == 1 ? "observation" : "observations",
            sentence: { verdict in
                switch verdict {
                case .violated: "Violated: \(what), which is not \(bound)."
                case .proven: "Proven: \(what), which is \(bound)."
                case .undecided: "Undecided: \(what); \(bound) is neither proven nor violated."
                }
            }, scale: { isReversed ? 1 - $0 : $0 }, number: percentage)
        return StatsAnswer(process.reading(alpha: alpha), alpha: alpha, words: words) {
            process.needs($0, alpha: $1)
        }
    }
}
