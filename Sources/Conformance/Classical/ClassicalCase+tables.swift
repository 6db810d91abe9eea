import Evidence

extension ClassicalCase {
    /// Tests of tables. `false` for another kind of case.
    func checkTables(_ vector: inout VectorCase) -> Bool {
        if isCall("chisquare") || isCall("SRM chi2") {
            guard let observed = one["observed"]?.doubles,
                let shares = (one["expected_prob"] ?? one["expected"])?.doubles
            else { return false }
            let test = ContingencyTests.goodnessOfFit(observed, shares: shares)
            vector.expect("chi2", test?.statistic, one["chi2"] ?? one["statistic"])
            vector.expect("p", test?.pValue, one["p"])
            return true
        }
        guard let table = one["table"]?.list?.compactMap(\.doubles), !table.isEmpty else {
            return false
        }
        if isCall("chi2_contingency") {
            let result = ContingencyTests.chiSquared(
                table, correction: one["correction"]?.bool ?? true)
            vector.expect("chi2", result?.test.statistic, one["chi2"] ?? one["statistic"])
            vector.expect("p", result?.test.pValue, one["p"])
            if let dof = one["dof"] {
                vector.expect("dof", result?.test.degreesOfFreedom, dof)
            }
            for (row, expected) in zip(result?.expected ?? [], one["expected"]?.list ?? []) {
                vector.expect("expected", row, expected)
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
            vector.expect("odds", test?.statistic, one["odds"] ?? one["statistic"])
            vector.expect("p", test?.pValue, one["p"], within: .relative(1e-9))
            return true
        }
        if isCall("mcnemar") {
            let test = ContingencyTests.mcNemar(
                cells[1], cells[2], exact: one["exact"]?.bool ?? true,
                correction: one["correction"]?.bool ?? true)
            vector.expect("statistic", test?.statistic, one["stat"] ?? one["statistic"])
            vector.expect("p", test?.pValue, one["p"])
            return true
        }
        return false
    }
}
