import Evidence
import Foundation
import Ledger
import RolloutFiles

@testable import Git
@testable import Identity
@testable import RolloutCore

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A repository with real signed commits of people and of a controller, made without traffic: the
/// evidence is given, everything else is what a controller does.
final class History: @unchecked Sendable {
    let folder: String
    let repository: GitRepository
    let ledger: Ledger
    let people: [String: PrivateKey]
    let controller: PrivateKey
    private(set) var now = Timestamp(milliseconds: 1_760_000_000_000)
    private var failing: Set<RolloutName> = []
    /// How a forged record is spoilt besides what a test changes in it.
    var keepAfter = false
    var spoilCurrent = false
    var compact = false
    private var firstSeen: [Digest: Timestamp] = [:]

    static let main = "refs/heads/main"
    static let controllerName = "controller@gatewright"
    static let names = ["alpha", "beta"]

    init(rollouts: [String] = names) async throws {
        folder = NSTemporaryDirectory() + "gatewright-audit-" + UUID().uuidString
        repository = try GitRepository(openingOrCreatingBareAt: folder + "/main.git")
        controller = try PrivateKey.generate()
        people = try Dictionary(
            uniqueKeysWithValues: ["ana", "sam", "lena", "rui", "eve"].map {
                ("\($0)@x", try PrivateKey.generate())
            })
        ledger = try Ledger(
            repository: repository, remote: nil, branch: "main",
            worker: RemoteWorker(executable: "/bin/false"),
            author: CommitAuthor(name: "gatewright", email: Self.controllerName),
            writer: RecordWriter(
                name: Self.controllerName, key: controller.publicKey.fingerprint,
                software: "test"), key: controller)
        try await commit(files(rollouts), by: "ana@x", "begin")
    }

    /// A copy that a test may spoil.
    init(copying other: History) throws {
        folder = NSTemporaryDirectory() + "gatewright-audit-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: other.folder + "/main.git", toPath: folder + "/main.git")
        repository = try GitRepository(opening: folder + "/main.git")
        controller = other.controller
        people = other.people
        now = other.now
        firstSeen = other.firstSeen
        failing = other.failing
        ledger = try Ledger(
            repository: repository, remote: nil, branch: "main",
            worker: RemoteWorker(executable: "/bin/false"),
            author: CommitAuthor(name: "gatewright", email: Self.controllerName),
            writer: RecordWriter(
                name: Self.controllerName, key: controller.publicKey.fingerprint,
                software: "test"), key: controller)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var path: String { folder + "/main.git" }

    func tip() async throws -> ObjectID {
        guard let tip = try await repository.resolve(ReferenceName(Self.main)) else {
            throw Trouble("no main")
        }
        return tip
    }

    func pass(_ seconds: Int64) { now = now + .seconds(seconds) }

    // MARK: People

    @discardableResult
    func commit(
        _ files: [String: String?], by person: String, _ message: String = "work"
    ) async throws -> ObjectID {
        try await commit(
            bytes: files.mapValues { $0.map { Array($0.utf8) } }, key: people[person],
            author: person, message)
    }

    @discardableResult
    func commit(
        bytes: [String: [UInt8]?], key: PrivateKey?, author: String, _ message: String,
        at: Timestamp? = nil, onto: ObjectID? = nil
    ) async throws -> ObjectID {
        let main = try ReferenceName(Self.main)
        let tip = try await repository.resolve(main)
        var sign: (@Sendable ([UInt8]) throws -> String)?
        if let key { sign = { try SignedCommit.sign($0, by: key) } }
        let result = try await repository.commit(
            onto: onto ?? tip, changes: bytes, message: message + "\n",
            author: CommitAuthor(name: author, email: author),
            at: (at ?? now).milliseconds, updating: main, expecting: tip, signature: sign)
        guard case .committed(let id) = result else { throw Trouble("nothing was committed") }
        return id
    }

    func ask(_ rollout: String, _ version: String, by person: String = "ana@x") async throws {
        pass(60)
        try await commit(
            ["rollouts/\(rollout)/rollout.yaml": Self.spec(rollout, version)], by: person,
            "\(rollout): \(version)")
    }

    /// What a person signs for the next stage of a rollout.
    func approval(
        _ rollout: String, by person: String, key: PrivateKey? = nil,
        _ change: (inout [String: CanonicalJSON]) -> Void = { _ in }
    ) async throws -> ApprovalFile {
        let name = try RolloutName(rollout)
        let tip = try await tip()
        let state = try await ledger.currentState(of: name, at: tip).state
        guard let run = state.run, let next = run.plan.step(run.step + 1),
            let current = run.currentStep, let stable = state.stable?.reference,
            let origin = try await ledger.origin(of: run.id, at: tip)
        else { throw Trouble("nothing to approve") }
        let approval = Approval(
            answer: .approve, rollout: name, run: run.id, runDigest: origin.recordDigest,
            candidate: run.candidate.reference, baseline: stable, fromStage: current.stage,
            toStage: next.stage, regions: run.plan.regions, maxShare: .all,
            specDigest: run.specDigest, policyDigest: run.policyDigest, baseCommit: tip.hex,
            hotfix: false, notAfter: now + .seconds(36_000), nonce: UUID().uuidString,
            comment: "")
        guard case .object(var members) = try CanonicalJSON.encode(approval) else {
            throw Trouble("no object")
        }
        change(&members)
        let changed = try CanonicalJSON.object(members).decode(Approval.self)
        guard let key = key ?? people[person] else { throw Trouble("no key of \(person)") }
        let signature = try SSHSignature(
            ApprovalFile.message(changed), namespace: Namespace.approval, by: key)
        return ApprovalFile(approval: changed, signature: signature.armored)
    }

    func approve(_ rollout: String, by person: String) async throws {
        pass(30)
        let file = try await approval(rollout, by: person)
        try await commit(
            bytes: [ApprovalFile.path(file.approval): RecordFile.bytes(file)], key: people[person],
            author: person, "approve \(rollout)")
    }

    // MARK: The controller

    func fail(_ rollout: String) throws { failing.insert(try RolloutName(rollout)) }

    /// The next decision, as an honest controller would make it.
    func draft(_ rollout: String) async throws -> DecisionDraft? {
        let name = try RolloutName(rollout)
        let tip = try await tip()
        let snapshot = try await Snapshot.read(ledger, at: tip, after: nil)
        let state = try await ledger.currentState(of: name, at: tip).state
        let input = try await input(name, state, snapshot, tip)
        let decision = decide(input)
        guard case .act(let action, let reason) = decision.next else { return nil }
        return DecisionDraft(
            id: "\(name)-\(state.decisions + 1)", action: action, reason: reason, input: input,
            verdicts: decision.verdicts, inputsCommit: tip.hex, quorum: decision.quorum)
    }

    private func input(
        _ name: RolloutName, _ state: RolloutState, _ snapshot: Snapshot, _ tip: ObjectID
    ) async throws -> DecisionInput {
        let requested = snapshot.rollouts[name]
        var consent = Consent.none
        if let run = state.run, run.approvals != nil {
            let origin = try await ledger.origin(of: run.id, at: tip)
            let seen = (requested?.approvals ?? []).filter { $0.approval.run == run.id }.map {
                let first = firstSeen[$0.payload] ?? now
                firstSeen[$0.payload] = first
                return $0.seen(snapshot.signers, before: origin?.before, firstSeen: first)
            }
            consent = Consent(
                approvals: seen.sorted { $0.payload < $1.payload },
                authors: origin?.authors(snapshot.signers) ?? [],
                controllers: snapshot.controllers, signers: snapshot.signers.condition,
                runDigest: origin?.recordDigest, before: origin?.before?.terms)
        }
        let guardrails = state.run?.guardrails.flatMap(\.guardrails) ?? []
        let evidence = try guardrails.map { guardrail in
            var process = try ProportionProcess(limit: 0.05)
            try process.observe(trials: 5_000, failures: failing.contains(name) ? 4_000 : 0)
            return GuardrailEvidence(
                guardrail: guardrail.name, process: .proportion(process), freshest: now,
                labels: nil)
        }
        return DecisionInput(
            now: now, state: state, request: requested?.request ?? .withdrawn,
            orders: requested?.orders ?? [], conditions: Conditions(stop: snapshot.stop),
            atStep: .seconds(10_000), timeScale: 1, evidence: evidence, traffic: [:],
            routers: state.routes.mapValues { _ in .asRecorded }, consent: consent,
            windows: (requested?.windows ?? []).map { WindowClock($0, around: now) })
    }

    /// Decides and records until nothing more is to be done.
    func run(_ rollout: String, atMost: Int = 20) async throws {
        for _ in 0..<atMost {
            pass(600)
            guard let draft = try await draft(rollout) else { return }
            guard case .acknowledged = await ledger.record(draft, taken: !draft.action.isForward)
            else { throw Trouble("not recorded: \(draft.reason)") }
        }
    }

    /// A history with two rollouts, a complete one of each, approvals, and a rollback.
    static func whole() async throws -> History {
        let history = try await History()
        for rollout in names {
            try await history.run(rollout)
            try await history.ask(rollout, "2.0.0")
            try await history.run(rollout)
            try await history.approve(rollout, by: "sam@x")
            try await history.approve(rollout, by: "lena@x")
            try await history.run(rollout)
        }
        try await history.ask("beta", "3.0.0")
        try await history.run("beta", atMost: 1)
        try history.fail("beta")
        try await history.run("beta", atMost: 1)
        return history
    }

    // MARK: Files

    private func files(_ rollouts: [String]) throws -> [String: String?] {
        var signers = [
            "\(Self.controllerName) namespaces=\"git\" \(controller.publicKey.openSSH)"
        ]
        for (person, key) in people.sorted(by: { $0.key < $1.key }) where person != "eve@x" {
            signers.append(
                "\(person) namespaces=\"git,\(Namespace.approval)\" \(key.publicKey.openSSH)")
        }
        var files: [String: String?] = [
            "policies/signers": signers.joined(separator: "\n") + "\n",
            "policies/revoked-signers": "sequence 1\n",
            "policies/groups.yaml": Self.document(
                "Groups",
                "groups: {controllers: [\(Self.controllerName)], sre: [sam@x, rui@x], "
                    + "lead: [lena@x]}"),
            "policies/approvals/two.yaml": Self.document(
                "Approvals", "{approvers: [sre], minApprovals: 2, required: [lead]}"),
            "policies/windows/office.yaml": Self.document(
                "Window",
                "{deny: \"Sun 00:00-24:00\", timeZone: Europe/Madrid, owner: sre, reason: rest}"),
            "policies/guardrails/quality.yaml": Self.document(
                "Guardrails",
                "{falseRollbackRate: 1%, guardrails: [{name: errors, metric: errors, atMost: 5%, "
                    + "onBreach: rollback}]}"),
        ]
        for rollout in rollouts {
            files["rollouts/\(rollout)/rollout.yaml"] = Self.spec(rollout, "1.0.0")
            for version in 1...3 {
                files["rollouts/\(rollout)/versions/\(version).0.0.yaml"] = """
                    apiVersion: gatewright.dev/v1
                    kind: ModelVersion
                    metadata: {model: \(rollout), version: \(version).0.0}
                    spec:
                      artifact: {uri: "https://models.example/\(rollout)", sha256: "\(Self.digest(rollout, version))", size: 1MB}
                      format: xgboost-json
                      serving: {endpoints: {eu: "http://127.0.0.1:9"}}

                    """
            }
        }
        return files
    }

    private static func digest(_ rollout: String, _ version: Int) -> String {
        RecordFile.digest(Array("\(rollout)\(version)".utf8)).hex
    }

    static func document(_ kind: String, _ spec: String) -> String {
        let body = spec.hasPrefix("{") ? "spec: \(spec)" : "spec:\n  \(spec)"
        return "apiVersion: gatewright.dev/v1\nkind: \(kind)\n\(body)\n"
    }

    static func spec(
        _ rollout: String, _ version: String, more: String = ""
    ) -> String {
        """
        apiVersion: gatewright.dev/v1
        kind: Rollout
        metadata: {name: \(rollout), owners: [ana]}
        spec:
          version: \(version)
          bootstrap: 1.0.0
          regions: [eu]
          router: gateway
          signals: [gateway]
          stickyBy: header:x-user-id
          guardrails: [quality]
          approvals: two
          windows: [office]
        \(more)\
          stages:
            - {stage: shadow, share: 100%, soak: 1h}
            - {stage: canary, share: 5%, soak: 1h}
            - {stage: gradual, approval: true, shares: [50%, 100%], soak: 1h}
            - {stage: full, bake: 1h}

        """
    }
}
