extension Run {
    /// What a decision holds of the capacities that files declare: nothing where nobody ever said
    /// anything of the candidate's servers, or its file is gone.
    package func capacity(
        in files: [VersionReference: [RegionName: RequestRate]]
    ) -> [RegionName: RequestRate]? {
        let declared = files[candidate.reference]
        return declared?.isEmpty == true && capacity == nil ? nil : declared
    }
}

extension RolloutState {
    /// What a decision of a run holds of the servers that a rollback leads to; nothing where their
    /// file does not say, or is gone.
    package func stableCapacity(
        in files: [VersionReference: [RegionName: RequestRate]]
    ) -> [RegionName: RequestRate]? {
        guard run != nil, let stable, let declared = files[stable.reference] else { return nil }
        return declared.isEmpty ? nil : declared
    }
}

/// A region in which a step would send the candidate more than its servers are ready for, or leave
/// stable with fewer than a rollback needs.
package struct CapacityShortage: Codable, Sendable, Hashable {
    package let version: VersionName
    package let region: RegionName
    /// The candidate's part of live traffic in the step; all of it on the way back.
    package let share: Share
    package let ready: RequestRate
    /// All requests of the region's callers in its busiest minute; `nil` when nobody was heard.
    package let busiest: Int?
    /// Whether the servers are those of stable, which take everybody back when the step fails.
    package let isWayBack: Bool?

    package init(
        version: VersionName, region: RegionName, share: Share, ready: RequestRate, busiest: Int?,
        isWayBack: Bool? = nil
    ) {
        self.version = version
        self.region = region
        self.share = share
        self.ready = ready
        self.busiest = busiest
        self.isWayBack = isWayBack
    }

    /// The first region for which a step is too much; `nil` when it fits, or nobody has said what
    /// servers can take.
    ///
    /// The version's file counts as it is now, because servers are added on the way; without one,
    /// what it said when the run began.
    init?(of step: Step, _ input: DecisionInput, _ run: Run) {
        guard let capacity = input.capacity ?? run.capacity else { return nil }
        let shortages = run.plan.regions.compactMap { region -> CapacityShortage? in
            guard let ready = capacity[region], let share = step.shares[region], share > .zero
            else { return nil }
            let busiest = input.traffic[region]?.busiest
            if let busiest, ready.carries(share, of: busiest) { return nil }
            return CapacityShortage(
                version: run.candidate.reference.version, region: region, share: share,
                ready: ready, busiest: busiest)
        }
        guard let first = shortages.first else { return nil }
        self = first
    }

    /// The first region whose callers stable could not take back all at once, as a rollback does: its
    /// servers are to stay until the candidate has proven itself.
    init?(ofWayBackFrom step: Step, _ input: DecisionInput, _ run: Run) {
        guard let stable = input.state.stable, let capacity = input.stableCapacity else {
            return nil
        }
        let shortages = run.plan.regions.compactMap { region -> CapacityShortage? in
            guard let ready = capacity[region], (step.shares[region] ?? .zero) > .zero else {
                return nil
            }
            let busiest = input.traffic[region]?.busiest
            if let busiest, ready.carries(.all, of: busiest) { return nil }
            return CapacityShortage(
                version: stable.reference.version, region: region, share: .all, ready: ready,
                busiest: busiest, isWayBack: true)
        }
        guard let first = shortages.first else { return nil }
        self = first
    }

    /// `cannot go above canary 5%: 50% of eu's busiest minute are 1,200/min, and …`
    func words(_ place: String) -> String {
        let servers = "the servers of \(version) are ready for \(ready) in \(region)"
        guard let busiest else {
            return "cannot go above \(place): \(servers), and nobody has been heard there to count "
                + "by; check the region's gateway"
        }
        // A record is a file: its numbers may be any.
        let needed = Int(exactly: (Double(busiest) * share.fraction).rounded(.up)) ?? busiest
        if isWayBack == true {
            return "cannot go above \(place): a rollback sends everybody back to \(version) at "
                + "once, \(servers), and the last day's busiest minute was "
                + "\(RequestRate.spoken(needed)); "
                + "keep its servers until the candidate is stable, and say so under "
                + "serving.capacity of \(version)"
        }
        return "cannot go above \(place): \(servers), and \(share) of the last day's busiest "
            + "minute are \(RequestRate.spoken(needed)); add servers and say so under "
            + "serving.capacity of the version"
    }
}
