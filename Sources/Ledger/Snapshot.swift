package import Git
package import RolloutCore
package import RolloutFiles

/// What the repository holds at one commit: what is asked, and what was recorded.
package struct Snapshot: Sendable {
    package let commit: ObjectID
    package let rollouts: [RolloutName: RequestedRollout]
    package let recorded: [RolloutName: Recorded]
    package let stop: StopOrder?
    /// Who may sign what, and which keys are lost.
    package let signers: SignerFiles
    /// The names under which controllers sign, from the group `controllers`.
    package let controllers: [String]
    /// Everything that is wrong with the files, for people.
    package let diagnostics: [Diagnostic]
    /// The rollouts that are not as they were in the snapshot before this one.
    package let changed: Set<RolloutName>
    let cache: SnapshotCache

    /// Whether every state is one that a controller left.
    package var isClean: Bool { cache.damagedSince.isEmpty }

    /// The newest commit at which a state is known to be one that a controller left.
    package func clean(_ name: RolloutName) -> ObjectID? {
        cache.damagedSince[name] ?? commit
    }

    package var names: Set<RolloutName> { Set(rollouts.keys).union(recorded.keys) }

    init(
        commit: ObjectID, rollouts: [RolloutName: RequestedRollout],
        recorded: [RolloutName: Recorded], stop: StopOrder?, signers: SignerFiles,
        controllers: [String], diagnostics: [Diagnostic],
        changed: Set<RolloutName>, cache: SnapshotCache
    ) {
        self.changed = changed
        self.cache = cache
        self.commit = commit
        self.rollouts = rollouts
        self.recorded = recorded
        self.stop = stop
        self.signers = signers
        self.controllers = controllers
        self.diagnostics = diagnostics
    }
}

extension Snapshot {
    /// The same content, with nothing new in it.
    var unchanged: Snapshot {
        Snapshot(
            commit: commit, rollouts: rollouts, recorded: recorded, stop: stop,
            signers: signers, controllers: controllers, diagnostics: diagnostics, changed: [],
            cache: cache)
    }
}

/// What people ask of one rollout.
///
/// Held by reference: every new snapshot copies the table of all of them.
package struct RequestedRollout: Sendable, Hashable {
    private let content: Content

    package var request: Request { content.request }
    package var orders: [Order] { content.orders }
    /// `nil` when the files cannot be read.
    package var router: RouterName? { content.router }
    package var windows: [WindowPolicy] { content.windows }
    package var approvals: [FoundApproval] { content.approvals }
    /// What the servers of each version are ready for; nothing where its file does not say.
    package var capacities: [VersionReference: [RegionName: RequestRate]] { content.capacities }

    package init(
        request: Request, orders: [Order], router: RouterName?, windows: [WindowPolicy] = [],
        approvals: [FoundApproval] = [],
        capacities: [VersionReference: [RegionName: RequestRate]] = [:]
    ) {
        content = Content(
            request: request, orders: orders, router: router, windows: windows,
            approvals: approvals, capacities: capacities)
    }

    package static func == (left: RequestedRollout, right: RequestedRollout) -> Bool {
        left.content === right.content
            || (left.request == right.request && left.orders == right.orders
                && left.router == right.router && left.windows == right.windows
                && left.approvals == right.approvals && left.capacities == right.capacities)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(request)
        hasher.combine(orders)
        hasher.combine(router)
    }

    private final class Content: Sendable {
        let request: Request
        let orders: [Order]
        let router: RouterName?
        let windows: [WindowPolicy]
        let approvals: [FoundApproval]
        let capacities: [VersionReference: [RegionName: RequestRate]]

        init(
            request: Request, orders: [Order], router: RouterName?, windows: [WindowPolicy],
            approvals: [FoundApproval], capacities: [VersionReference: [RegionName: RequestRate]]
        ) {
            self.request = request
            self.orders = orders
            self.router = router
            self.windows = windows
            self.approvals = approvals
            self.capacities = capacities
        }
    }
}

/// What was recorded of one rollout. By reference for the same reason.
package indirect enum Recorded: Sendable, Hashable {
    case state(RolloutState)
    /// It is not what its newest decision led to; nothing may be raised on it.
    case damaged(String)
}
