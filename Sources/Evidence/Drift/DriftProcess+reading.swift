extension DriftProcess {
    /// The estimate is the distance from the reference at the frozen edges; its interval is the
    /// band of the empirical distribution function, widened by the error of the reference.
    package func reading(alpha: Double) -> EvidenceReading {
        let rows = live.total
        let distance = distance
        let half = distance.map { _ in
            let band = DriftTolerance.bandRadius(rows: rows, alpha: alpha)
            return (reference.kind == .numeric ? band : 2 * band) + referenceError
        }
        return EvidenceReading(
            rollbackLogE: rollbackPeak, promoteLogE: promotePeak, restartLogE: nil,
            estimate: distance,
            lower: distance.flatMap { distance in half.map { max(0, distance - $0) } },
            upper: distance.flatMap { distance in half.map { min(1, distance + $0) } },
            candidateCount: rows, stableCount: 0,
            validity: designEffect == nil ? .exact : .asymptotic, intervalValidity: .exact,
            undecidable: rows > 0 ? nil : "no live rows were counted yet")
    }

    package func needs(_ side: EvidenceSide, alpha: Double) -> Int? {
        let (rollback, promote) = logE
        return Remaining.observations(
            peak: side == .rollback ? rollbackPeak : promotePeak,
            logE: side == .rollback ? rollback : promote, alpha: alpha, growth: growth(side))
    }
}
