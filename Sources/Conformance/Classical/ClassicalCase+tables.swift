import Evidence

extension ClassicalCase {
    /// Tests of tables. `false` for another kind of case.
    func checkTables(_ vector: inout VectorCase) -> Bool {
        if isCall("chisquare") || isCall("SRM chi2") || isCall("power_divergence") {
            return checkFit(&vector)
        }
        guard let rows = one["table"]?.list, let power else { return false }
        let table = rows.compactMap(\.doubles)
        guard !table.isEmpty, table.count == rows.count else { return false }
        if isCall("chi2_contingency") {
            let result = ContingencyTests.chiSquared(
                table, correction: flag("correction", default: true), power: power)
            vector.expect(result?.test, "chi2", self)
            if let expected = (one["expected"] ?? one["expected_freq"])?.list {
                vector.expectSame("rows", result?.expected.count, expected.count)
                for (row, asked) in zip(result?.expected ?? [], expected) {
                    vector.expect("expected", row, asked)
                }
            }
            return true
        }
        let cells = table.flatMap(\.self).compactMap { Int(exactly: $0) }
        guard cells.count == 4, table.count == 2, let alternative = alternative() else {
            return false
        }
        if isCall("fisher_exact") {
            let test = ContingencyTests.fisher(
                cells[0], cells[1], cells[2], cells[3], alternative: alternative)
            vector.expect(
                "odds", test?.statistic, one["odds"] ?? one["odds_ratio"] ?? one["statistic"])
            vector.expect("p", test?.pValue, pValue, within: .relative(1e-9))
            return true
        }
        if isCall("mcnemar") {
            if !flag("exact", default: true), cells[1] + cells[2] == 0 {
                vector.isUnknown("without discordant pairs the statistic is 0/0")
                return true
            }
            let test = ContingencyTests.mcNemar(
                cells[1], cells[2], exact: flag("exact", default: true),
                correction: flag("correction", default: true))
            vector.expect(test, "statistic", self)
            return true
        }
        return false
    }

    private func checkFit(_ vector: inout VectorCase) -> Bool {
        guard let observed = (one["observed"] ?? one["f_obs"])?.doubles, let power else {
            return false
        }
        let shares =
            (one["expected_prob"] ?? one["expected"] ?? one["f_exp"])?.doubles
            ?? observed.map { _ in 1 }
        let test = ContingencyTests.goodnessOfFit(
            observed, shares: shares, estimated: one["ddof"]?.int ?? 0, power: power)
        vector.expect(test, "chi2", self)
        return true
    }

    /// `nil` for a name that is not known.
    private var power: Double? {
        if let number = one["lambda_"]?.double { return number }
        let names: [String: Double] = [
            "pearson": 1, "log-likelihood": 0, "freeman-tukey": -0.5, "mod-log-likelihood": -1,
            "neyman": -2, "cressie-read": 2.0 / 3,
        ]
        return names[choice("lambda_", of: names.keys.sorted(), default: "pearson")]
    }
}
