/// One entry of a plan: who serves how much until the next step.
package struct Step: Codable, Sendable, Hashable {
    package let stage: StageKind
    /// The candidate's part of live traffic in each region of the plan.
    package let shares: [RegionName: Share]
    /// The part of live traffic that is copied to the candidate.
    package let mirrors: [RegionName: Share]
    /// The least time before the next step.
    package let soak: TimeSpan
    /// Whether a person must agree before this step begins.
    package let approval: Bool

    package init(
        stage: StageKind, shares: [RegionName: Share], mirrors: [RegionName: Share],
        soak: TimeSpan, approval: Bool
    ) {
        self.stage = stage
        self.shares = shares
        self.mirrors = mirrors
        self.soak = soak
        self.approval = approval
    }

    /// The largest live share of any region.
    package var largestShare: Share { shares.values.max() ?? .zero }
}

/// The whole way of a candidate, spelled out step by step before it begins.
///
/// A run keeps the plan it began with: an edited spec starts a new run.
package struct Plan: Codable, Sendable, Hashable {
    package let regions: [RegionName]
    package let steps: [Step]

    package init(regions: [RegionName], steps: [Step]) {
        self.regions = regions
        self.steps = steps
    }

    /// Spells out the stages: a step for each share of each wave.
    ///
    /// In a gradual stage, regions of later waves keep the share that they had before it, and
    /// regions of earlier waves keep the last share of theirs.
    package init(stages: [StageSpec], regions: [RegionName]) {
        var steps: [Step] = []
        var shares = Self.even(.zero, regions)
        let still = Self.even(.zero, regions)
        for stage in stages {
            for (waveIndex, wave) in stage.waves.enumerated() {
                for (shareIndex, share) in stage.shares.enumerated() {
                    var mirrors = still
                    if stage.stage == .shadow {
                        for region in wave { mirrors[region] = share }
                    } else {
                        for region in wave { shares[region] = share }
                    }
                    steps.append(
                        Step(
                            stage: stage.stage, shares: shares, mirrors: mirrors, soak: stage.soak,
                            approval: stage.approval && waveIndex == 0 && shareIndex == 0))
                }
            }
        }
        self.init(regions: regions, steps: steps)
    }

    private static func even(_ share: Share, _ regions: [RegionName]) -> [RegionName: Share] {
        Dictionary(regions.map { ($0, share) }, uniquingKeysWith: { first, _ in first })
    }

    /// `nil` when there is no such step: indices come from recorded files.
    package func step(_ index: Int) -> Step? { steps.indices.contains(index) ? steps[index] : nil }

    package func covers(_ stage: StageKind) -> Bool { steps.contains { $0.stage == stage } }
}
