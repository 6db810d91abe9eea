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
        let (mine, other) = (try PrivateKey.generate(), try PrivateKey.generate())
        let world = try await World(
            extra: [
                "policies/signers": "controller@x namespaces=\"git\" \(mine.publicKey.openSSH)\n",
                "policies/revoked-signers": "sequence 1\n",
                "policies/groups.yaml":
                    "apiVersion: gatewright.dev/v1\nkind: Groups\n"
                    + "spec: {groups: {controllers: [controller@x]}}\n",
            ], key: mine)
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

    /// Canary, as if it had been decided.
    private func forgeAnAdvance(in world: World, by key: PrivateKey) async throws {
        let ledger = try Ledger(
            repository: GitRepository(opening: world.folder + "/main.git"), remote: nil,
            branch: "main", worker: RemoteWorker(executable: "/bin/false"),
            author: CommitAuthor(name: "gatewright", email: "gatewright@example.org"),
            writer: RecordWriter(name: "test", software: "gatewright test"), key: key)
        let newest = try await world.newestRecord()
        guard let newest, let tip = await ledger.sync().tip else { throw Trouble("no record") }
        let state = try await ledger.currentState(of: World.name, at: tip).state
        let input = DecisionInput(
            now: world.clock.now, state: state, request: newest.input.request, orders: [],
            conditions: Conditions(), atStep: .zero, timeScale: 1, evidence: [], traffic: [:],
            routers: [:])
        let draft = DecisionDraft(
            id: "forged", action: .advance(step: 1), reason: "so it is", input: input,
            verdicts: [], inputsCommit: tip.hex)
        guard case .acknowledged = await ledger.record(draft, taken: false) else {
            throw Trouble("not recorded")
        }
    }
}
