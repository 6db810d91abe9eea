import Evidence

/// The functions of `confseq.betting` and `confseq.betting_strategies`.
enum BettingCalls {
    /// `nil` when the function is none of these.
    static func compute(_ p: inout CallParameters, _ x: [Double]?) throws -> CallResult? {
        guard let compute = table[p.name] else { return nil }
        guard let x else { throw MissingParameter(name: "sequence") }
        p.ignore("parallel")
        return try compute(&p, x)
    }

    private typealias Computation = @Sendable (inout CallParameters, [Double]) throws -> CallResult

    private static let table: [String: Computation] = [
        "hedged_cs": { p, x in
            var martingale = try hedged(&p)
            martingale.truncationScale = try p.double("trunc_scale", 0.5)
            return try sequence(martingale, &p, x, isIntersected: true)
        },
        "betting_cs": { p, x in
            var martingale = try hedged(&p)
            try options(&martingale, &p)
            return try sequence(martingale, &p, x, isIntersected: false)
        },
        "betting_lower_cs": { p, x in
            let alpha = try p.double("alpha", 0.05)
            var martingale = BettingMartingale(upward: [.predictableMixture(alpha: alpha)])
            try options(&martingale, &p)
            martingale.theta = 1
            let both = try sequence(martingale, &p, x, isIntersected: false)
            guard case .interval(let lower, _) = both else { return both }
            return .lower(lower)
        },
        "betting_ci": { p, x in
            var martingale = try hedged(&p, fixed: x.count)
            try options(&martingale, &p, truncationScale: 1, truncatesByMean: false)
            return try last(sequence(martingale, &p, x, isIntersected: true))
        },
        "dKelly_cs": { p, x in
            var martingale = BettingMartingale(
                diversifiedOver: try p.int("D", 10), theta: try p.double("theta", 0.5))
            martingale.population = try p.optionalInt("N")
            return try sequence(martingale, &p, x, isIntersected: true)
        },
        "betting_mart": { p, x in
            var martingale = try hedged(&p)
            try options(&martingale, &p)
            return .wealth(martingale.wealth(x, mean: try p.double("m")))
        },
        "lambda_predmix_eb": { p, x in
            let strategy = BettingStrategy.predictableMixture(
                alpha: try p.double("alpha", 0.05),
                truncation: try p.double("truncation", .infinity),
                fixed: try p.optionalInt("fixed_n"), prior: try prior(&p),
                scale: try p.double("scale", 1))
            return .bets(strategy.bets(on: x, against: x.map { _ in 0.5 }))
        },
        "lambda_aKelly": { p, x in
            let strategy = BettingStrategy.approximateKelly(
                prior: try prior(&p), scale: try p.double("trunc_scale", 1))
            let population = try p.optionalInt("N")
            let mean = try p.double("m")
            var martingale = BettingMartingale(upward: [])
            martingale.population = population
            return .bets(
                strategy.bets(
                    on: x, against: martingale.conditionalMeans(x, mean), population: population))
        },
        "lambda_LBOW": { p, x in
            let mean = try p.double("m")
            return .bets(BettingStrategy.lowerBound.bets(on: x, against: x.map { _ in mean }))
        },
    ]

    /// A martingale whose bets the call describes, as in "constant bets lambda_i=i/(10 m), i=1..9".
    static func constantBets(
        _ call: String, _ p: inout CallParameters, _ data: VectorValue?, _ one: VectorValue,
        _ outputs: Set<String>, _ found: inout VectorCase
    ) throws {
        guard p.name == "diversified_betting_mart" else { throw UnknownFunction(name: call) }
        guard let x = data?.doubles else { throw MissingParameter(name: "sequence") }
        guard let divisor = number(after: "i/(", in: call) ?? number(after: "i / (", in: call),
            let first = number(after: "i=", in: call), let last = number(after: "..", in: call),
            let from = Int(exactly: first), let to = Int(exactly: last), from <= to
        else { throw MissingParameter(name: "constant bets") }
        p.ignore("i")
        let shares = (from...to).map { Double($0) / divisor }
        var martingale = BettingMartingale(
            upward: shares.map { .constant(share: $0, isMirrored: false) })
        try options(&martingale, &p)
        p.ignore("alpha")
        let wealth = martingale.wealth(x, mean: try p.double("m"))
        try p.finish()
        try CallResult.wealth(wealth).compare(one, outputs, &found)
    }

    /// Kelly's bets, where the library's own root search has found them.
    static func kelly(
        _ p: inout CallParameters, _ data: VectorValue?, _ one: VectorValue,
        _ outputs: Set<String>, _ found: inout VectorCase
    ) throws {
        guard let x = data?.doubles else { throw MissingParameter(name: "sequence") }
        let mean = try p.double("m")
        try p.finish()
        let reference = outputs.first.flatMap { one[$0]?.doubles } ?? []
        for (index, bet) in reference.enumerated() {
            let gaps = x.prefix(index).map { $0 - mean }
            let slope = gaps.reduce(0) { $0 + $1 / (1 + bet * $1) }
            let isRuinous = gaps.contains { 1 + bet * $0 < 0 }
            let isMixed = gaps.contains { $0 > 0 } && gaps.contains { $0 < 0 }
            if isMixed, isRuinous || abs(slope) > 1e-5 * Double(index) {
                return found.isUnknown("the library's root search did not converge at \(index)")
            }
        }
        let bets = BettingStrategy.kelly.bets(on: x, against: x.map { _ in mean })
        try CallResult.bets(bets).compare(
            one, outputs, &found, within: .relative(1e-6, absolute: 1e-9))
    }

    private static func number(after mark: String, in text: String) -> Double? {
        var rest = Substring(text)
        while !rest.isEmpty {
            if rest.hasPrefix(mark) {
                let digits = rest.dropFirst(mark.count).prefix { $0.isNumber || $0 == "." }
                let whole = digits.hasSuffix("..") ? digits.dropLast(2) : digits
                if let value = Double(whole.prefix { $0.isNumber }), mark != "." { return value }
            }
            rest = rest.dropFirst()
        }
        return nil
    }

    private static func hedged(
        _ p: inout CallParameters, fixed: Int? = nil
    ) throws -> BettingMartingale {
        var martingale = BettingMartingale(
            hedgedAt: try p.double("alpha", 0.05), theta: try p.double("theta", 0.5),
            fixed: fixed, prior: try prior(&p))
        martingale.population = try p.optionalInt("N")
        return martingale
    }

    private static func prior(_ p: inout CallParameters) throws -> BettingStrategy.Prior {
        BettingStrategy.Prior(
            mean: try p.double("prior_mean", 0.5), variance: try p.double("prior_variance", 0.25),
            weight: try p.double("fake_obs", 1))
    }

    private static func options(
        _ martingale: inout BettingMartingale, _ p: inout CallParameters,
        truncationScale: Double = 0.5, truncatesByMean: Bool = true
    ) throws {
        martingale.theta = try p.double("theta", 0.5)
        martingale.isSum = try p.bool("convex_comb", false)
        martingale.truncationScale = try p.double("trunc_scale", truncationScale)
        martingale.truncatesByMean = try p.bool("m_trunc", truncatesByMean)
        martingale.population = try p.optionalInt("N")
    }

    private static func sequence(
        _ martingale: BettingMartingale, _ p: inout CallParameters, _ x: [Double],
        isIntersected: Bool
    ) throws -> CallResult {
        guard
            let sequence = martingale.sequence(
                x, alpha: try p.double("alpha", 0.05), breaks: try p.int("breaks", 1_000))
        else { throw OutOfDomain() }
        return try .intersected(sequence, &p, isIntersected)
    }

    private static func last(_ result: CallResult) -> CallResult {
        guard case .interval(let lower, let upper) = result else { return result }
        return .interval(lower: lower.suffix(1), upper: upper.suffix(1))
    }
}

extension CallResult {
    static func intersected(
        _ sequence: GridSequence, _ p: inout CallParameters, _ fallback: Bool = false
    ) throws -> CallResult {
        let isIntersected = try p.bool("running_intersection", fallback)
        let result = isIntersected ? sequence.runningIntersection : sequence
        return .interval(lower: result.lower, upper: result.upper)
    }
}
