import Foundation
import Git
import Identity
import Ledger
import Reconciler
import RolloutCore
import RolloutFiles
import Testing

/// A world in which gradual waits for two people, with everybody's keys.
struct Gated {
    let world: World
    let ana: PrivateKey
    let sam: PrivateKey
    let lena: PrivateKey
    let controller: PrivateKey

    static let name = "controller@example.org"

    init(channels: String = "[signed]", rollout: [(String, String)] = []) async throws {
        let keys = try (0..<4).map { _ in try PrivateKey.generate() }
        (ana, sam, lena, controller) = (keys[0], keys[1], keys[2], keys[3])
        var spec = try #require(
            World.files(soak: "10s", router: "gateway")["rollouts/selector/rollout.yaml"] ?? nil)
        spec = spec.replacing(
            "guardrails: [health]", with: "guardrails: [health]\n  approvals: two"
        )
        .replacing("{stage: gradual,", with: "{stage: gradual, approval: true,")
        for (from, to) in rollout { spec = spec.replacing(from, with: to) }
        world = try await World(
            extra: [
                "rollouts/selector/rollout.yaml": spec,
                "policies/approvals/two.yaml": """
                apiVersion: gatewright.dev/v1
                kind: Approvals
                spec: {approvers: [sre], minApprovals: 2, channel: \(channels), expiresAfter: 1h}

                """,
                "policies/groups.yaml": """
                apiVersion: gatewright.dev/v1
                kind: Groups
                spec:
                  groups: {controllers: [\(Self.name)], sre: [sam@x, lena@x, ana@x]}

                """,
                "policies/signers": Self.signers(controller, ana: ana, sam: sam, lena: lena),
                "policies/revoked-signers": "sequence 1\n",
            ], key: controller, author: ana)
    }

    static func signers(
        _ controller: PrivateKey, ana: PrivateKey, sam: PrivateKey, lena: PrivateKey
    ) -> String {
        let people = [("ana@x", ana), ("sam@x", sam), ("lena@x", lena)].map {
            "\($0) namespaces=\"git,\(Namespace.approval)\" \($1.publicKey.openSSH)\n"
        }
        return "\(name) namespaces=\"git\" \(controller.publicKey.openSSH)\n" + people.joined()
    }

    /// A controller whose rollout waits in canary for people.
    func waiting(
        configure: (inout Reconciler.Configuration) -> Void = { _ in }
    ) async throws -> Controller {
        let controller = try await Controller(in: world, configure: configure)
        try await controller.reach(.canary)
        try await controller.feed(3_000)
        try await controller.until("waiting for approval", soaking: 11) {
            $0.why?.line.contains("waits for approval of gradual") ?? false
        }
        return controller
    }

    func approval(
        _ key: PrivateKey, answer: Approval.Answer = .approve, lasting: TimeSpan? = nil
    ) async throws -> ApprovalFile {
        let ledger = try world.ledger()
        let tip = try #require(await ledger.sync().tip)
        let state = try await ledger.currentState(of: World.name, at: tip).state
        let run = try #require(state.run)
        let origin = try #require(try await ledger.origin(of: run.id, at: tip))
        let terms = try #require(run.approvals)
        let approval = try #require(
            Approval(
                answer, of: state, terms: terms,
                runDigest: origin.recordDigest, baseCommit: tip.hex, hotfix: false,
                now: world.clock.now, lasting: lasting, nonce: UUID().uuidString,
                comment: "looked"))
        let signature = try SSHSignature(
            ApprovalFile.message(approval), namespace: Namespace.approval, by: key)
        return ApprovalFile(approval: approval, signature: signature.armored)
    }

    func commit(_ file: ApprovalFile, by key: PrivateKey) async throws {
        let text = String(decoding: try RecordFile.bytes(file), as: UTF8.self)
        try await world.commit([ApprovalFile.path(file.approval): text], signedBy: key)
    }

    func approve(_ key: PrivateKey, _ controller: Controller) async throws {
        try await commit(try await approval(key), by: key)
        await controller.reconciler.sync()
        try await controller.turns()
    }

    var page: @Sendable (Approval, String, Timestamp) throws -> SeenApproval {
        let key = controller
        return { try PageApproval.make($0, by: $1, at: $2, key: key) }
    }
}

@Suite struct ConsentTests {
    @Test func twoSignedApprovalsOpenTheGateAndAreRecorded() async throws {
        let gated = try await Gated()
        let controller = try await gated.waiting()
        try await gated.approve(gated.ana, controller)
        #expect(await controller.step() == 1)
        #expect(
            await controller.reconciler.why(World.name)?.contains("ana@x wrote the change") == true)
        try await gated.approve(gated.sam, controller)
        #expect(await controller.step() == 1)
        try await gated.approve(gated.lena, controller)
        try await controller.until("gradual") { $0.stage == .gradual }
        let record = try #require(try await gated.world.newestRecord())
        #expect(record.quorum?.given == ["lena@x", "sam@x"])
        #expect(record.quorum?.discounted.map(\.who) == ["ana@x"])
        #expect(record.input.consent.authors.map(\.principal) == ["ana@x"])
        // The record tells what became of the one before it.
        #expect(record.confirms?.decision == record.number - 1)
        #expect(record.confirms?.appliedAt != nil)
        await controller.stop()
    }

    // G2: what was approved is not what is asked for now.
    @Test("G2, J8: an approval dies with its run")
    func anApprovalDiesWithItsRun() async throws {
        let gated = try await Gated()
        let controller = try await gated.waiting()
        let early = try await gated.approval(gated.sam)
        let other = try await gated.approval(gated.lena)
        // The plan is edited: the run begins again, with the same bytes.
        let path = "rollouts/selector/rollout.yaml"
        let repository = try GitRepository(opening: gated.world.folder + "/main.git")
        let found = try await repository.resolve(ReferenceName("refs/heads/main"))
        let tip = try #require(found)
        let entry = try #require(try await repository.entry(at: path, in: tip))
        let text = String(
            decoding: try await repository.blob(entry.id, limitBytes: 1 << 20), as: UTF8.self)
        try await gated.world.commit(
            [path: text.replacing("share: 5%", with: "share: 6%")], signedBy: gated.ana)
        await controller.reconciler.sync()
        try await controller.until("a new run") { $0.run?.firstDecision ?? 0 > 2 && $0.step == 0 }
        try await gated.commit(early, by: gated.sam)
        try await gated.commit(other, by: gated.lena)
        await controller.reconciler.sync()
        try await controller.reach(.canary)
        try await controller.feed(3_000)
        try await controller.until("waiting again", soaking: 11) {
            $0.why?.line.contains("waits for approval of gradual: 0 of 2") ?? false
        }
        try await controller.turns()
        #expect(await controller.status?.stage == .canary)
        await controller.stop()
    }

    // G5: a key that is revoked before its approval was used.
    @Test("G5, G7, J18: a revoked key takes its approval along")
    func aRevokedKeyTakesItsApprovalAlong() async throws {
        let gated = try await Gated()
        let controller = try await gated.waiting()
        try await gated.approve(gated.sam, controller)
        try await gated.world.commit(
            ["policies/revoked-signers": "sequence 2\n\(gated.sam.publicKey.fingerprint)\n"])
        await controller.reconciler.sync()
        try await gated.approve(gated.lena, controller)
        #expect(await controller.status?.stage == .canary)
        let why = await controller.reconciler.why(World.name)
        #expect(why?.contains("the key of sam@x was revoked") == true, "\(why ?? "")")
        // G7: an older copy of the file, and none at all.
        for text in ["sequence 0\n", nil] as [String?] {
            try await gated.world.commit(["policies/revoked-signers": text])
            await controller.reconciler.sync()
            try await controller.turns()
            #expect(await controller.status?.stage == .canary)
            let why = await controller.reconciler.why(World.name)
            #expect(why?.contains("none can count: policies/revoked-signers") == true)
        }
        await controller.stop()
    }

    // G10: who may approve a change is who could before it, under the terms of before it.
    @Test func aChangeDoesNotBringItsOwnApproversAlong() async throws {
        let gated = try await Gated(rollout: [("version: 2.0.0", "version: 1.0.0")])
        let controller = try await Controller(in: gated.world)
        try await controller.until("stable") { $0.stable != nil }
        let eve = try PrivateKey.generate()
        let files = try #require(
            World.files(soak: "10s", router: "gateway")["rollouts/selector/rollout.yaml"] ?? nil)
        try await gated.world.commit(
            [
                "rollouts/selector/rollout.yaml": files.replacing(
                    "guardrails: [health]", with: "guardrails: [health]\n  approvals: two"
                ).replacing("{stage: gradual,", with: "{stage: gradual, approval: true,"),
                "policies/approvals/two.yaml": """
                apiVersion: gatewright.dev/v1
                kind: Approvals
                spec: {approvers: [sre], minApprovals: 1, excludeAuthors: false}

                """,
                "policies/signers": Gated.signers(
                    gated.controller, ana: gated.ana, sam: gated.sam, lena: gated.lena)
                    + "eve@x namespaces=\"git,\(Namespace.approval)\" \(eve.publicKey.openSSH)\n",
                "policies/groups.yaml": """
                apiVersion: gatewright.dev/v1
                kind: Groups
                spec:
                  groups: {controllers: [\(Gated.name)], sre: [sam@x, lena@x, ana@x, eve@x]}

                """,
            ], signedBy: gated.ana)
        await controller.reconciler.sync()
        try await controller.reach(.canary)
        try await controller.feed(3_000)
        gated.world.clock.pass(seconds: 11)
        // The change asks for one approval and lets its author give it; before it, two others had to.
        try await controller.until("waiting for two") {
            $0.why?.line.contains("waits for approval of gradual: 0 of 2") ?? false
        }
        try await gated.approve(eve, controller)
        try await gated.approve(gated.ana, controller)
        try await gated.approve(gated.sam, controller)
        #expect(await controller.status?.stage == .canary)
        let why = await controller.reconciler.why(World.name) ?? ""
        #expect(why.contains("the key of eve@x came to policies/signers with the change"))
        try await gated.approve(gated.lena, controller)
        try await controller.until("gradual") { $0.stage == .gradual }
        await controller.stop()
    }

    // G6: whether a key is valid is judged when its approval was first seen, also by the next life
    // of the controller.
    @Test func whenItWasFirstSeenOutlivesARestart() async throws {
        let gated = try await Gated()
        let first = try await gated.waiting()
        try await gated.approve(gated.sam, first)
        await first.stop()
        gated.world.clock.pass(seconds: 1_200)
        let second = try await Controller(in: gated.world)
        try await second.feed(2_000)
        try await gated.approve(gated.lena, second)
        try await second.until("gradual") { $0.stage == .gradual }
        let record = try #require(try await gated.world.newestRecord())
        let times = Dictionary(
            uniqueKeysWithValues: record.input.consent.approvals.map {
                ($0.principal ?? "", $0.firstSeen)
            })
        let sam = try #require(times["sam@x"])
        let lena = try #require(times["lena@x"])
        #expect(lena - sam >= .seconds(1_200))
        await second.stop()
    }

    @Test("G12, J18: an approval expires")
    func anApprovalExpires() async throws {
        let gated = try await Gated()
        let controller = try await gated.waiting()
        try await gated.commit(
            try await gated.approval(gated.sam, lasting: .seconds(60)), by: gated.sam)
        await controller.reconciler.sync()
        try await controller.turns()
        gated.world.clock.pass(seconds: 61)
        try await controller.feed(2_000)
        try await gated.approve(gated.lena, controller)
        #expect(await controller.status?.stage == .canary)
        #expect(await controller.reconciler.why(World.name)?.contains("it expired at") == true)
        await controller.stop()
    }

    // 39: what came by the page counts only where the policy says so.
    @Test("G14, H15: the page counts where it may", arguments: [true, false])
    func thePageCountsWhereItMay(_ mayPage: Bool) async throws {
        let gated = try await Gated(channels: mayPage ? "[signed, ui]" : "[signed]")
        let controller = try await gated.waiting { $0.signPageAnswer = gated.page }
        let status = try #require(await controller.status)
        let run = try #require(status.run)
        let digest = try #require(status.candidate?.digest.hex)
        func answer(_ digest: String, _ run: RunID) -> PageAnswer {
            PageAnswer(
                answer: .approve, run: run, digestPrefix: digest, hotfix: false, comment: "")
        }
        let reconciler = controller.reconciler
        for wrong in [
            answer("000000000000", run), answer(String(digest.prefix(11)), run),
            answer(digest, RunID(rollout: World.name, firstDecision: 1)),
        ] {
            await #expect(throws: Reconciler.OrderRefusal.self) {
                _ = try await reconciler.take(wrong, by: "sam@x", nonce: "1", for: World.name)
            }
        }
        for person in ["sam@x", "lena@x"] {
            let said = try await reconciler.take(
                answer(String(digest.prefix(12)), run), by: person, nonce: person,
                for: World.name)
            #expect(said?.contains(person) == true)
        }
        if mayPage {
            try await controller.until("gradual") { $0.stage == .gradual }
            let record = try #require(try await gated.world.newestRecord())
            #expect(record.input.consent.approvals.allSatisfy { $0.channel == .ui })
        } else {
            try await controller.turns()
            #expect(await controller.status?.stage == .canary)
            #expect(
                await reconciler.why(World.name)?.contains("it came by ui, and signed is asked for")
                    == true)
        }
        await controller.stop()
    }

    @Test("J9: a closed window holds and rolls back still")
    func aClosedWindowHoldsAndRollsBackStill() async throws {
        // The test's clock begins on Monday, 2026-09-21, 14:13:20 UTC.
        let gated = try await Gated(rollout: [("  stages:", "  windows: [night]\n  stages:")])
        try await gated.world.commit([
            "policies/windows/night.yaml": """
            apiVersion: gatewright.dev/v1
            kind: Window
            spec: {allow: "Mon-Fri 15:00-16:00", timeZone: UTC, owner: sre, reason: "office hours"}

            """
        ])
        let controller = try await Controller(in: gated.world)
        try await controller.until("a closed window") {
            $0.why?.line.contains("waits for window night") ?? false
        }
        let until = await controller.status?.why?.until
        #expect(until == Timestamp("2026-09-21T15:00:00Z"))
        gated.world.clock.pass(seconds: 2_800)
        try await controller.until("shadow") { $0.stage == .shadow }
        try await controller.settled()
        // Too few to go on: a pass that began before the clock moved must not.
        try await controller.feed(20)
        // It closes again: the candidate stays, and a breach still takes it back.
        gated.world.clock.pass(seconds: 3_600)
        try await controller.feed()
        try await controller.until("a closed window") {
            $0.why?.line.contains("waits for window night") ?? false
        }
        #expect(await controller.step() == 0)
        try await controller.feed(2_000, failing: 1_800)
        try await controller.until("taken back") { $0.candidate == nil }
        await controller.stop()
    }

    @Test func aVersionThatItsGatesRefuseNeverStarts() async throws {
        let gated = try await Gated(rollout: [("  stages:", "  admission: [gates]\n  stages:")])
        try await gated.world.commit([
            "policies/admission/gates.yaml": """
            apiVersion: gatewright.dev/v1
            kind: Admission
            spec:
              require:
                - {metric: accuracy, atLeast: 75%, atMost: 90%, because: "above, the label leaked"}

            """
        ])
        let controller = try await Controller(in: gated.world)
        try await controller.until("refused") {
            $0.why?.line.contains("accuracy was not measured") ?? false
        }
        try await controller.turns()
        #expect(await controller.status?.run == nil)
        #expect(try await gated.world.recorded() == ["bootstrap"])
        await controller.stop()
    }
}
