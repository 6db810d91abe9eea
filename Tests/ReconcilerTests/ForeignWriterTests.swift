import Git
import Identity
import Ledger
import Reconciler
import RolloutCore
import Testing

/// Somebody who may push writes decisions, and no controller signed them.
@Suite struct ForeignWriterTests {
    @Test("F16: what no controller signed raises nobody, now and after a restart")
    func whatNoControllerSignedRaisesNobody() async throws {
        let other = try PrivateKey.generate()
        let world = try await world(of: try PrivateKey.generate())
        var controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        try await forgeAnAdvance(in: world, by: other)
        for _ in 0..<2 {
            await controller.reconciler.sync()
            let status = try await controller.until("noticed") { status in
                status.why?.line.contains("wrote below state/") ?? false
            }
            #expect(status.why?.consequence == .stalled)
            try await controller.turns()
            for region in [World.eu, World.us] {
                #expect(world.router.served(in: region)?.share == .zero)
            }
            await controller.stop()
            controller = try await Controller(in: world)
        }
        await controller.stop()
    }

    // Seed 28128: a step back was on record, its answer was lost, and somebody wrote the next decision
    // before it was asked for again. What that led to was believed.
    @Test("F16: a step whose record is found takes over no state that somebody else wrote")
    func aStepThatIsFoundTakesOverNobodyElsesState() async throws {
        let world = try await world(of: try PrivateKey.generate())
        let controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        await controller.reconciler.sync()
        await controller.stop()
        let ledger = try world.ledger()
        let tip = try #require(await ledger.sync().tip)
        let state = try await ledger.currentState(of: World.name, at: tip).state
        let step = try await draft(.hold(.withdrawn(summary: "x")), "a step", on: state, in: world)
        guard case .acknowledged(_, let held, _) = await ledger.record(step, taken: true) else {
            throw Trouble("not recorded")
        }
        let path = "state/selector/current.json"
        let honest = try await world.text(of: path)
        try await forgeAnAdvance(in: world, by: try PrivateKey.generate())
        guard case .refused(let why) = await ledger.record(step, taken: true) else {
            throw Trouble("it was taken over")
        }
        #expect(why.contains("wrote below state/"))
        try await world.commit([
            path: honest, "state/selector/decisions/000004-advance.json": nil,
        ])
        guard case .alreadyRecorded(held) = await ledger.record(step, taken: true) else {
            throw Trouble("it was not found")
        }
    }

    private func world(of key: PrivateKey) async throws -> World {
        try await World(
            extra: [
                "policies/signers": "controller@x namespaces=\"git\" \(key.publicKey.openSSH)\n",
                "policies/revoked-signers": "sequence 1\n",
                "policies/groups.yaml":
                    "apiVersion: gatewright.dev/v1\nkind: Groups\n"
                    + "spec: {groups: {controllers: [controller@x]}}\n",
            ], key: key)
    }

    private func draft(
        _ action: Action, _ id: String, on state: RolloutState, in world: World
    ) async throws -> DecisionDraft {
        guard let newest = try await world.newestRecord() else { throw Trouble("no record") }
        let input = DecisionInput(
            now: world.clock.now, state: state, request: newest.input.request, orders: [],
            conditions: Conditions(), atStep: .zero, timeScale: 1, evidence: [], traffic: [:],
            routers: [:])
        return DecisionDraft(
            id: id, action: action, reason: "so it is", input: input, verdicts: [],
            inputsCommit: newest.inputsCommit)
    }

    /// Canary, as if it had been decided.
    private func forgeAnAdvance(in world: World, by key: PrivateKey) async throws {
        let ledger = try Ledger(
            repository: GitRepository(opening: world.folder + "/main.git"), remote: nil,
            branch: "main", worker: RemoteWorker(executable: "/bin/false"),
            author: CommitAuthor(name: "gatewright", email: "gatewright@example.org"),
            writer: RecordWriter(name: "test", software: "gatewright test"), key: key)
        guard let tip = await ledger.sync().tip else { throw Trouble("no branch") }
        let state = try await ledger.currentState(of: World.name, at: tip).state
        let draft = try await draft(.advance(step: 1), "forged", on: state, in: world)
        guard case .acknowledged = await ledger.record(draft, taken: false) else {
            throw Trouble("not recorded")
        }
    }
}
