import Calibration
import Ledger
package import RolloutCore

/// One rollout of a candidate whose requests turn out by chance, through the whole loop, with a few
/// faults on the way.
package struct ChanceTrial: Sendable {
    package let seed: UInt64
    package let limits: ChanceLimits
    /// `nil` is just as good as stable.
    package let regression: ChanceRegression?

    /// How a rollout ended.
    package struct End: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Hashable, Codable {
            case completed, undecided
            case rolledBack = "rolled-back"
        }

        package let kind: Kind
        /// What it was taken back for; `silence` when nothing was heard of the candidate.
        package let cause: String?
        /// Where it was then.
        package let stage: StageKind?
        /// The candidate's answers, mirrored ones too.
        package let answers: Int
        /// From the start to the end, or for as long as was waited.
        package let milliseconds: Int64
        /// What was met on the way, and what the world's witness minds.
        package let marks: [String: Int]
        package let violations: [Violation]
        package let trace: Digest
    }

    package init(seed: UInt64, limits: ChanceLimits, regression: ChanceRegression?) {
        self.seed = seed
        self.limits = limits
        self.regression = regression
    }

    /// Whether taking the candidate back is an error.
    package var keepsLimits: Bool { limits.areKept(by: candidate, beside: stable) }

    private var stable: ChanceLaw { ChanceLaw() }
    private var candidate: ChanceLaw { regression?.law(beside: stable) ?? stable }

    /// After this time a rollout counts as undecided.
    private static let patience = TimeSpan.seconds(3 * 3_600)
    private static let asked: Int64 = 60_000
    private static let stages = """
            - {stage: shadow, share: 100%, soak: 5m}
            - {stage: canary, share: 20%, soak: 5m}
            - {stage: gradual, shares: [50%, 100%], soak: 5m}
            - {stage: full, bake: 5m}

        """

    private func plan() throws -> WorldPlan {
        var random = SeededRandom(seed: seed ^ 0xFA_017)
        var plan = WorldPlan(seed: seed)
        let policy = try PolicyName(limits.rawValue)
        plan.guardrails = [policy: limits.spec]
        plan.rollouts[0].guardrails = policy
        plan.rollouts[0].stages = Self.stages
        plan.rollouts[0].regions = Array(Names.regions.prefix(random.within(1...2)))
        plan.trafficInterval = ChanceTraffic.interval
        plan.events = [
            WorldPlan.TimedEvent(at: Self.asked, event: .ask(rollout: 0, version: 2))
        ]
        for _ in 0..<random.below(5) {
            let at = Self.asked + Int64(random.below(3_600)) * 1_000
            plan.events.append(WorldPlan.TimedEvent(at: at, event: Self.fault(&random)))
        }
        return plan
    }

    /// What befalls both arms alike: a version that is hurt by itself would not be healthy.
    private static func fault(_ random: inout SeededRandom) -> WorldEvent {
        let seconds = random.within(5...240)
        switch random.below(7) {
        case 0: return .observationsTwice(seconds: seconds)
        case 1: return .observationsLate(seconds: seconds, by: random.within(1...180))
        case 2: return .crash(controller: 0, downSeconds: seconds)
        case 3: return .pause(controller: 0, seconds: seconds)
        case 4: return .cutPower(controller: 0, downSeconds: seconds)
        case 5: return .fillDisk(controller: 0, seconds: seconds)
        default: return .remoteDown(seconds: seconds)
        }
    }

    /// - Parameter folder: an empty folder for the few files that a controller writes itself.
    package func run(folder: String) throws -> End {
        let traffic = ChanceTraffic(seed: seed, stable: stable, candidate: candidate)
        let world = try World(plan(), folder: folder) { traffic.tick($0, at: $1) }
        let name = Names.rollouts[0]
        func last() -> Witness.Accepted? {
            world.witness.accepted(name).last { $0.record.action.end != nil }
        }
        world.run(atMost: Self.patience) { last() != nil }
        let report = try world.close()
        let start = world.witness.accepted(name).first { $0.record.kind == "start" }
        let end = last()
        let cause = end?.record.action.cause
        return End(
            kind: end?.record.action.end ?? .undecided,
            cause: cause.map { $0.guardrail?.rawValue ?? "silence" },
            stage: cause == nil ? nil : end?.before.state.run?.currentStep?.stage,
            answers: traffic.answers,
            milliseconds: (end?.at ?? Self.patience.milliseconds) - (start?.at ?? Self.asked),
            marks: report.marks, violations: report.violations, trace: report.trace)
    }
}

extension Action {
    /// What a rollout came to by this; `nil` while it goes on.
    fileprivate var end: ChanceTrial.End.Kind? {
        switch self {
        case .complete: .completed
        // A step back counts too: the version was served less than it deserved.
        case .rollBack, .stepBack, .hold: .rolledBack
        default: nil
        }
    }

    fileprivate var cause: Cause? {
        switch self {
        case .rollBack(let cause), .stepBack(_, let cause), .hold(let cause): cause
        default: nil
        }
    }
}
