import Foundation
import Ledger
import RolloutCore
import Testing

@testable import Simulator

/// What only few drawn worlds have, one at a time: that it happens, and that nothing breaks.
@Suite struct RareWorldTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "gatewright-rare-worlds-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func records(
        _ events: [(seconds: Int64, event: WorldEvent)],
        _ change: (inout WorldPlan) -> Void = { _ in }
    ) throws -> [Witness.Accepted] {
        var plan = WorldPlan(seed: 3)
        plan.events = events.map { WorldPlan.TimedEvent(at: $0.seconds * 1_000, event: $0.event) }
        plan.rollouts[0].soakSeconds = 30
        change(&plan)
        let world = try World(plan, folder: folder)
        let report = try world.run()
        #expect(report.violations.isEmpty, "\(report.violations)")
        return world.witness.accepted(Names.rollouts[0])
    }

    @Test func whatAServerPretendsToKeepIsRecordedAgain() throws {
        let records = try records([
            (60, .remotePretends(seconds: 120)), (61, .ask(rollout: 0, version: 2)),
        ])
        #expect(records.map(\.record.kind).last == "complete")
        let start = try #require(records.first { $0.record.kind == "start" })
        #expect(start.at >= 180_000)
    }

    @Test func aRolloutThatNobodyCanReadStopsNoOther() throws {
        let records = try records([(30, .poisonSpec), (60, .ask(rollout: 0, version: 2))])
        #expect(records.map(\.record.kind).last == "complete")
    }

    /// What becomes of `beta`, beside which `alpha` must not be judged in another way.
    enum Neighbour: CaseIterable {
        case unreadable, failing, spoilt, removed

        var events: [(seconds: Int64, event: WorldEvent)] {
            switch self {
            case .unreadable: [(30, .poisonSpec), (90, .breakSpec(rollout: 1))]
            case .failing:
                [(50, .ask(rollout: 1, version: 1)), (100, .ask(rollout: 1, version: 3))]
            case .spoilt:
                [(40, .ask(rollout: 1, version: 2)), (90, .tamperState(rollout: 1, seconds: 600))]
            case .removed: [(55, .ask(rollout: 1, version: 2)), (80, .removeRollout(rollout: 1))]
            }
        }
    }

    /// 43 ISOLATION: the same decisions at the same time, to one beat of traffic.
    @Test(arguments: [1, 2, 4], Neighbour.allCases)
    func aNeighbourChangesNoDecision(_ version: Int, _ neighbour: Neighbour) throws {
        let own: [(seconds: Int64, event: WorldEvent)] = [(60, .ask(rollout: 0, version: version))]
        let alone = try records(own)
        let beside = try records(own + neighbour.events) { plan in
            plan.rollouts.append(
                WorldPlan.RolloutPlan(name: Names.rollouts[1], regions: Names.regions.dropLast()))
        }
        func told(_ records: [Witness.Accepted]) -> [String] {
            records.map { String($0.record.subject.prefix { $0 != ":" }) }
        }
        #expect(told(alone) == told(beside))
        for (one, other) in zip(alone, beside) { #expect(abs(one.at - other.at) < 16_000) }
    }

    /// A step back was recorded and its record lost with a rewound branch, while another controller
    /// was away. That one goes on; what it never saw it cannot miss.
    @Test("A3: what a controller never saw it cannot miss")
    func whatWasNeverSeenCannotBeMissed() throws {
        var plan = WorldPlan(
            drawnFrom: 56_827, allowed: FaultKind.allCases.filter { !FaultKind.recent.contains($0) }
        )
        plan = plan.keeping([0, 7, 8, 15, 16, 17, 18])
        let world = try World(plan, folder: folder)
        #expect(try world.run().violations.isEmpty)
        let records = world.witness.accepted(Names.rollouts[0])
        let lost = try #require(records.first { $0.record.kind == "step-back" })
        let next = try #require(records.first { $0.record.number == lost.record.number + 1 })
        #expect(next.record.kind == "complete" && next.controller != lost.controller)
        #expect(!world.witness.precedes(lost, next))
    }

    /// A gateway that came back with an old table is put right while the line is stopped, and the
    /// candidate gets its copies there: what answers people comes first.
    @Test func whatAnswersPeopleIsPutRightWhileTheLineIsStopped() throws {
        var plan = WorldPlan(drawnFrom: 66_419)
        plan = plan.keeping([1, 10, 11, 12, 13, 14])
        let world = try World(plan, folder: folder)
        #expect(try world.run().violations.isEmpty)
        let change = try #require(
            world.routers.changes.first { $0.at > 700_000 && $0.before?.generation == 8 })
        #expect(change.before?.share == .all && change.after?.share == .zero)
    }

    // MARK: One controller is cut off

    /// Seconds and writers of what two controllers recorded, one of which is cut off for 10 minutes.
    private func recordsBeside(_ cut: WorldEvent...) throws -> [Witness.Accepted] {
        try records([(60, .ask(rollout: 0, version: 2))] + cut.map { (70, $0) }) {
            $0.controllers = 2
        }
    }

    @Test("A1, B1: who reaches no git records nothing")
    func whoReachesNoGitRecordsNothingAndTheOtherGoesOn() throws {
        let records = try recordsBeside(.cutOffFromGit(controller: 0, seconds: 600))
        let during = records.filter { (71_000..<670_000).contains($0.at) }
        #expect(Set(during.map(\.controller)) == [1])
        #expect(during.last?.record.kind == "complete")
    }

    @Test("A10, B1: who reads an old branch records nothing")
    func whoReadsAnOldBranchRecordsNothingAndTheOtherGoesOn() throws {
        let records = try recordsBeside(.seesOldBranch(controller: 0, seconds: 600))
        let during = records.filter { (90_000..<670_000).contains($0.at) }
        #expect(Set(during.map(\.controller)) == [1])
        #expect(during.last?.record.kind == "complete")
    }

    @Test("D1, B1: who reaches no gateway advances nothing")
    func whoReachesNoGatewayAdvancesNothingAndTheOtherGoesOn() throws {
        let records = try recordsBeside(
            .cutOffFromRouter(controller: 0, region: 0, seconds: 600),
            .cutOffFromRouter(controller: 0, region: 1, seconds: 600))
        let during = records.filter { (110_000..<670_000).contains($0.at) }
        #expect(during.allSatisfy { $0.controller == 1 || $0.record.kind != "advance" })
        #expect(during.last?.record.kind == "complete")
    }

    @Test("C11, B1: who hears nothing advances nothing")
    func whoHearsNothingAdvancesNothingAndTheOtherGoesOn() throws {
        let records = try recordsBeside(.cutOffFromTraffic(controller: 0, seconds: 600))
        let during = records.filter { (71_000..<670_000).contains($0.at) }
        #expect(during.allSatisfy { $0.controller == 1 || $0.record.kind == "start" })
        #expect(during.last?.record.kind == "complete")
    }

    // MARK: Only labels tell

    @Test("C9: wrong answers are found by their labels", arguments: [nil, 60], [false, true])
    func wrongAnswersAreFoundByTheirLabels(_ after: Int?, _ isCompared: Bool) throws {
        let bad = try records([(60, .ask(rollout: 0, version: 1))]) {
            $0.labels = WorldPlan.Labels(after: after, isCompared: isCompared)
        }
        #expect(bad.map(\.record.kind) == ["bootstrap", "start", "rollback"])
        #expect(try #require(bad.last).record.reason.hasPrefix("accuracy "))
        let good = try records([(60, .ask(rollout: 0, version: 2))]) {
            $0.labels = WorldPlan.Labels(after: after, isCompared: isCompared)
        }
        #expect(good.last?.record.kind == "complete")
    }

    @Test("C9: nothing advances while nobody tells the truth")
    func nothingAdvancesWhileNobodyTellsTheTruth() throws {
        let records = try records([
            (60, .labelsStop(rollout: 0, seconds: 600)), (61, .ask(rollout: 0, version: 2)),
        ]) { $0.labels = WorldPlan.Labels(after: nil) }
        let advance = try #require(records.first { $0.record.kind == "advance" })
        #expect(advance.at > 660_000)
        #expect(records.last?.record.kind == "complete")
    }

    /// One region was reached late, and its labels were all yet to come when the other's had.
    @Test("C18: a region without labels is not passed")
    func aRegionWithoutLabelsIsNotPassed() throws {
        let records = try records([
            (62, .routerIsDeaf(region: 0, seconds: 180)), (71, .ask(rollout: 0, version: 3)),
        ]) {
            $0.failsByRegion = true
            $0.labels = WorldPlan.Labels(after: 60)
        }
        #expect(records.map(\.record.kind) == ["bootstrap", "start", "rollback"])
    }

    @Test func aControllerThatIsStartedAgainAndAgainGetsThere() throws {
        let records = try records([
            (60, .ask(rollout: 0, version: 2)), (70, .restarts(everySeconds: 90)),
        ]) { $0.rollouts[0].soakSeconds = 120 }
        #expect(records.map(\.record.kind).last == "complete")
    }

    @Test func aClosedWindowHoldsAStart() throws {
        let records = try records([(150, .ask(rollout: 0, version: 2))]) { plan in
            plan.closed = 2..<8
            plan.rollouts[0].hasWindow = true
        }
        let start = try #require(records.first { $0.record.kind == "start" })
        #expect(start.at >= 8 * 60_000 - 20_000)
        #expect(records.map(\.record.kind).last == "complete")
    }

    @Test(arguments: [false, true]) func whatIsBadInSomeRegionsIsRolledBack(
        isByRegion: Bool
    ) throws {
        let records = try records([(60, .ask(rollout: 0, version: 1))]) {
            $0.failsByRegion = isByRegion
        }
        #expect(records.map(\.record.kind) == ["bootstrap", "start", "rollback"])
    }

    // MARK: Forgers

    /// Steps that version 8 takes when these agree while it is in shadow; 2 is written by the first
    /// of them, under another name.
    private func advances(
        to version: Int, _ events: [(seconds: Int64, event: WorldEvent)], askedAt: Int64 = 60
    ) throws -> Int {
        let records = try records([(askedAt, .ask(rollout: 0, version: version))] + events) {
            $0.rollouts[0].isGated = true
            $0.rollouts[0].soakSeconds = 60
            $0.hasForgers = true
        }
        return records.count(where: { $0.record.kind == "advance" })
    }

    private func yes(
        _ person: Int, _ forgery: WorldEvent.Forgery? = nil, at seconds: Int64 = 110
    ) -> (seconds: Int64, event: WorldEvent) {
        (seconds, .approve(rollout: 0, person: person, forgery))
    }

    @Test func twoWhoMayAgreeAreEnough() throws {
        #expect(try advances(to: 8, [yes(0), yes(1)]) == 1)
        #expect(try advances(to: 2, [yes(1), yes(2)]) == 1)
    }

    @Test func whoWroteTheChangeUnderAnotherNameDoesNotCount() throws {
        #expect(try advances(to: 2, [yes(0), yes(1)]) == 0)
    }

    @Test func approvalsForOtherRegionsDoNotCount() throws {
        #expect(try advances(to: 8, [yes(0), yes(1, .otherRegions)]) == 0)
    }

    @Test func anEarlierDateDoesNotBringAKeyBack() throws {
        let late: Int64 = 1_400
        #expect(
            try advances(
                to: 8, [yes(0, at: late), yes(2, .backdated, at: late)], askedAt: late - 50) == 0)
        #expect(try advances(to: 8, [yes(0), yes(2, .backdated)]) == 1)
    }

    @Test func nobodyCountsWhileTheListOfLostKeysIsGone() throws {
        let events: [(seconds: Int64, event: WorldEvent)] = [
            (100, .loseRevocations(seconds: 600)), yes(0), yes(1),
        ]
        let records = try records([(60, .ask(rollout: 0, version: 8))] + events) {
            $0.rollouts[0].isGated = true
            $0.hasForgers = true
        }
        let advance = try #require(records.first { $0.record.kind == "advance" })
        #expect(advance.at >= 700_000)
    }

    /// Without a record of what was used, two would agree to a canary twice.
    @Test func anApprovalIsUsedOnce() throws {
        let events: [(seconds: Int64, event: WorldEvent)] = [
            yes(0), yes(1), (250, .candidateIsSilent(rollout: 0, seconds: 310)),
            (600, .order(rollout: 0, .resume)),
        ]
        let records = try records([(60, .ask(rollout: 0, version: 8))] + events) {
            $0.rollouts[0].isGated = true
            $0.hasForgers = true
        }
        #expect(
            records.map(\.record.kind) == [
                "bootstrap", "start", "advance", "step-back", "resume",
            ])
    }
}
