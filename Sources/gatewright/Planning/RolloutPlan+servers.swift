import Ledger
import RolloutCore
import RolloutFiles

extension RolloutPlan {
    /// For which steps the servers are too few, by what files say of them: those of the version, and
    /// those of stable, which take everybody back.
    ///
    /// - Parameters:
    ///   - stable: what a rollback leads to.
    ///   - rate: requests a second in all regions, evenly; where git tells of a region's busiest
    ///     minute, that counts.
    static func servers(
        _ proposal: ProposedChange.Proposal, stable: VersionReference?, rate: Double?
    ) -> [String] {
        guard let ask = proposal.ask else { return [] }
        let recorded = proposal.records.last { !$0.input.traffic.isEmpty }?.input.traffic ?? [:]
        let even = rate.flatMap { rate in
            Int(exactly: (rate * 60 / Double(max(ask.plan.regions.count, 1))).rounded())
        }
        let wayBack = stable.flatMap { proposal.after.capacities[$0] } ?? [:]
        return ask.plan.regions.flatMap { region -> [String] in
            guard let busiest = recorded[region]?.busiest ?? even else { return [] }
            let spoken = RequestRate.spoken(busiest)
            var lines: [String] = []
            if let ready = ask.capacity?[region],
                let (step, share) = ask.plan.first(
                    in: region, where: { !ready.carries($0, of: busiest) })
            {
                lines.append(
                    "servers in \(region) before \(step.stage.rawValue) \(share): they are ready "
                        + "for \(ready), and callers send \(spoken) in the busiest minute")
            }
            if let stable, let ready = wayBack[region], !ready.carries(.all, of: busiest),
                let (step, share) = ask.plan.first(in: region, where: { $0 > .zero })
            {
                lines.append(
                    "servers of \(stable.version) in \(region) before \(step.stage.rawValue) "
                        + "\(share): a rollback sends everybody back to them, they are ready for "
                        + "\(ready), and callers send \(spoken) in the busiest minute")
            }
            return lines
        }
    }
}

extension Plan {
    fileprivate func first(
        in region: RegionName, where isMet: (Share) -> Bool
    ) -> (Step, Share)? {
        for step in steps {
            guard let share = step.shares[region], isMet(share) else { continue }
            return (step, share)
        }
        return nil
    }
}
