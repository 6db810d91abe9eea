import Ledger
import RolloutCore

extension RolloutPlan {
    /// For which steps the version's servers are too few, by what its file says of them.
    ///
    /// - Parameter rate: requests a second in all regions, evenly; where git tells of a region's
    ///   busiest minute, that counts.
    static func servers(_ proposal: ProposedChange.Proposal, rate: Double?) -> [String] {
        guard let ask = proposal.ask, let capacity = ask.capacity else { return [] }
        let recorded = proposal.records.last { !$0.input.traffic.isEmpty }?.input.traffic ?? [:]
        let even = rate.flatMap { rate in
            Int(exactly: (rate * 60 / Double(max(ask.plan.regions.count, 1))).rounded())
        }
        return ask.plan.regions.compactMap { region in
            guard let ready = capacity[region], let busiest = recorded[region]?.busiest ?? even
            else { return nil }
            let step = ask.plan.steps.first {
                !ready.carries($0.shares[region] ?? .zero, of: busiest)
            }
            guard let step, let share = step.shares[region] else { return nil }
            return
                "servers in \(region) before \(step.stage.rawValue) \(share): they are ready for "
                + "\(ready), and callers send \(RequestRate.spoken(busiest)) in the busiest minute"
        }
    }
}
