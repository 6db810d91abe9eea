import RolloutCore

/// A world without chance, in which every effect is made to fail, and to be the last one of its
/// process, one after another.
package struct Scenario: Sendable {
    package let name: String
    private let plan: WorldPlan

    package static let all = [
        Scenario("a good version reaches full") { _ in },
        Scenario("a bad version is rolled back") { plan in
            plan.events = [at(60, .ask(rollout: 0, version: 1))]
        },
        Scenario("a candidate is aborted") { plan in
            plan.events.append(at(130, .order(rollout: 0, .abort)))
        },
        Scenario("people agree") { plan in
            plan.rollouts[0].isGated = true
            plan.events += [
                at(200, .approve(rollout: 0, person: 0, nil)),
                at(220, .approve(rollout: 0, person: 1, nil)),
            ]
        },
        Scenario("another version takes its place") { plan in
            plan.events.append(at(150, .ask(rollout: 0, version: 6)))
        },
        Scenario("two controllers") { plan in plan.controllers = 2 },
    ]

    private init(_ name: String, _ change: (inout WorldPlan) -> Void) {
        self.name = name
        var plan = WorldPlan(seed: 1)
        plan.rollouts[0].regions = Array(Names.regions.prefix(1))
        plan.rollouts[0].soakSeconds = 30
        plan.active = .seconds(480)
        plan.events = [Self.at(60, .ask(rollout: 0, version: 2))]
        change(&plan)
        self.plan = plan
    }

    private static func at(_ seconds: Int64, _ event: WorldEvent) -> WorldPlan.TimedEvent {
        WorldPlan.TimedEvent(at: seconds * 1_000, event: event)
    }

    /// The undisturbed world.
    package func run(folder: String) throws -> World.Report {
        try World(plan, folder: folder).run()
    }

    /// How an effect can end, other than well.
    package static let endings = Outcome.allCases.filter { $0 != .done }

    /// Runs the world once for each effect, which ends so, until there is no such effect any more.
    ///
    /// - Parameter told: called with each world's report, and the number of the effect.
    package func everyEffect(
        _ ending: Outcome, folder: String, told: (World.Report, _ number: Int) -> Void
    ) throws {
        var number = 1
        while true {
            let world = try World(plan, folder: folder)
            world.end(effect: number, ending)
            let report = try world.run()
            guard world.effects >= number else { return }
            told(report, number)
            number += 1
        }
    }
}
