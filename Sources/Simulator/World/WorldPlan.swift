package import RolloutCore

/// Everything about a world that its seed decides before it begins.
package struct WorldPlan: Sendable {
    package let seed: UInt64
    package var rollouts: [RolloutPlan]
    package var controllers: Int
    package var events: [TimedEvent]
    /// What may go wrong in it, as drawn.
    package internal(set) var kinds: Set<FaultKind> = []
    /// How long people act and faults happen, and how long there is peace after that.
    package var active: TimeSpan
    package var peace: TimeSpan
    /// Whether bad versions are bad in some regions only: a mean over all of them would be one too.
    package var failsByRegion = false
    /// Whether bad versions answer wrongly instead of not at all, which only labels tell; they come
    /// 15 to 45 seconds after the answer.
    package var labels: Labels?
    /// Minutes after the beginning in which the window of every rollout is closed.
    package var closed: Range<Int>?
    /// Whether people try to agree who may not: one writes changes under the engineer's name, and
    /// the key of another one ends.
    package var hasForgers = false
    package var trafficInterval = TimeSpan.seconds(15)
    /// Files of guardrails beside the usual ones: what stands under `spec`.
    package var guardrails: [PolicyName: String] = [:]

    package struct RolloutPlan: Sendable, Hashable {
        package let name: RolloutName
        package var regions: [RegionName]
        package var isGated = false
        package var onNewVersion = "replace"
        package var onBreach = "rollback"
        package var soakSeconds = 60
        package var hasWaves = false
        package var hasWindow = false
        /// In place of the usual guardrails and stages.
        package var guardrails: PolicyName?
        package var stages: String?
        /// What the versions' files say of their servers in each region, in requests a minute: of
        /// the first version, which is stable at the beginning, and of the others.
        package var stableCapacity: Int?
        package var capacity: Int?
        /// Whether it shares something with the others of which this is true.
        package var isInGroup = false
    }

    package struct Labels: Sendable, Hashable {
        /// The age in seconds at which answers are counted; `nil` lets the controller find it out.
        package var after: Int?
        /// Whether answers are held against those of stable, in shadow to the same requests.
        package var isCompared = false
    }

    package struct TimedEvent: Sendable, Hashable, Codable {
        package let at: Int64
        package let event: WorldEvent
    }

    /// One rollout in two regions, one controller, no events.
    package init(seed: UInt64) {
        self.seed = seed
        rollouts = [RolloutPlan(name: Names.rollouts[0], regions: Array(Names.regions.prefix(2)))]
        controllers = 1
        events = []
        active = .seconds(1_800)
        peace = .seconds(1_800)
    }
}

/// The names that worlds use.
package enum Names {
    package static let rollouts: [RolloutName] = ["alpha", "beta", "gamma", "delta", "epsilon"]
        .map(name)
    package static let regions: [RegionName] = ["eu", "us", "ap", "sa"].map(name)
    package static let router: RouterName = name("gateway")

    private static func name<Subject>(_ text: String) -> Identifier<Subject> {
        guard let name = try? Identifier<Subject>(text) else { preconditionFailure(text) }
        return name
    }
}

/// How a version behaves, by the last digit of its number: what every check measures against.
package enum Quality: String, Sendable, Hashable, CaseIterable, Codable {
    case good
    /// It fails four requests in five: sure to be seen before the least number of samples.
    case failing
    /// It answers nothing that anybody hears of.
    case silent

    /// 1.N.0: even numbers are good, odd ones fail, and every fifth is silent.
    package init(version: Int) {
        self = version % 5 == 4 ? .silent : version.isMultiple(of: 2) ? .good : .failing
    }
}
