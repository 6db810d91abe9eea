import Evidence

extension EngineVectors {
    static func blocks(_ one: VectorValue, _ vector: inout VectorCase) throws {
        guard let ratio = one["boundary"]?["r"]?.double,
            let delta = one["boundary"]?["delta"]?.double,
            let direction = one["direction"]?.string, let rate = one["baseline_rate_used"]?.double,
            let rows = one["blocks_nc_sc_nb_sb_qb"]?.list
        else { return vector.isUnknown("no boundary or no blocks") }
        let limit = try ComparisonLimit(ratio: ratio, margin: delta)
        var process = try ProportionComparison(limit: limit)
        let isRollback = direction.hasPrefix("rollback")
        var (after, first): ([Double], (Double, Double, Double)?) = ([], nil)
        for row in rows {
            let cells = row.list ?? []
            let counts = cells.prefix(4).compactMap(\.int)
            guard counts.count == 4 else { return vector.isUnknown("a block without counts") }
            let used = cells.dropFirst(4).first?.double ?? rate
            first = first ?? (Double(counts[0]), Double(counts[2]), used)
            try process.observe(
                ComparisonBlock(
                    candidateTrials: counts[0], candidateFailures: counts[1],
                    stableTrials: counts[2], stableFailures: counts[3]), stableRate: used)
            after.append((isRollback ? process.rollback : process.promote).logE)
        }
        vector.expect("after each block", after, one["log_e_after_each_block"])
        let logs = (isRollback ? process.rollback : process.promote).logs
        let weight = LogDomain.log(Double(logs.count))
        vector.expect("per grid", logs.map { $0 - weight }, one["final_log_e_per_grid"])
        guard let first else { return }
        for point in one["first_block_alt_qc_theta_c_theta_b"]?.list ?? [] {
            guard let numbers = point.doubles, numbers.count == 3 else { continue }
            let nearest = limit.projection(
                of: FailureRates(candidate: numbers[0], stable: first.2),
                candidateWeight: first.0, stableWeight: first.1)
            vector.expect("theta_c", nearest.candidate, numbers[1])
            vector.expect("theta_b", nearest.stable, numbers[2])
        }
    }

    static func restarts(_ one: VectorValue, _ vector: inout VectorCase) throws {
        guard let q0 = one["q0"]?.double, let size = one["block_size"]?.int,
            let errors = one["block_errors"]?.ints, let every = one["restart_every_blocks"]?.int,
            let budget = one["n_restart_budget"]?.int, every > 0, let trace = one["trace"]?.list
        else { return vector.isUnknown("no blocks") }
        vector.expectSame("looks", trace.count, errors.count)
        var process = try ProportionProcess(limit: q0, restarts: budget)
        for (index, (failed, row)) in zip(errors, trace).enumerated() {
            if index > 0, index.isMultiple(of: every) { process.restart() }
            try process.observe(trials: size, failures: failed)
            let wealth = process.rollback
            vector.expect(
                "trace[\(index)]",
                [
                    LogDomain.logMeanExp(wealth.logs), wealth.restarts?.logE ?? -.infinity,
                    wealth.logE,
                ], row)
        }
    }

    static func rates(_ one: VectorValue, _ vector: inout VectorCase) throws {
        guard let candidate = one["events_c"]?.int, let stable = one["events_b"]?.int,
            let share = one["candidate_exposure_share"]?.double
        else { return vector.isUnknown("no events") }
        let ratio = one["max_ratio"]?.double ?? 1
        vector.expect(
            "null share", share * ratio / (share * ratio + 1 - share), one["null_share"])
        var process = try RateComparison(ratio: ratio)
        try process.observe(
            candidateEvents: candidate, stableEvents: stable, candidateExposure: share,
            stableExposure: 1 - share)
        vector.expect("log e", process.rollback.logE, one["log_e_rollback"])
        if let promote = one["log_e_promote"] {
            vector.expect("log e promote", process.promote.logE, promote)
        }
    }

    static func multiplicity(_ one: VectorValue, _ vector: inout VectorCase) {
        guard let eValues = one["e_values"]?.doubles, let weights = one["weights"]?.doubles,
            let alpha = one["alpha"]?.double
        else { return vector.isUnknown("no e-values") }
        let average = EvidenceSelection.weightedAverage(eValues, weights: weights)
        vector.expect("average", average, one["weighted_average"])
        vector.expectSame("reject", average >= 1 / alpha, one["global_reject"]?.bool)
        vector.expectSame(
            "Bonferroni",
            EvidenceSelection.weightedBonferroni(eValues, weights: weights, alpha: alpha),
            one["weighted_bonferroni_reject"]?.ints)
        for (key, value) in one.object ?? [:] {
            // `e_bh_rejections_alpha_05`: the digits after the point.
            guard key.hasPrefix("e_bh_rejections_alpha_"),
                let level = Double("0." + key.dropFirst("e_bh_rejections_alpha_".count))
            else { continue }
            vector.expectSame(key, EvidenceSelection.eBH(eValues, alpha: level), value.ints)
        }
    }

    static func twoSampleBounds(_ one: VectorValue, _ vector: inout VectorCase) throws {
        guard let candidate = one["q_c"]?.double, let stable = one["q_b"]?.double,
            let share = one["candidate_share"]?.double, let delta = one["delta"]?.double
        else { return vector.isUnknown("no rates") }
        let limit = try ComparisonLimit(ratio: one["r"]?.double ?? 1, margin: delta)
        let nearest = limit.projection(
            of: FailureRates(candidate: candidate, stable: stable), candidateWeight: share,
            stableWeight: 1 - share)
        vector.expect("theta_c", nearest.candidate, one["theta_c"])
        vector.expect("theta_b", nearest.stable, one["theta_b"])
        let information = Information.divergence(
            candidate: candidate, stable: stable, from: limit, share: share)
        // Differences of nearly equal logarithms: ten digits are left of sixteen.
        vector.expect(
            "information", information, one["info_per_request"], within: .relative(1e-9))
        for (level, bound) in one["bound_requests"]?.object ?? [:] {
            guard let alpha = Double(level) else { continue }
            vector.expect(
                "bound \(level)", -LogDomain.log(alpha) / information, bound,
                within: .relative(1e-9))
        }
    }

    static func oneSampleBounds(_ one: VectorValue, _ vector: inout VectorCase) {
        guard let rate = one["q1"]?.double, let limit = one["q0"]?.double else {
            return vector.isUnknown("no rates")
        }
        let divergence = Information.divergence(rate, from: limit)
        vector.expect("kl", divergence, one["kl"])
        for (level, bound) in one["bound"]?.object ?? [:] {
            guard let alpha = Double(level) else { continue }
            vector.expect("bound \(level)", -LogDomain.log(alpha) / divergence, bound)
        }
    }
}
