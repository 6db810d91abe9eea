import Evidence
import Foundation

/// One case with its parameters, which stand in members or in the text of the call.
struct ClassicalCase {
    let one: VectorValue
    let call: String
    private let samples: [String: VectorValue]
    /// The words of the call, in lower case.
    private let words: Set<String>

    init(_ one: VectorValue, call: String, samples: [String: VectorValue]) {
        self.one = one
        self.call = call
        self.samples = samples
        words = Set(
            call.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "_" }
                .map(String.init))
    }

    private static let known: Set<String> = [
        "call", "producer", "note", "x", "y", "alternative", "method", "use_continuity",
        "equal_var", "distribution", "popmean", "zero_method", "correction", "count", "nobs",
        "value", "prop_var", "compare", "k", "n", "p0", "events", "exposure", "table", "exact",
        "observed", "f_obs", "expected_prob", "expected", "f_exp", "ddof", "lambda_", "confidence",
        "confidence_level", "alpha", "U", "D", "t", "z", "chi2", "odds", "odds_ratio", "stat",
        "statistic", "p", "pvalue", "p_value", "df", "dof", "expected_freq", "hodges_lehmann",
        "mean_ratio", "k_0based", "ci",
    ]

    /// A member that is neither a parameter nor a result of which anything is known here.
    var unknownMember: String? {
        (one.object ?? [:]).keys.sorted().first { key in
            !Self.known.contains(key) && !(key.hasPrefix("ci") && Double(key.dropFirst(2)) != nil)
        }
    }

    func isCall(_ name: String) -> Bool { call.contains(name) }

    func hasWord(_ word: String) -> Bool { words.contains(word) }

    /// A sample by name, or written out.
    func sample(_ key: String) -> [Double]? {
        if let name = one[key]?.string { return samples[name]?.doubles }
        return one[key]?.doubles
    }

    /// SciPy's words and those of statsmodels; in the text of the call when there is no member.
    func alternative(default standard: Alternative = .twoSided) -> Alternative? {
        if let word = one["alternative"]?.string { return Self.alternative(word) }
        if call.contains("two-sided") { return .twoSided }
        if hasWord("greater") || hasWord("larger") { return .greater }
        if hasWord("less") || hasWord("smaller") { return .less }
        return standard
    }

    private static func alternative(_ word: String) -> Alternative? {
        switch word {
        case "larger": .greater
        case "smaller": .less
        case "2s": .twoSided
        default: Alternative(rawValue: word)
        }
    }

    /// `95%` or `alpha=.05` in the call, or members; also what an interval's name says, as `ci90`.
    func confidence(default standard: Double = 0.95) -> Double {
        if let level = (one["confidence"] ?? one["confidence_level"])?.double { return level }
        if let alpha = one["alpha"]?.double ?? call.number(after: "alpha=") { return 1 - alpha }
        if let percent = call.numbers.last(where: { $0.text.hasSuffix("%") }) {
            return percent.value / 100
        }
        if let level = call.number(after: "confidence_level=")
            ?? call.number(after: "proportion_ci(")
        {
            return level
        }
        let named = (one.object ?? [:]).keys.compactMap { key in
            key.hasPrefix("ci") ? Double(key.dropFirst(2)) : nil
        }
        return named.first.map { $0 / 100 } ?? standard
    }

    /// An interval, under whichever name.
    var interval: VectorValue? {
        one["ci"]
            ?? (one.object ?? [:]).first { $0.key.hasPrefix("ci") && $0.value.list != nil }?.value
    }

    var pValue: VectorValue? { one["p"] ?? one["pvalue"] ?? one["p_value"] }

    func statistic(_ name: String) -> VectorValue? { one[name] ?? one["statistic"] ?? one["stat"] }

    /// A switch, as a member or as `key=False` in the call.
    func flag(_ key: String, default standard: Bool) -> Bool {
        if let value = one[key]?.bool { return value }
        if call.contains("\(key)=False") { return false }
        return call.contains("\(key)=True") ? true : standard
    }

    /// A choice, as a member, as `key=word` in the call, or as one of the call's words.
    func choice(_ key: String, of choices: [String], default standard: String) -> String {
        if let word = one[key]?.string { return word }
        if let range = call.range(of: "\(key)=") {
            return String(
                call[range.upperBound...].drop { "'\"".contains($0) }
                    .prefix { $0.isLetter || $0 == "-" || $0 == "_" })
        }
        return choices.first { hasWord($0) } ?? standard
    }

    /// What follows one of the marks in the call, or the member of that name.
    func parameter(_ key: String, after marks: [String]) -> Double? {
        if let value = one[key]?.double { return value }
        return marks.lazy.compactMap { call.number(after: $0) }.first
    }
}

extension VectorCase {
    /// Compares statistic and p-value, and degrees of freedom if the case has them.
    mutating func expect(_ test: ClassicalTest?, _ name: String, _ input: ClassicalCase) {
        if let statistic = input.statistic(name) {
            // A difference that is as large as asked for leaves a statistic of rounding alone.
            expect(name, test?.statistic, statistic, within: .relative(1e-10, absolute: 1e-12))
        }
        expect("p", test?.pValue, input.pValue, within: .relative(1e-10, absolute: 1e-300))
        if let df = input.one["df"] ?? input.one["dof"] {
            expect("df", test?.degreesOfFreedom, df)
        }
    }
}

extension String {
    /// Numbers in a text, each with the character after it if that is a percent sign.
    var numbers: [(text: String, value: Double)] {
        var found: [(text: String, value: Double)] = []
        var digits = ""
        for character in self + " " {
            let isSign = character == "-" && digits.isEmpty
            if character.isNumber || character == "." || isSign {
                digits.append(character)
                continue
            }
            if let value = Double(digits) {
                found.append((character == "%" ? digits + "%" : digits, value))
            }
            digits = ""
        }
        return found
    }
}
