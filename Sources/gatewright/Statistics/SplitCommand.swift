import ArgumentParser
import Evidence
import RolloutCore

/// Whether traffic fell as it was asked to.
struct SplitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "srm",
        abstract: "Was traffic split as asked? (sample-ratio mismatch)",
        discussion: """
            A split that is not the one asked for makes every comparison suspect: requests
            were lost, retried or assigned by something that matters. Count what was
            assigned at random: users when they stick to a version.

            EXAMPLES
              gatewright stats srm --counts 317,4683 --shares 5,95
              gatewright stats srm --counts 10210,9790 --shares 50%,50% --alpha 1%

            Exit codes: 0 answered, 64 wrong arguments.
            """)

    @Option(help: "How many each version got, the candidate first.")
    var counts: NumberList

    @Option(help: "The shares that were asked for, on any scale.")
    var shares: NumberList

    @OptionGroup var options: StatsOptions

    func validate() throws {
        guard counts.values.count == shares.values.count, (2...64).contains(counts.values.count)
        else {
            throw ValidationError(
                "\(counts.values.count) counts and \(shares.values.count) shares; expected one of "
                    + "each for 2 to 64 versions")
        }
        guard wholeCounts != nil else {
            throw ValidationError("counts are whole numbers of 0 or more")
        }
        guard shares.values.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("shares are more than 0")
        }
        _ = try answer()
    }

    private var wholeCounts: [Int]? {
        let whole = counts.values.compactMap { value in
            (0...9e15).contains(value) ? Int(exactly: value) : nil
        }
        return whole.count == counts.values.count ? whole : nil
    }

    func run() throws { try options.write(try answer()) }

    func answer() throws -> StatsAnswer {
        let alpha = try options.level(0.001)
        let counts = wholeCounts ?? []
        var process = try SplitProcess(shares: shares.values)
        try process.observe(counts: counts)
        let total = counts.reduce(0, +)
        let asked = shares.values.map { percentage($0 / shares.values.reduce(0, +)) }
        let found = counts.map { percentage(Double($0) / Double(max(total, 1))) }
        let what =
            "\(found.joined(separator: " : ")) of \(grouped(total)), asked for "
            + asked.joined(separator: " : ")
        let once = ContingencyTests.goodnessOfFit(counts.map(Double.init), shares: shares.values)
        let words = StatsAnswer.Words(
            unit: "units of the candidate",
            sentence: { verdict in
                verdict == .violated
                    ? "Not the split that was asked for: \(what). Do not trust comparisons of it."
                    : "No mismatch is proven: \(what)."
            }, number: percentage,
            notes: once.map {
                [
                    "χ² = \(significant($0.statistic, 3)), p \(pValue($0.pValue)), good for a "
                        + "single look"
                ]
            } ?? [], isProvable: false)
        return StatsAnswer(process.reading(alpha: alpha), alpha: alpha, words: words) {
            process.needs($0, alpha: $1)
        }
    }
}
