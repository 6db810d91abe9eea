import RolloutCore

/// Something that happens to a world: people act, or something breaks for a time.
///
/// `rollout`, `controller`, `region` and `person` are places in the lists of the world.
package enum WorldEvent: Sendable, Hashable, Codable {
    // MARK: People, through git

    /// Changes the line `version:` to 1.N.0; 0 asks for the first version again.
    case ask(rollout: Int, version: Int)
    case order(rollout: Int, OrderKind)
    case removeOrders(rollout: Int)
    case approve(rollout: Int, person: Int, Forgery?)
    case reject(rollout: Int, person: Int)
    case revokeKey(person: Int)
    case stopLine(Bool)
    case breakSpec(rollout: Int)
    case mendSpec(rollout: Int)
    case editPlan(rollout: Int, soakSeconds: Int)
    case loosenPolicy
    case removeRollout(rollout: Int)
    /// Somebody writes below `state/`, and somebody takes it back later.
    case tamperState(rollout: Int, seconds: Int)
    /// Somebody writes a decision that nobody made, and somebody takes it back later.
    case forgeDecision(rollout: Int, seconds: Int)
    /// `policies/revoked-signers` is gone for a time.
    case loseRevocations(seconds: Int)
    /// One approval is enough from now on.
    case loosenApprovals
    /// Every version of a rollout but the first says that its servers are ready for nearly nothing,
    /// or for all.
    case servers(rollout: Int, isEnough: Bool)
    /// So does the first, which is stable at the beginning.
    case baselineServers(rollout: Int, isEnough: Bool)
    /// A rollout appears whose files nobody can read, and stays.
    case poisonSpec

    // MARK: People, at a controller

    case localOrder(rollout: Int, controller: Int, OrderKind)

    // MARK: Git

    case remoteDown(seconds: Int)
    case remoteRefuses(seconds: Int)
    case remoteLosesAnswers(percent: Int, seconds: Int)
    case remoteIsStale(seconds: Int)
    case remoteIsSlow(milliseconds: Int, seconds: Int)
    /// The branch goes back by so many commits, and comes back later.
    case rewindRemote(commits: Int, seconds: Int)
    case deleteBranch(seconds: Int)
    /// The server says yes to pushes and keeps nothing.
    case remotePretends(seconds: Int)

    // MARK: Routers

    case routerDown(region: Int, seconds: Int)
    case routerLosesAnswers(region: Int, percent: Int, seconds: Int)
    case routerIsSlow(region: Int, milliseconds: Int, seconds: Int)
    /// It says yes to routes, and goes on as before.
    case routerIsDeaf(region: Int, seconds: Int)
    case routerForgets(region: Int)
    case routerReloads(region: Int)
    case strangerRaises(rollout: Int, region: Int)
    case strangerLowers(rollout: Int, region: Int)
    /// Somebody writes what is served under a generation that is far ahead.
    case strangerClaims(rollout: Int, region: Int)

    // MARK: Controllers

    case crash(controller: Int, downSeconds: Int)
    /// It dies right before or after its next effect of this kind.
    case crashAtEffect(controller: Int, Effect, isAfter: Bool)
    /// It hears that its next effects of this kind failed, whether they did or not.
    case failEffect(controller: Int, Effect, count: Int, isDone: Bool)
    case pause(controller: Int, seconds: Int)
    case cutPower(controller: Int, downSeconds: Int)
    case loseDisk(controller: Int, downSeconds: Int)
    case fillDisk(controller: Int, seconds: Int)
    case failSync(controller: Int, downSeconds: Int)
    case jumpClock(controller: Int, seconds: Int)
    /// The first controller is started again and again, also in peace.
    case restarts(everySeconds: Int)

    // MARK: One controller, cut off from what the others reach

    case cutOffFromGit(controller: Int, seconds: Int)
    /// Its fetches show the branch as it is now.
    case seesOldBranch(controller: Int, seconds: Int)
    case cutOffFromRouter(controller: Int, region: Int, seconds: Int)
    case cutOffFromTraffic(controller: Int, seconds: Int)

    // MARK: Observations

    case trafficStops(rollout: Int, seconds: Int)
    case candidateIsSilent(rollout: Int, seconds: Int)
    case observationsTwice(seconds: Int)
    case observationsLate(seconds: Int, by: Int)
    case observationsMislabelled(rollout: Int, seconds: Int)
    /// Nobody tells the truth of what is answered in this time.
    case labelsStop(rollout: Int, seconds: Int)
    case labelsLate(rollout: Int, seconds: Int, by: Int)

    package enum OrderKind: String, Sendable, Hashable, Codable, CaseIterable {
        case hold, abort, rollback, promote, resume, release
    }

    /// How an approval is not what it seems to be.
    package enum Forgery: String, Sendable, Hashable, Codable, CaseIterable {
        /// The person who wrote the change.
        case byAuthor
        /// The same file again, under another name.
        case copied
        /// The approval of an earlier run.
        case ofEarlierRun
        /// Signed in the namespace of commits.
        case otherNamespace
        /// Another share than was signed.
        case edited
        /// For another region than those of the run.
        case otherRegions
        /// Written as if it had been signed an hour ago, by the one whose key has ended since.
        case backdated

        /// What the kind `people` draws from.
        package static let early: [Forgery] = [
            .byAuthor, .copied, .ofEarlierRun, .otherNamespace, .edited,
        ]
    }
}
