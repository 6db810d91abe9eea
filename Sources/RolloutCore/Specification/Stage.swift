/// The four stages that every candidate goes through, in this order.
package enum StageKind: String, Codable, Sendable, CaseIterable, Hashable {
    /// Live requests are mirrored to the candidate; its answers are recorded and thrown away.
    case shadow
    /// A small share in every region.
    case canary
    /// Rising shares, one wave of regions after another.
    case gradual
    /// Everything, watched until the bake time is over.
    case full
}

/// One line of `spec.stages`.
package struct StageSpec: Codable, Sendable, Hashable {
    package let stage: StageKind
    /// Rising shares; one for shadow, canary and full.
    package let shares: [Share]
    /// The least time at each share; for full, the bake time.
    package let soak: TimeSpan
    /// Groups of regions that move together, in order. One wave of all regions by default.
    package let waves: [[RegionName]]
    /// Whether a person must approve before this stage begins.
    package let approval: Bool

    package init(
        stage: StageKind, shares: [Share], soak: TimeSpan, waves: [[RegionName]], approval: Bool
    ) {
        self.stage = stage
        self.shares = shares
        self.soak = soak
        self.waves = waves
        self.approval = approval
    }
}
