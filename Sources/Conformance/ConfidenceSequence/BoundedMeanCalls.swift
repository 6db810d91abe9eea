import Evidence

/// The functions of `confseq.predmix`, `confseq.conjmix_bounded` and `confseq.other_bounded`.
enum BoundedMeanCalls {
    /// The parameters by position.
    static func order(_ name: String) -> [String] {
        switch name {
        case "rho2_opt": ["t_opt", "alpha_opt"]
        case "conjmix_bernoulli_cs": ["x", "t_opt", "alpha", "breaks", "running_intersection"]
        case "conjmix_hoeffding_twosided_cs": ["x", "t_opt", "alpha", "running_intersection"]
        case "predmix_hoeffding_ci": ["x", "alpha", "N", "running_intersection"]
        case "banco": ["x", "alpha", "running_intersection"]
        case _ where name.hasPrefix("conjmix_empbern"):
            ["x", "v_opt", "alpha", "running_intersection"]
        case _ where name.hasPrefix("predmix"):
            ["x", "alpha", "truncation", "running_intersection", "N", "fixed_n"]
        case "hedged_cs":
            ["x", "alpha", "N", "breaks", "running_intersection", "parallel", "theta"]
        case "dKelly_cs": ["x", "D", "alpha", "N", "breaks", "running_intersection"]
        case "betting_mart": ["x", "m", "alpha"]
        case "lambda_aKelly", "lambda_Kelly", "lambda_LBOW": ["x", "m"]
        case "lambda_predmix_eb": ["x", "truncation", "alpha", "fixed_n"]
        default: []
        }
    }

    /// `nil` when the function is none of these.
    static func compute(_ p: inout CallParameters, _ x: [Double]?) throws -> CallResult? {
        if p.name == "rho2_opt" {
            let precision = ConjugateMixture.precision(
                tunedTo: try p.double("t_opt"), alpha: try p.double("alpha_opt"))
            return .number(try some(precision))
        }
        guard let compute = table[p.name] else { return nil }
        guard let x else { throw MissingParameter(name: "sequence") }
        p.ignore("parallel")
        return try compute(&p, x, try p.double("alpha", 0.05))
    }

    private typealias Computation =
        @Sendable (inout CallParameters, [Double], Double) throws -> CallResult

    private static let bernstein: Computation = { p, x, alpha in
        try .intersected(try mixture(.empiricalBernstein, &p).twoSided(x, alpha: alpha), &p)
    }

    private static let conjugate: Computation = { p, x, alpha in
        // The library halves the level of each side once more.
        let sequence = ConjugateMixture.empiricalBernstein(
            x, tunedTo: try p.double("v_opt"), alpha: alpha / 2)
        return try .intersected(try some(sequence), &p)
    }

    private static let hoeffdingInterval: Computation = { p, x, alpha in
        let mixture = PredictableMixture(
            .hoeffding, truncation: .infinity, fixed: x.count, population: try p.optionalInt("N"))
        let sequence = mixture.twoSided(x, alpha: alpha)
        return last(try .intersected(sequence, &p, true))
    }

    private static let table: [String: Computation] = [
        "predmix_empbern_twosided_cs": bernstein,
        "predmix_empbern_cs": bernstein,
        "predmix_empbern_lower_cs": { p, x, alpha in
            lower(try mixture(.empiricalBernstein, &p).lower(x, alpha: alpha), try isRunning(&p))
        },
        "predmix_hoeffding_cs": { p, x, alpha in
            try .intersected(try mixture(.hoeffding, &p).twoSided(x, alpha: alpha), &p)
        },
        "predmix_hoeffding_lower_cs": { p, x, alpha in
            lower(try mixture(.hoeffding, &p).lower(x, alpha: alpha), try isRunning(&p))
        },
        "predmix_hoeffding_ci": hoeffdingInterval,
        "predmix_empbern_ci": { p, x, alpha in
            // The library asks for the intersection and then does not take it.
            p.ignore("running_intersection")
            let mixture = PredictableMixture(
                .empiricalBernstein, truncation: try p.double("truncation", 0.5), fixed: x.count,
                population: try p.optionalInt("N"))
            let sequence = mixture.twoSided(x, alpha: alpha)
            return last(.interval(lower: sequence.lower, upper: sequence.upper))
        },
        "conjmix_hoeffding_twosided_cs": { p, x, alpha in
            let sequence = ConjugateMixture.hoeffding(
                x, tunedTo: try p.double("t_opt"), alpha: alpha)
            return try .intersected(try some(sequence), &p)
        },
        "conjmix_empbern_lower_cs": { p, x, alpha in
            let bounds = ConjugateMixture.empiricalBernsteinLower(
                x, tunedTo: try p.double("v_opt"), alpha: alpha / 2)
            return lower(try some(bounds), try isRunning(&p))
        },
        "conjmix_empbern_twosided_cs": conjugate,
        "conjmix_empbern_cs": conjugate,
        "conjmix_bernoulli_cs": { p, x, alpha in
            let sequence = ConjugateMixture.bernoulli(
                x, tunedTo: try p.double("t_opt"), alpha: alpha,
                breaks: try p.int("breaks", 1_000))
            return try .intersected(try some(sequence), &p)
        },
        "bernoulli_supermartingale": { p, x, _ in
            p.ignore("alpha")
            return .wealth(
                ConjugateMixture.wealth(
                    x, try p.double("m"), tunedTo: try p.double("t_opt"),
                    alpha: try p.double("alpha_opt")))
        },
        "banco": { p, x, alpha in
            let sequence = try some(ConjugateMixture.banco(x, alpha: alpha))
            let result = try CallResult.intersected(sequence, &p)
            guard case .interval(let lower, let upper) = result else { return result }
            return .interval(lower: lower.map { max(0, $0) }, upper: upper.map { min(1, $0) })
        },
    ]

    private static func mixture(
        _ bound: PredictableMixture.Bound, _ p: inout CallParameters
    ) throws -> PredictableMixture {
        PredictableMixture(
            bound, truncation: try p.double("truncation", bound == .hoeffding ? 1 : 0.5),
            fixed: try p.optionalInt("fixed_n"), population: try p.optionalInt("N"),
            boundsMean: try p.bool("truncate_mean", false))
    }

    private static func isRunning(_ p: inout CallParameters) throws -> Bool {
        try p.bool("running_intersection", false)
    }

    private static func lower(_ bounds: [Double], _ isRunning: Bool) -> CallResult {
        .lower(isRunning ? Running.maximum(bounds) : bounds)
    }

    private static func last(_ result: CallResult) -> CallResult {
        guard case .interval(let lower, let upper) = result else { return result }
        return .interval(lower: lower.suffix(1), upper: upper.suffix(1))
    }

    private static func some<T>(_ value: T?) throws -> T {
        guard let value else { throw OutOfDomain() }
        return value
    }
}
