import ArgumentParser
import Evidence
import Foundation
import Git
import Identity
import Ledger
import RolloutCore
import RolloutFiles

/// Writes what a controller would have written, without routers and traffic: every decision is
/// made by `decide` on given evidence, and recorded with a signature.
final class HistoryWriter {
    private let repository: GitRepository
    private let files: CommittedFiles
    private let key: PrivateKey
    private let names: [RolloutName]
    private var current: [RolloutName: CurrentState] = [:]
    private var tip: ObjectID?
    private var now = Timestamp(milliseconds: 1_760_000_000_000)
    private static let controller = "controller@gatewright"
    private static let author = "gatewright@localhost"

    init(repository path: String, rollouts: Int) async throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw ValidationError("\(path) is there already; name a new folder")
        }
        repository = try GitRepository(openingOrCreatingBareAt: path)
        files = CommittedFiles(repository)
        key = try PrivateKey.generate()
        names = try (0..<rollouts).map { try RolloutName("rollout-\($0)") }
        var first: [String: [UInt8]?] = [:]
        for (path, text) in policies { first[path] = Array(text.utf8) }
        for name in names {
            first["rollouts/\(name)/rollout.yaml"] = spec(name, asking: 1)
            for version in 1...2 {
                first["rollouts/\(name)/versions/\(version).0.0.yaml"] = Self.version(name, version)
            }
            current[name] = CurrentState(
                schema: DecisionRecord.schemaNow, head: nil, state: RolloutState(name: name))
        }
        try await commit(first, "begin", signed: false)
    }

    func write(_ decisions: Int) async throws {
        var written = 0
        var progress = ProgressLine("decisions written")
        defer { progress.clear() }
        while written < decisions {
            for name in names where written < decisions {
                written += try await round(name, atMost: decisions - written)
                progress.show(written)
            }
        }
    }

    /// A person asks for the other version, and the controller brings it to its end.
    private func round(_ name: RolloutName, atMost: Int) async throws -> Int {
        guard let before = current[name] else { return 0 }
        if before.state.stable != nil {
            let next = before.state.stable?.reference.version.rawValue == "1.0.0" ? 2 : 1
            now = now + .seconds(60)
            try await commit(
                ["rollouts/\(name)/rollout.yaml": spec(name, asking: next)],
                "\(name): \(next).0.0", signed: false)
        }
        var written = 0
        while written < atMost, try await decideOnce(name) { written += 1 }
        return written
    }

    private func decideOnce(_ name: RolloutName) async throws -> Bool {
        guard let before = current[name], let tip,
            let request = try await files.rollout(name, at: tip)?.request
        else { return false }
        now = now + .seconds(600)
        let state = before.state
        let evidence = try (state.run?.guardrails.flatMap(\.guardrails) ?? []).map { guardrail in
            var process = try ProportionProcess(limit: 0.05)
            try process.observe(trials: 4_000, failures: 40)
            return GuardrailEvidence(
                guardrail: guardrail.name, process: .proportion(process), freshest: now,
                labels: nil)
        }
        let input = DecisionInput(
            now: now, state: state, request: request, orders: [], conditions: Conditions(),
            atStep: .seconds(7_200), timeScale: 1, evidence: evidence, traffic: [:],
            routers: state.routes.mapValues { _ in .asRecorded })
        let decision = decide(input)
        guard case .act(let action, let reason) = decision.next else { return false }
        let number = state.decisions + 1
        let next = state.after(action, number: number, at: now)
        let record = DecisionRecord(
            schema: DecisionRecord.schemaNow, id: "\(name)-\(number)", number: number,
            previous: before.head, rollout: name, at: now, kind: action.kind, action: action,
            reason: reason, input: input, verdicts: decision.verdicts, quorum: decision.quorum,
            change: RecordedChange(from: state, to: next),
            after: try RecordFile.digest(of: next), inputsCommit: tip.hex,
            writer: RecordWriter(name: Self.controller, software: Build.software), confirms: nil,
            readBack: nil, late: nil)
        let file = try RecordFile.bytes(record)
        let state2 = CurrentState(
            schema: DecisionRecord.schemaNow, head: RecordFile.digest(file), state: next)
        try await commit(
            [
                RecordFile.decision(record): file,
                RecordFile.current(name): try RecordFile.bytes(state2),
            ], record.message(fileDigest: RecordFile.digest(file)), signed: true)
        current[name] = state2
        return true
    }

    private func commit(
        _ changes: [String: [UInt8]?], _ message: String, signed: Bool
    ) async throws {
        var sign: (@Sendable ([UInt8]) throws -> String)?
        if signed { sign = { [key] raw in try SignedCommit.sign(raw, by: key) } }
        let result = try await repository.commit(
            onto: tip, changes: changes, message: message,
            author: CommitAuthor(name: "gatewright", email: Self.author),
            at: now.milliseconds, updating: .branch("main"), expecting: tip, signature: sign)
        guard case .committed(let id) = result else { return }
        tip = id
    }

    // MARK: Files

    private var policies: [String: String] {
        [
            "policies/signers": ControllerKey.signerLine(Self.controller, key.publicKey) + "\n",
            "policies/revoked-signers": "sequence 1\n",
            "policies/groups.yaml": Self.document(
                "Groups", "{groups: {controllers: [\(Self.controller)]}}"),
            "policies/guardrails/quality.yaml": Self.document(
                "Guardrails",
                "{falseRollbackRate: 1%, guardrails: [{name: errors, metric: errors, atMost: 5%, "
                    + "onBreach: rollback}]}"),
        ]
    }

    private static func document(_ kind: String, _ spec: String) -> String {
        "apiVersion: gatewright.dev/v1\nkind: \(kind)\nspec: \(spec)\n"
    }

    private func spec(_ name: RolloutName, asking version: Int) -> [UInt8] {
        Array(
            """
            apiVersion: gatewright.dev/v1
            kind: Rollout
            metadata: {name: \(name), owners: [team]}
            spec:
              version: \(version).0.0
              bootstrap: 1.0.0
              regions: [eu]
              router: gateway
              signals: [gateway]
              stickyBy: header:x-user-id
              guardrails: [quality]
              stages:
                - {stage: shadow, share: 100%, soak: 1h}
                - {stage: canary, share: 5%, soak: 1h}
                - {stage: gradual, shares: [50%, 100%], soak: 1h}
                - {stage: full, bake: 1h}

            """.utf8)
    }

    private static func version(_ name: RolloutName, _ version: Int) -> [UInt8] {
        let digest = RecordFile.digest(Array("\(name)\(version)".utf8))
        return Array(
            """
            apiVersion: gatewright.dev/v1
            kind: ModelVersion
            metadata: {model: \(name), version: \(version).0.0}
            spec:
              artifact: {uri: "https://models.example/\(name)", sha256: "\(digest)", size: 1MB}
              format: xgboost-json
              serving: {endpoints: {eu: "http://127.0.0.1:9"}}

            """.utf8)
    }
}
