/// What one router serves for one rollout in one region.
///
/// `generation` is the number of the decision that asked for it. A router refuses a lower
/// generation, and takes an equal one only when the candidate's share does not grow.
package struct Route: Codable, Sendable, Hashable {
    package let rollout: RolloutName
    package let region: RegionName
    package let generation: Int
    /// Which run the answers belong to; `nil` when only stable is served.
    package let run: RunID?
    /// Mixed into the hash of the sticky key, so that rollouts do not always pick the same users.
    package let salt: String
    package let stickyBy: StickyKey
    package let stable: Backend
    package let candidate: Backend?
    /// The candidate's part of live traffic.
    package let share: Share
    /// The part of live traffic that is copied to the candidate.
    package let mirror: Share
    package let fallback: Fallback?

    package init(
        rollout: RolloutName, region: RegionName, generation: Int, run: RunID?, salt: String,
        stickyBy: StickyKey, stable: Backend, candidate: Backend?, share: Share, mirror: Share,
        fallback: Fallback?
    ) {
        self.rollout = rollout
        self.region = region
        self.generation = generation
        self.run = run
        self.salt = salt
        self.stickyBy = stickyBy
        self.stable = stable
        self.candidate = candidate
        self.share = share
        self.mirror = mirror
        self.fallback = fallback
    }

    package struct Backend: Codable, Sendable, Hashable {
        package let reference: VersionReference
        /// `http://host:port`
        package let endpoint: String

        package init(reference: VersionReference, endpoint: String) {
            self.reference = reference
            self.endpoint = endpoint
        }
    }

    package struct Fallback: Codable, Sendable, Hashable {
        package let backend: Backend
        package let minConfidence: FiniteDouble
        package let timeout: TimeSpan

        package init(backend: Backend, minConfidence: FiniteDouble, timeout: TimeSpan) {
            self.backend = backend
            self.minConfidence = minConfidence
            self.timeout = timeout
        }
    }

    /// Whether a router that serves `current` may take this route in its place.
    ///
    /// A higher generation always may. The same generation may lower, never raise: a controller
    /// that was paused must not undo a rollback which it has not heard of.
    package func mayReplace(_ current: Route) -> Bool {
        if generation != current.generation { return generation > current.generation }
        if self == current { return true }
        return exposure(isAtMost: current)
    }

    /// What a router goes on with that serves less and must not be raised to this route yet: the
    /// same as it serves, under the generation before this one. A late call of any earlier decision
    /// is refused from then on, and this route still comes through. `nil` where there is no need.
    ///
    /// Copies for another candidate are of a run that is over, and end. So do copies for one that
    /// answers callers, which no decision asks for.
    package func fence(over served: Route) -> Route? {
        guard isRaised(from: served), served.generation < generation else { return nil }
        let isOther = served.candidate.map { $0.reference != candidate?.reference } ?? false
        let kept = served.under(generation - 1, mirror: served.share > .zero ? .zero : nil)
        let fence = isOther ? stableAlone : kept
        return fence == served ? nil : fence
    }

    /// Stable alone, for a router that does not serve this route yet.
    ///
    /// One generation below, so that this route may follow it.
    package var stableAlone: Route {
        Route(
            rollout: rollout, region: region, generation: generation - 1, run: nil, salt: salt,
            stickyBy: stickyBy, stable: stable, candidate: nil, share: .zero, mirror: .zero,
            fallback: fallback)
    }

    /// The same, as another decision asks for it.
    package func under(_ generation: Int, mirror: Share? = nil) -> Route {
        Route(
            rollout: rollout, region: region, generation: generation, run: run, salt: salt,
            stickyBy: stickyBy, stable: stable, candidate: candidate, share: share,
            mirror: mirror ?? self.mirror, fallback: fallback)
    }

    private func exposure(isAtMost current: Route) -> Bool {
        guard stable == current.stable else { return false }
        if candidate != nil, candidate != current.candidate { return false }
        return share <= current.share && mirror <= current.mirror
    }
}

/// What a router says that it serves now.
package enum RouteReadBack: Codable, Sendable, Hashable {
    /// The router answered.
    case serving(Route)
    /// The router answered that it knows nothing of this rollout.
    case nothing
    /// The router did not answer, or not in a way that can be trusted.
    case unknown(reason: String)
}
