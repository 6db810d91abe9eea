import Evidence

/// The engine itself, against a prototype in 50-digit arithmetic. One section a method.
package enum EngineVectors: VectorFamily {
    package static func recognises(_ document: VectorValue) -> Bool {
        document["one_sample_bernoulli"] != nil || document["two_sample_bernoulli_blocks"] != nil
            || document["restart_mixture"] != nil || document["paired_shadow"] != nil
    }

    private typealias Check = @Sendable (VectorValue, inout VectorCase) throws -> Void

    private static let sections: [(name: String, check: Check)] = [
        ("grid", grid), ("one_sample_bernoulli", oneSample),
        ("two_sample_bernoulli_blocks", blocks), ("paired_shadow", paired),
        ("restart_mixture", restarts), ("normal_grid", normalGrid),
        ("asymptotic_cs", asymptotic), ("poisson_rate_ratio", rates),
        ("srm_dirichlet_multinomial", splits), ("multiplicity", multiplicity),
        ("information_bounds_two_sample", twoSampleBounds),
        ("information_bounds_one_sample", oneSampleBounds),
    ]

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        for (name, check) in sections {
            guard let section = document[name] else { continue }
            for (index, one) in (section.list ?? [section]).enumerated() {
                report.check("\(name)[\(index)]") { try check(one, &$0) }
            }
        }
        let known = Set(sections.map(\.name) + ["provenance", "note"])
        for key in (document.object ?? [:]).keys.sorted() where !known.contains(key) {
            report.skip(key, because: "no section of the engine")
        }
    }

    private static func grid(_ one: VectorValue, _ vector: inout VectorCase) {
        vector.expect("h", EffectGrid.logOdds, one["h_log_odds"])
        vector.expect("lambda", EffectGrid.bets, one["lambda_paired"])
    }

    /// Rollback or promote, by how the text begins.
    private static func wealth(
        _ one: VectorValue, rollback: GridWealth, promote: GridWealth
    ) -> GridWealth? {
        guard let text = one["direction"]?.string else { return nil }
        return text.hasPrefix("rollback") ? rollback : text.hasPrefix("promote") ? promote : nil
    }

    private static func compare(
        _ wealth: GridWealth?, _ grid: VectorValue?, _ total: VectorValue?,
        _ vector: inout VectorCase
    ) {
        guard let wealth else { return vector.isUnknown("neither rollback nor promote") }
        let weight = LogDomain.log(Double(wealth.logs.count))
        vector.expect("log e per grid", wealth.logs.map { $0 - weight }, grid)
        vector.expect("log e", wealth.logE, total)
    }

    private static func oneSample(_ one: VectorValue, _ vector: inout VectorCase) throws {
        guard let q0 = one["q0"]?.double, let n = one["n"]?.int, let errors = one["errors"]?.int
        else { return vector.isUnknown("no counts") }
        var process = try ProportionProcess(limit: q0)
        try process.observe(trials: n, failures: errors)
        compare(
            wealth(one, rollback: process.rollback, promote: process.promote),
            one["log_e_per_grid"], one["log_e"], &vector)
    }

    private static func paired(_ one: VectorValue, _ vector: inout VectorCase) throws {
        guard let better = one["n_plus_candidate_only_correct"]?.int,
            let equal = one["n_zero"]?.int, let worse = one["n_minus_baseline_only_correct"]?.int,
            let delta = one["delta"]?.double
        else { return vector.isUnknown("no counts") }
        var process = try PairedComparison(margin: delta)
        try process.observe(better: better, equal: equal, worse: worse)
        compare(
            wealth(one, rollback: process.rollback, promote: process.promote),
            one["log_e_per_grid"], one["log_e"], &vector)
    }

    private static func normalGrid(_ one: VectorValue, _ vector: inout VectorCase) {
        guard let difference = one["delta_hat"]?.double,
            let variance = one["var_of_delta_hat"]?.double
        else { return vector.isUnknown("no difference") }
        vector.expect("grid", EffectGrid.relative, one["grid_d"])
        let factors = NormalGrid.logFactors(difference: difference, variance: variance)
        vector.expect("log e", LogDomain.logMeanExp(factors), one["log_e_grid"])
        guard let tau = one["tau"]?.double else { return }
        for (key, isOneSided) in [
            ("log_msprt_two_sided", false), ("log_normal_mixture_one_sided", true),
        ] {
            let found = MixtureSPRT.logRatio(
                difference: difference, variance: variance, tau: tau, isOneSided: isOneSided)
            vector.expect(key, found, one[key])
        }
    }

    private static func asymptotic(_ one: VectorValue, _ vector: inout VectorCase) {
        guard let t = one["t"]?.double, let mean = one["mean"]?.double, let sd = one["sd"]?.double,
            let alpha = one["alpha"]?.double, let target = one["t_star"]?.double
        else { return vector.isUnknown("no parameters") }
        let two = AsymptoticSequence.precision(tunedTo: target, alpha: alpha)
        let half = AsymptoticSequence.twoSided(t: t, alpha: alpha, precision: two)
        vector.expect("rho2 two-sided", two, one["rho2_two_sided"])
        vector.expect("lower", half.map { mean - sd * $0 }, one["lower"])
        vector.expect("upper", half.map { mean + sd * $0 }, one["upper"])
        let single = AsymptoticSequence.precision(tunedTo: target, alpha: 2 * alpha)
        let below = AsymptoticSequence.oneSided(t: t, alpha: alpha, precision: single)
        vector.expect("rho2 one-sided", single, one["rho2_one_sided"])
        vector.expect("one-sided", below.map { mean - sd * $0 }, one["one_sided_lower"])
    }

    private static func splits(_ one: VectorValue, _ vector: inout VectorCase) {
        guard let shares = one["theta0"]?.doubles, let counts = one["counts"]?.ints,
            let concentration = one["concentration_k"]?.double
        else { return vector.isUnknown("no counts") }
        let logE = SplitProcess.logE(counts: counts, shares: shares, concentration: concentration)
        vector.expect("log e", logE, one["log_e"])
        vector.expect("p", min(1, LogDomain.exp(-logE)), one["anytime_p"])
    }
}
