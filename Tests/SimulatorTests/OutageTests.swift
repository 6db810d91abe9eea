import Foundation
import History
import Ledger
import RolloutCore
import Synchronization
import Testing

@testable import Simulator

/// Observations of everything stop, and come back (hazards C1, C22).
@Suite struct OutageTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "gatewright-outage-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private static let tick = TimeSpan.seconds(30)

    /// Callers of healthy versions. A candidate's answers are told one tick after stable's.
    private final class Callers: Sendable {
        private struct State {
            var served = 0
            var slower: [String: [Observation]] = [:]
        }

        let outage: ClosedRange<Int64>
        /// Whether stable is heard all the time, so that the candidate alone is silent.
        let hearsStable: Bool
        private let state = Mutex(State())
        private static let requests = 20

        init(outage: ClosedRange<Int64>, hearsStable: Bool = false) {
            self.outage = outage
            self.hearsStable = hearsStable
        }

        func tick(_ route: Route, at now: Timestamp) -> [Observation] {
            let isOut = outage.contains((now.milliseconds - ControllerHost.epoch) / 1_000)
            let key = "\(route.rollout)/\(route.region)"
            return state.withLock { state in
                let slower = state.slower.removeValue(forKey: key) ?? []
                let (stable, candidate) = Self.answers(route, now, &state.served)
                if isOut { return hearsStable ? stable : [] }
                state.slower[key] = candidate
                return slower + stable
            }
        }

        private static func answers(
            _ route: Route, _ now: Timestamp, _ served: inout Int
        ) -> (stable: [Observation], candidate: [Observation]) {
            var (stable, candidate): ([Observation], [Observation]) = ([], [])
            let chosen = route.share.basisPoints * requests / 10_000
            for place in 0..<requests {
                served += 1
                let unit = UInt64(served) &* 0x9E37_79B9_7F4A_7C15
                func answer(_ arm: Arm, _ backend: Route.Backend) -> Observation {
                    .prediction(
                        Prediction(
                            prediction: "r\(served)", arm: arm, rollout: route.rollout,
                            region: route.region, generation: route.generation,
                            version: backend.reference, at: now, latencyMicroseconds: 900,
                            output: "yes", confidence: nil, unit: unit))
                }
                guard let backend = route.candidate else { continue }
                if place < chosen {
                    candidate.append(answer(.candidate, backend))
                } else {
                    stable.append(answer(.stable, route.stable))
                }
                if route.mirror > .zero { candidate.append(answer(.mirror, backend)) }
            }
            return (stable, candidate)
        }
    }

    private static let stages = """
            - {stage: shadow, share: 100%, soak: 4m}
            - {stage: canary, share: 20%, soak: 6m}
            - {stage: gradual, shares: [50%, 100%], soak: 4m}
            - {stage: full, bake: 4m}

        """

    /// Healthy candidates, each begun a few seconds after the one before: an outage finds them in
    /// every stage.
    private func plan(rollouts: Int, beginning seconds: Int64) throws -> WorldPlan {
        var plan = WorldPlan(seed: 7)
        plan.trafficInterval = Self.tick
        plan.rollouts = try (0..<rollouts).map { number in
            var rollout = WorldPlan.RolloutPlan(
                name: try RolloutName("r\(number)"), regions: Array(Names.regions.prefix(1)))
            rollout.stages = Self.stages
            return rollout
        }
        plan.events = (0..<rollouts).map { number in
            WorldPlan.TimedEvent(
                at: 60_000 + seconds * 1_000 * Int64(number) / Int64(rollouts),
                event: .ask(rollout: number, version: 2))
        }
        return plan
    }

    private func kinds(_ world: World) -> [[String]] {
        world.plan.rollouts.map { world.witness.accepted($0.name).map(\.record.kind) }
    }

    @Test func nothingIsTakenBackWhenNobodyIsHeardForTenMinutes() throws {
        let plan = try plan(rollouts: 100, beginning: 1_200)
        let callers = Callers(outage: 1_260...1_860)
        let world = try World(plan, folder: folder) { callers.tick($0, at: $1) }
        let during = Set(["start", "advance", "complete"])
        world.run(atMost: .seconds(4_500)) {
            plan.rollouts.allSatisfy {
                world.witness.accepted($0.name).last?.record.kind == "complete"
            }
        }
        let ends = kinds(world)
        let open = ends.filter { $0.last != "complete" }
        #expect(open.isEmpty, "\(open)")
        #expect(!ends.joined().contains { !during.contains($0) && $0 != "bootstrap" })
        // Between the last answers and the first new ones nothing went up either.
        let quiet = (1_260_000 + 300_000)...1_860_000 as ClosedRange<Int64>
        let raised = plan.rollouts.flatMap { world.witness.accepted($0.name) }.filter {
            quiet.contains($0.at) && ["advance", "complete"].contains($0.record.kind)
        }
        #expect(raised.isEmpty, "\(raised.map(\.record.id))")
        #expect(try world.close().violations.isEmpty)
    }

    @Test func aCandidateThatAloneIsSilentGoesDown() throws {
        let plan = try plan(rollouts: 6, beginning: 1_200)
        let callers = Callers(outage: 1_140...1_740, hearsStable: true)
        let world = try World(plan, folder: folder) { callers.tick($0, at: $1) }
        world.run(atMost: .seconds(1_740))
        var stages: Set<StageKind> = []
        for rollout in plan.rollouts {
            let records = world.witness.accepted(rollout.name)
            let silences = records.filter { record in
                switch record.record.action {
                case .rollBack(.silent), .stepBack(_, .silent): true
                default: false
                }
            }
            stages.formUnion(silences.compactMap { $0.before.state.run?.currentStep?.stage })
            let last = try #require(records.last)
            guard silences.isEmpty, last.record.kind != "complete" else { continue }
            // Where everybody gets the candidate, no stable tells that it alone is silent.
            let step = last.after.state.run?.currentStep
            #expect(step?.largestShare == .all, "\(last.record.id): \(last.record.kind)")
        }
        #expect(stages.contains(.canary))
        #expect(try world.close().violations.isEmpty)
    }
}
