package import RolloutCore

/// Which controller wrote a record.
package struct RecordWriter: Codable, Sendable, Hashable {
    /// The controller's name, from `metadata` of `gatewright.yaml`.
    package let name: String
    /// The fingerprint of the key that signs its commits; `nil` for a controller without one.
    package let key: String?
    /// When this life of the controller began: two that run at once differ in it.
    package let started: Timestamp?
    package let software: String
    /// What the linker called the build, in hexadecimal.
    package let build: String?

    package init(
        name: String, key: String? = nil, started: Timestamp? = nil, software: String,
        build: String? = nil
    ) {
        self.name = name
        self.key = key
        self.started = started
        self.software = software
        self.build = build
    }
}

/// What a decision changed, spelled out for whoever reads the record without the program.
package struct RecordedChange: Codable, Sendable, Hashable {
    package struct Region: Codable, Sendable, Hashable {
        /// The candidate's share in basis points.
        package let before: Int
        package let after: Int
        package let mirrorBefore: Int
        package let mirrorAfter: Int
    }

    package let fromStage: StageKind?
    package let toStage: StageKind?
    package let candidate: VersionReference?
    package let baseline: VersionReference?
    /// Where a rollback would go from here.
    package let rollbackTarget: VersionReference?
    package let regions: [RegionName: Region]

    package init(from before: RolloutState, to after: RolloutState) {
        fromStage = before.run?.currentStep?.stage
        toStage = after.run?.currentStep?.stage
        candidate = (after.run ?? before.run)?.candidate.reference
        baseline = before.stable?.reference
        rollbackTarget =
            after.run == nil
            ? after.stable.flatMap { after.safeTarget(otherThan: $0.reference.digest)?.reference }
            : after.stable?.reference
        var regions: [RegionName: Region] = [:]
        let (old, new) = (before.routes, after.routes)
        for region in Set(old.keys).union(new.keys) {
            regions[region] = Region(
                before: old[region]?.share.basisPoints ?? 0,
                after: new[region]?.share.basisPoints ?? 0,
                mirrorBefore: old[region]?.mirror.basisPoints ?? 0,
                mirrorAfter: new[region]?.mirror.basisPoints ?? 0)
        }
        self.regions = regions
    }
}

/// What became of an earlier decision, told by the next one: a record cannot tell of its own
/// effects, which come after it.
package struct Confirmation: Codable, Sendable, Hashable {
    package let decision: Int
    package let acknowledgedAt: Timestamp
    /// When the routers were last read back as recorded; `nil` when they were not seen so.
    package var appliedAt: Timestamp?
    package var readBack: [RegionName: RouteReadBack]?

    package init(decision: Int, acknowledgedAt: Timestamp) {
        self.decision = decision
        self.acknowledgedAt = acknowledgedAt
    }

    /// The same between two recorded times: a wall clock that was set back meanwhile must not make
    /// an honest record look impossible to an auditor.
    func within(_ earlier: Timestamp, _ later: Timestamp) -> Confirmation {
        var bounded = Confirmation(
            decision: decision, acknowledgedAt: min(max(acknowledgedAt, earlier), later))
        bounded.appliedAt = appliedAt.map { min(max($0, earlier), later) }
        bounded.readBack = readBack
        return bounded
    }
}
