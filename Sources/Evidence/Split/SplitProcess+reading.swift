extension SplitProcess {
    /// The estimate is the candidate's part of the traffic under the present shares, with an
    /// asymptotic interval. `promoteLogE` is 0: a right split cannot be proven.
    package func reading(alpha: Double) -> EvidenceReading {
        let candidate = counts.first ?? 0
        let total = counts.reduce(0.0) { $0 + Double($1) }
        let part = total > 0 ? Double(candidate) / total : nil
        let half = part.map { _ in
            let share = (Double(candidate) + 0.5) / (total + 1)
            return asymptoticHalfWidth(
                count: total, deviation: (share * (1 - share)).squareRoot(), alpha: alpha,
                tightestAt: 500)
        }
        let others = counts.dropFirst().reduce(0, +)
        let seen = total > 0 || earlierLogE != 0
        return EvidenceReading(
            rollbackLogE: peak, promoteLogE: 0, restartLogE: nil, estimate: part,
            lower: part.flatMap { part in half.map { max(0, part - $0) } },
            upper: part.flatMap { part in half.map { min(1, part + $0) } },
            candidateCount: earlierCandidate + candidate, stableCount: earlierOthers + others,
            validity: .exact, intervalValidity: .asymptotic,
            undecidable: seen ? nil : "no traffic was counted yet")
    }

    package func needs(_ side: EvidenceSide, alpha: Double) -> Int? {
        guard side == .rollback else { return nil }
        let total = counts.reduce(0.0) { $0 + Double($1) }
        guard total > 0, let candidate = counts.first, let share = shares.first, candidate > 0
        else {
            return Remaining.observations(peak: peak, logE: logE, alpha: alpha, growth: 0)
        }
        let part = Double(candidate) / total
        return Remaining.observations(
            peak: peak, logE: logE, alpha: alpha,
            growth: Information.divergence(part, from: share) / part)
    }
}
