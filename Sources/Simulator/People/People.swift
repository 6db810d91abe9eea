import Calibration
import Git
import Identity
import Ledger
import RolloutCore
import RolloutFiles
import Synchronization

/// Those who write to the repository: an engineer, approvers, and whoever has an accident.
///
/// What they really did is kept, for checks to compare with what the controller made of it.
final class People: Sendable {
    static let engineer = "ana@example.org"
    static let approvers = ["sam@example.org", "rui@example.org", "noor@example.org"]
    static let all = [engineer] + approvers

    /// An honest answer of a person to a run.
    struct Answer: Sendable, Hashable {
        let run: RunID
        let person: String
        let isApproval: Bool
        let at: Int64
    }

    private struct State {
        var answers: [Answer] = []
        var revoked: [String: Int64] = [:]
        /// Approval files that were ever committed, by rollout.
        var files: [RolloutName: [[UInt8]]] = [:]
        var released: [Digest: Int64] = [:]
        var promoted: Set<String> = []
        var resumed: Set<String> = []
        /// Commits that touched a spec, and releases, by the path of the spec.
        var asked: [String: Int] = [:]
        var nonce = 0
    }

    let remote: SimulatedRemote
    let ledger: Ledger
    private let repository: MemoryRepository
    private let keys: [PrivateKey]
    private let scheduler: Scheduler
    private let state = Mutex(State())
    private static let branch = "main"

    init(
        remote: SimulatedRemote, keys: [PrivateKey], scheduler: Scheduler
    ) throws {
        self.remote = remote
        self.keys = keys
        self.scheduler = scheduler
        repository = MemoryRepository(objects: remote.objects, clone: Clone(), life: nil)
        ledger = try Ledger(
            repository: repository, remote: nil, branch: Self.branch,
            author: CommitAuthor(name: "reader", email: "reader@example.org"),
            writer: RecordWriter(name: "reader", software: "simulation"),
            parse: ParsedFiles.shared.parse, records: ReadRecords.shared.decoder)
    }

    /// Of clocks that nobody sets.
    var wallTime: Int64 { ControllerHost.epoch + scheduler.now }

    // MARK: What they really did

    func answers(to run: RunID) -> [Answer] {
        state.withLock { $0.answers.filter { $0.run == run } }
    }

    /// As `policies/revoked-signers` names a person's key.
    func fingerprint(of person: String) -> String {
        Self.all.firstIndex(of: person).map { keys[$0].publicKey.fingerprint } ?? ""
    }

    func revocation(of person: String) -> Int64? { state.withLock { $0.revoked[person] } }
    func release(of digest: Digest) -> Int64? { state.withLock { $0.released[digest] } }
    func promoted(_ run: RunID, from step: Int) -> Bool {
        state.withLock { $0.promoted.contains("\(run)/\(step)") }
    }

    func resumed(_ rollout: RolloutName, after decision: Int) -> Bool {
        state.withLock { $0.resumed.contains("\(rollout)/\(decision)") }
    }

    /// How often somebody asked for something that may begin a run.
    func asked(_ rollout: RolloutName) -> Int {
        state.withLock { $0.asked[ProjectText.specPath(rollout)] ?? 0 }
    }

    // MARK: Writing

    /// After which somebody looks again for a branch that is gone.
    static let patience = TimeSpan.seconds(10)

    /// Commits to the branch as it is now.
    ///
    /// - Parameters:
    ///   - files: `nil` removes.
    ///   - signer: whose key signs the commit; `nil` signs nothing.
    func commit(
        _ files: [String: [UInt8]?], by author: String = engineer, signedBy signer: String? = nil
    ) async throws {
        try await commit(by: author, signedBy: signer) { _ in files }
    }

    /// Changes the text of a file as it is on the branch now; does nothing where there is none.
    func edit(_ path: String, _ change: @Sendable (String) -> String) async throws {
        try await commit(by: Self.engineer) { tip in
            guard let tip, let tree = try? remote.objects.commit(tip).info.tree,
                let entry = try? remote.objects.entry(at: path, inTree: tree),
                let bytes = try? remote.objects.blob(entry.id)
            else { return [:] }
            return [path: Array(change(String(decoding: bytes, as: UTF8.self)).utf8)]
        }
    }

    /// - Parameter content: of the branch as it is now; nothing to write is no commit.
    func commit(
        by author: String, signedBy signer: String? = nil,
        _ content: (_ tip: ObjectID?) -> [String: [UInt8]?]
    ) async throws {
        var sign: (@Sendable ([UInt8]) throws -> String)?
        if let place = signer.flatMap({ Self.all.firstIndex(of: $0) }) {
            sign = { [key = keys[place]] raw in try SignedCommit.sign(raw, by: key) }
        }
        // A person whose push loses a race pulls and pushes again.
        while true {
            let tip = remote.tip
            // Nobody pushes to a branch that has just been deleted.
            if tip == nil, !remote.moves.isEmpty {
                await scheduler.wait(Self.patience)
                continue
            }
            let files = content(tip)
            let scratch = try ReferenceName("refs/gatewright/person")
            let desk = MemoryRepository(objects: remote.objects, clone: Clone(), life: nil)
            let result = try await desk.commit(
                onto: tip, changes: files, message: "work\n",
                author: CommitAuthor(name: "person", email: author),
                at: wallTime, updating: scratch, expecting: nil,
                signature: sign)
            guard case .committed(let id) = result else { return }
            guard remote.tip == tip else { continue }
            state.withLock { state in
                for path in files.keys where path.hasSuffix("/rollout.yaml") {
                    state.asked[path, default: 0] += 1
                }
            }
            return remote.move(to: id, by: .person)
        }
    }

    /// The recorded state of a rollout as it is on the branch; a fresh one when it cannot be read.
    func recorded(_ rollout: RolloutName) async -> RolloutState {
        guard let tip = remote.tip,
            let current = try? await ledger.currentState(of: rollout, at: tip)
        else { return RolloutState(name: rollout) }
        return current.state
    }

    /// An order to what is recorded now; `nil` when there is nothing to order.
    func order(
        _ kind: WorldEvent.OrderKind, _ state: RolloutState
    ) -> (name: String, action: Order.Action, text: String)? {
        switch kind {
        case .hold: return ("hold", .hold(expires: nil), ProjectText.order("hold", []))
        case .abort:
            guard let run = state.run else { return nil }
            return (
                "abort-\(run.id)", .abort(run: run.id),
                ProjectText.order("abort", ["run: \(run.id)"])
            )
        case .rollback:
            guard let stable = state.stable?.reference, state.run == nil else { return nil }
            return (
                "rollback-\(state.decisions)", .rollback(from: stable),
                ProjectText.order(
                    "rollback", ["version: \(stable.version)", "digest: \"\(stable.digest)\""])
            )
        case .promote:
            guard let run = state.run else { return nil }
            return (
                "promote-\(run.id)-\(run.step)", .promote(run: run.id, step: run.step),
                ProjectText.order("promote", ["run: \(run.id)", "step: \(run.step)"])
            )
        case .resume:
            guard let held = state.run?.held else { return nil }
            return (
                "resume-\(held.decision)", .resume(decision: held.decision),
                ProjectText.order("resume", ["decision: \(held.decision)"])
            )
        case .release:
            guard let refusal = state.refused.last else { return nil }
            return (
                "release-\(refusal.decision)",
                .release(version: refusal.reference, decision: refusal.decision),
                ProjectText.order(
                    "release",
                    [
                        "version: \(refusal.reference.version)",
                        "digest: \"\(refusal.reference.digest)\"",
                        "decision: \(refusal.decision)",
                    ])
            )
        }
    }

    /// Commits an order; false when there was nothing to order.
    func give(_ kind: WorldEvent.OrderKind, to rollout: RolloutName) async throws -> Bool {
        let recorded = await recorded(rollout)
        guard let order = order(kind, recorded) else { return false }
        state.withLock { state in
            switch order.action {
            case .release(let version, _):
                state.released[version.digest] = scheduler.now
                state.asked[ProjectText.specPath(rollout), default: 0] += 1
            case .promote(let run, let step): state.promoted.insert("\(run)/\(step)")
            case .resume(let decision): state.resumed.insert("\(rollout)/\(decision)")
            case .abort, .hold, .rollback: break
            }
        }
        let path = "rollouts/\(rollout)/orders/\(order.name).yaml"
        try await commit([path: Array(order.text.utf8)], by: Self.approvers[0])
        return true
    }

    func removeOrders(of rollout: RolloutName) async throws {
        guard let tip = remote.tip,
            let folder = try await repository.entry(at: "rollouts/\(rollout)/orders", in: tip)
        else { return }
        var files: [String: [UInt8]?] = [:]
        for entry in try await repository.tree(folder.id) {
            guard let name = entry.name.text else { continue }
            files.updateValue(nil, forKey: "rollouts/\(rollout)/orders/\(name)")
        }
        try await commit(files, by: Self.approvers[0])
    }

    func revoke(_ person: Int) async throws {
        let name = Self.all[person % Self.all.count]
        state.withLock { $0.revoked[name] = $0.revoked[name] ?? scheduler.now }
        try await writeRevocations()
    }

    /// Takes back again what was taken back before, if anything was.
    func keepRevocations() async throws {
        guard Self.all.contains(where: { revocation(of: $0) != nil }) else { return }
        try await writeRevocations()
    }

    /// The keys that were taken back so far.
    func writeRevocations() async throws {
        let revoked = Self.all.indices.filter { revocation(of: Self.all[$0]) != nil }
        let lines =
            ["sequence \(1 + revoked.count)"] + revoked.map { keys[$0].publicKey.fingerprint }
        try await commit(
            ["policies/revoked-signers": Array((lines.joined(separator: "\n") + "\n").utf8)],
            by: Self.approvers[0])
    }

    // MARK: Approving

    /// Says yes or no to the next step of what is on its way; false when nothing is.
    func answer(
        _ rollout: RolloutName, person: Int, isApproval: Bool, _ forgery: WorldEvent.Forgery?
    ) async throws -> Bool {
        let place =
            forgery == .byAuthor
            ? 0 : forgery == .backdated ? Self.approvers.count : 1 + person % Self.approvers.count
        let recorded = await recorded(rollout)
        guard let tip = remote.tip, let run = recorded.run, let terms = run.approvals,
            let origin = try? await ledger.origin(of: run.id, at: tip)
        else { return false }
        let number = state.withLock { state in
            state.nonce += 1
            return state.nonce
        }
        var nonce = String(number, radix: 16)
        // The first twelve digits name the file: two people must not write the same one.
        nonce = String(repeating: "0", count: 12 - nonce.count) + nonce
        nonce += String(repeating: "0", count: 20)
        let now = Timestamp(milliseconds: ControllerHost.epoch + scheduler.now)
        let honest = Approval(
            isApproval ? .approve : .reject, of: recorded, terms: terms,
            runDigest: origin.recordDigest, baseCommit: tip.hex, hotfix: false,
            now: now, nonce: nonce, comment: "drill")
        guard let approval = honest?.forged(forgery) else { return false }
        let path = ApprovalFile.path(approval)
        guard let bytes = try file(approval, keys[place], forgery, rollout) else { return false }
        // Whether a key had ended is another question than whose it is.
        if forgery == nil || forgery == .backdated {
            let answer = Answer(
                run: run.id, person: Self.all[place], isApproval: isApproval, at: scheduler.now)
            state.withLock { state in
                state.answers.append(answer)
                state.files[rollout, default: []].append(bytes)
            }
        }
        try await commit([path: bytes], by: Self.all[place])
        return true
    }

    private func file(
        _ approval: Approval, _ key: PrivateKey, _ forgery: WorldEvent.Forgery?,
        _ rollout: RolloutName
    ) throws -> [UInt8]? {
        func signed(_ namespace: String) throws -> [UInt8] {
            let signature = try SSHSignature(
                ApprovalFile.message(approval), namespace: namespace, by: key)
            let file = ApprovalFile(approval: approval, signature: signature.armored)
            return try CanonicalJSON.encode(file).pretty
        }
        switch forgery {
        case nil, .byAuthor, .otherRegions, .backdated: return try signed(Namespace.approval)
        case .otherNamespace: return try signed(Namespace.git)
        case .copied, .ofEarlierRun: return state.withLock { $0.files[rollout]?.first }
        case .edited:
            let text = String(decoding: try signed(Namespace.approval), as: UTF8.self)
            return Array(
                text.replacing("\"comment\": \"drill\"", with: "\"comment\": \"other\"").utf8)
        }
    }
}
