import Foundation
import Ledger
import Reconciler
import RolloutCore
import Testing

@testable import Simulator

/// Where there is no data, nothing goes up (hazards C1 to C6, C9, C11, C14, C22).
@Suite struct NoDataTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "gatewright-nodata-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func at(_ seconds: Int64, _ event: WorldEvent) -> WorldPlan.TimedEvent {
        WorldPlan.TimedEvent(at: seconds * 1_000, event: event)
    }

    /// One rollout of each kind, each with one guardrail, in a world without other faults.
    private func plan(_ kinds: [MeasuredKind], regions: Int = 1) throws -> WorldPlan {
        var plan = WorldPlan(seed: 5)
        plan.trafficInterval = .seconds(30)
        plan.rollouts = try kinds.map { kind in
            var rollout = WorldPlan.RolloutPlan(
                name: try kind.rollout, regions: Array(Names.regions.prefix(regions)))
            rollout.guardrails = try PolicyName(kind.rawValue)
            rollout.stages = kind.stages
            return rollout
        }
        for kind in kinds { plan.guardrails[try PolicyName(kind.rawValue)] = kind.policy }
        plan.events = kinds.indices.map { at(60, .ask(rollout: $0, version: 2)) }
        return plan
    }

    /// What must become of the only run of a rollout.
    private enum End: Equatable {
        /// It stays at its step, with its share.
        case held
        /// The candidate alone is silent: down, as the fail-safe table says.
        case silent
        /// No output is a failed answer, which is no lack of data.
        case breached
    }

    private func end(_ kind: MeasuredKind, _ way: NoData) -> End {
        switch way {
        // Users who are not heard of are not where they were sent.
        case .manySeries: kind == .split ? .breached : .silent
        case .partial where kind == .split: .breached
        // Everything of stable is known there, and nothing of the candidate.
        case .partial: kind.isOnLabels || kind.needsStable ? .held : .silent
        case .null: kind.isOnAnswers || kind == .errorRise ? .breached : .held
        case .empty, .notANumber, .stale, .frozen, .timeOut, .serverError: .held
        }
    }

    @Test(arguments: NoData.allCases) func nothingGoesUp(_ way: NoData) throws {
        let kinds = MeasuredKind.allCases
        var plan = try plan(kinds, regions: way == .partial ? 2 : 1)
        switch way {
        case .timeOut: plan.events.append(at(50, .observationsLate(seconds: 3_600, by: 3_600)))
        case .serverError: plan.events.append(at(50, .fillDisk(controller: 0, seconds: 3_600)))
        default: break
        }
        let callers = NoDataCallers(way)
        let world = try World(plan, folder: folder) { callers.tick($0, at: $1) }
        world.run(atMost: .seconds(900))
        let told = Result()
        world.look {
            var lines: [String] = []
            for kind in kinds {
                guard let name = try? kind.rollout else { continue }
                let why = await world.hosts[0].process?.reconciler.why(name)
                lines.append(why ?? "nobody knows")
            }
            told.set(lines)
        }
        for (kind, why) in zip(kinds, told.lines) { try check(kind, way, world, why) }
        #expect(told.lines.count == kinds.count)
        let report = try world.close()
        #expect(report.violations.isEmpty, "\(report.violations)")
    }

    private func check(
        _ kind: MeasuredKind, _ way: NoData, _ world: World, _ why: String
    ) throws {
        let name = try kind.rollout
        let records = world.witness.accepted(name).map(\.record)
        let note = Comment(rawValue: "\(kind.rawValue), \(way.rawValue): \(why)")
        var kinds = records.map(\.kind)
        let isStale = way == .stale && kind.goesOn
        // What was seen before it went stale was enough for one step.
        if isStale, let step = kinds.firstIndex(of: "advance") { kinds.remove(at: step) }
        #expect(!kinds.contains("advance") && !kinds.contains("complete"), note)
        switch end(kind, way) {
        case .held:
            #expect(kinds == ["bootstrap", "start"], note)
            #expect(records.count == (isStale ? 3 : 2), note)
            #expect(why.contains(kind.rawValue), note)
            guard let state = world.witness.accepted(name).last?.after.state else { return }
            for (region, route) in state.routes {
                #expect(route.candidate != nil, note)
                #expect(world.routers.served(name, in: region) == route, note)
            }
        case .silent:
            #expect(kinds == ["bootstrap", "start", "rollback"], note)
            guard case .rollBack(.silent(let region, _)) = records.last?.action else {
                Issue.record(note)
                return
            }
            #expect(way == .manySeries || region == Names.regions[1], note)
        case .breached:
            #expect(kinds == ["bootstrap", "start", "rollback"], note)
            guard case .rollBack(.breach(let guardrail, _)) = records.last?.action else {
                Issue.record(note)
                return
            }
            #expect(guardrail.rawValue == kind.rawValue, note)
        }
    }

    /// A controller that comes up beside a store which cannot be read knows nothing of its candidates.
    @Test func aStoreThatCannotBeReadHoldsUntilItCan() throws {
        let kinds = [MeasuredKind.errors, .accuracy, .throughputDrop]
        let callers = NoDataCallers(nil)
        let world = try World(plan(kinds), folder: folder) { callers.tick($0, at: $1) }
        let (host, scheduler) = (world.hosts[0], world.scheduler)
        scheduler.after(.seconds(180)) {
            host.disk.condition.readsFail = true
            host.crash(downFor: .seconds(5))
        }
        scheduler.after(.seconds(900)) { host.disk.condition.readsFail = false }
        world.run(atMost: .seconds(3_600))
        for kind in kinds {
            let records = world.witness.accepted(try kind.rollout)
            #expect(records.last?.record.kind == "complete", "\(kind.rawValue)")
            let blind = records.filter { $0.at > 180_000 && $0.at < 900_000 }
            #expect(blind.isEmpty, "\(blind.map(\.record.id))")
        }
        #expect(try world.close().violations.isEmpty)
    }

    /// The evidence of a candidate that was replaced could not be saved, and stayed in force for the
    /// one after it.
    @Test func aFullDiskLendsNobodyTheEvidenceOfAnother() throws {
        var plan = WorldPlan(seed: 5)
        plan.rollouts[0].soakSeconds = 120
        plan.events = [
            at(60, .ask(rollout: 0, version: 2)), at(150, .fillDisk(controller: 0, seconds: 600)),
            at(155, .ask(rollout: 0, version: 6)),
        ]
        let world = try World(plan, folder: folder)
        world.run(atMost: .seconds(3_600))
        let records = world.witness.accepted(Names.rollouts[0])
        let kinds = records.map(\.record.kind)
        #expect(kinds.prefix(4) == ["bootstrap", "start", "supersede", "start"])
        #expect(kinds.last == "complete")
        let blind = records.dropFirst(4).filter { $0.at < 750_000 }
        #expect(blind.isEmpty, "\(blind.map(\.record.id))")
        let report = try world.close()
        #expect(report.violations.isEmpty, "\(report.violations)")
    }

    /// The same callers, heard in full: otherwise nothing above could go up anyway.
    @Test func everythingThatIsReadGoesUpWhenItIsHeard() throws {
        let kinds = MeasuredKind.allCases
        let callers = NoDataCallers(nil)
        let world = try World(plan(kinds), folder: folder) { callers.tick($0, at: $1) }
        world.run(atMost: .seconds(3_600))
        for kind in kinds {
            let recorded = world.witness.accepted(try kind.rollout).map(\.record.kind)
            #expect(recorded.last == (kind.isRead ? "complete" : "start"), "\(kind.rawValue)")
        }
        #expect(try world.close().violations.isEmpty)
    }
}
