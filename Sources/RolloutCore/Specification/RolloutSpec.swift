/// What people ask for in `rollouts/NAME/rollout.yaml`.
package struct RolloutSpec: Codable, Sendable, Hashable {
    package let name: RolloutName
    package let description: String
    package let owners: [String]
    /// The version asked for; the line that a pull request changes.
    package let version: VersionName
    /// The version that serves when none was ever proven; taken at its word, once.
    package let bootstrap: VersionName?
    package let regions: [RegionName]
    package let router: RouterName
    package let signals: [SignalName]
    package let stickyBy: StickyKey
    package let fallback: FallbackSpec?
    package let admission: [PolicyName]
    package let guardrails: [PolicyName]
    package let approvals: PolicyName?
    package let windows: [PolicyName]
    package let onNewVersion: NewVersionRule
    /// What it shares with others: one of them at a time has a candidate on its way.
    package let conflictGroup: ConflictGroupName?
    package let stages: [StageSpec]

    package init(
        name: RolloutName, description: String, owners: [String], version: VersionName,
        bootstrap: VersionName?, regions: [RegionName], router: RouterName, signals: [SignalName],
        stickyBy: StickyKey, fallback: FallbackSpec?, admission: [PolicyName],
        guardrails: [PolicyName], approvals: PolicyName?, windows: [PolicyName],
        onNewVersion: NewVersionRule, conflictGroup: ConflictGroupName?, stages: [StageSpec]
    ) {
        self.name = name
        self.description = description
        self.owners = owners
        self.version = version
        self.bootstrap = bootstrap
        self.regions = regions
        self.router = router
        self.signals = signals
        self.stickyBy = stickyBy
        self.fallback = fallback
        self.admission = admission
        self.guardrails = guardrails
        self.approvals = approvals
        self.windows = windows
        self.onNewVersion = onNewVersion
        self.conflictGroup = conflictGroup
        self.stages = stages
    }
}

/// What keeps one caller on one version.
package enum StickyKey: Codable, Sendable, Hashable {
    /// A request header, by lower-case name.
    case header(String)
    /// The `id` of the inference request: no stickiness between requests.
    case requestID
}

/// Who answers when the chosen version fails, is slow or is unsure.
package struct FallbackSpec: Codable, Sendable, Hashable {
    package let version: VersionName
    /// Below this confidence the fallback answers. 0 switches it off.
    package let minConfidence: FiniteDouble
    package let timeout: TimeSpan

    package init(version: VersionName, minConfidence: FiniteDouble, timeout: TimeSpan) {
        self.version = version
        self.minConfidence = minConfidence
        self.timeout = timeout
    }
}

/// What happens when a new version is asked for while a candidate is on its way.
package enum NewVersionRule: String, Codable, Sendable, Hashable, CaseIterable {
    /// The new one waits until the running one has ended.
    case queue
    /// The running one goes to zero, then the new one starts.
    case replace
    /// The new one is refused until the running one has ended and it is asked for again.
    case reject
}
