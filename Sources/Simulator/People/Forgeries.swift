import RolloutCore

extension People {
    /// Whose key ends, and when, where there are forgers.
    static let expiring = approvers[2]
    static let keyEnds: Int64 = 300_000
    /// The same time as `policies/signers` writes it.
    static let keyEndsText = "20260921141820Z"
}

extension Approval {
    /// The same, with what a forger changes before it is signed.
    func forged(_ forgery: WorldEvent.Forgery?) -> Approval {
        var (regions, notAfter) = (self.regions, self.notAfter)
        switch forgery {
        case .otherRegions: regions = regions.count > 1 ? [regions[0]] : [Names.regions[3]]
        case .backdated: notAfter = notAfter - .seconds(3_600)
        default: return self
        }
        return Approval(
            answer: answer, rollout: rollout, run: run, runDigest: runDigest,
            candidate: candidate, baseline: baseline, fromStage: fromStage, toStage: toStage,
            regions: regions, maxShare: maxShare, specDigest: specDigest,
            policyDigest: policyDigest, baseCommit: baseCommit, hotfix: hotfix,
            notAfter: notAfter, nonce: nonce, comment: comment)
    }
}
