import Foundation
import Ledger
import RolloutFiles

@testable import Git
@testable import Identity
@testable import RolloutCore

typealias Members = [String: CanonicalJSON]

extension Members {
    /// Changes one value deep inside.
    mutating func edit(_ path: String..., change: (CanonicalJSON) -> CanonicalJSON) {
        edit(path[...], change)
    }

    private mutating func edit(
        _ path: ArraySlice<String>, _ change: (CanonicalJSON) -> CanonicalJSON
    ) {
        guard let key = path.first else { return }
        if path.count == 1 {
            self[key] = change(self[key] ?? .null)
        } else if case .object(var inner)? = self[key] {
            inner.edit(path.dropFirst(), change)
            self[key] = .object(inner)
        }
    }

    /// Changes the first of the approvals that were used.
    mutating func editApprovals(_ change: (inout Members) -> Void) {
        edit("input", "consent", "approvals") { approvals in
            guard case .array(var all) = approvals, case .object(var first)? = all.first else {
                return approvals
            }
            change(&first)
            all[0] = .object(first)
            return .array(all)
        }
    }
}

/// From which point of a rollout's way a forged record goes on.
enum ForgedPlace {
    /// The start of a new run of alpha.
    case start
    /// Alpha waits in canary, and nobody has agreed.
    case gated
    /// Alpha waits in canary, and two have agreed.
    case approved
    /// The step after, with the same consent.
    case approvedAgain
}

extension History {
    func text(_ path: String) async throws -> String {
        guard let entry = try await repository.entry(at: path, in: try await tip()) else {
            throw Trouble("there is no \(path)")
        }
        return String(
            decoding: try await repository.blob(entry.id, limitBytes: 4 << 20), as: UTF8.self)
    }

    func paths(under folder: String) async throws -> [String] {
        let tree = try await repository.commitInfo(try await tip()).tree
        return try await repository.changedPaths(from: nil, to: tree, under: folder)
            .compactMap(\.text)
    }

    /// Alpha on its way to 3.0.0, in canary.
    @discardableResult
    func onWay() async throws -> History {
        let state = try await ledger.currentState(
            of: RolloutName("alpha"), at: try await tip()
        ).state
        if state.run == nil {
            try await ask("alpha", "3.0.0")
            try await run("alpha")
        }
        return self
    }

    /// The next decision of alpha: the advance to canary.
    func honest() async throws -> DecisionDraft {
        let state = try await ledger.currentState(
            of: RolloutName("alpha"), at: try await tip()
        ).state
        if state.run == nil {
            try await ask("alpha", "3.0.0")
            try await run("alpha", atMost: 1)
        }
        pass(600)
        guard let draft = try await draft("alpha") else { throw Trouble("nothing comes next") }
        return draft
    }

    private func draft(at place: ForgedPlace) async throws -> DecisionDraft {
        switch place {
        case .start: return try await honest()
        case .gated:
            try await onWay()
            pass(600)
            let name = try RolloutName("alpha")
            let tip = try await tip()
            let state = try await ledger.currentState(of: name, at: tip).state
            // Nothing is decided here: what is forged is made from the advance before.
            guard let (record, _) = try await ledger.decision(state.decisions, of: name, at: tip)
            else { throw Trouble("no decision") }
            let old = record.input
            let input = DecisionInput(
                now: now, state: state, request: old.request, orders: [],
                conditions: old.conditions, atStep: old.atStep, timeScale: 1,
                evidence: old.evidence, traffic: [:], routers: old.routers, consent: old.consent,
                windows: old.windows)
            return DecisionDraft(
                id: "forged", action: .advance(step: 2), reason: "so it is", input: input,
                verdicts: record.verdicts, inputsCommit: tip.hex)
        case .approved:
            try await onWay()
            let folder = "rollouts/alpha/approvals"
            let known = try await paths(under: folder).filter { $0.contains("/9-") }
            if known.isEmpty {
                try await approve("alpha", by: "sam@x")
                try await approve("alpha", by: "lena@x")
            }
            pass(600)
            guard let draft = try await draft("alpha") else { throw Trouble("not approved") }
            return draft
        case .approvedAgain:
            let name = try RolloutName("alpha")
            pass(600)
            guard let draft = try await draft("alpha"),
                let (record, _) = try await ledger.decision(
                    draft.input.state.decisions, of: name, at: try await tip()),
                case .advance(_, let used?) = record.action
            else { throw Trouble("no second step") }
            return DecisionDraft(
                id: "again", action: .advance(step: 3, consent: used), reason: draft.reason,
                input: draft.input, verdicts: draft.verdicts, inputsCommit: draft.inputsCommit,
                quorum: draft.quorum)
        }
    }

    /// Records something that was not decided, with every digest after it made to fit.
    func forge(
        _ place: ForgedPlace, key: PrivateKey? = nil, _ change: (inout Members) -> Void = { _ in }
    ) async throws {
        try await forge(try await draft(at: place), key: key ?? controller, change)
    }

    func forge(
        key: PrivateKey?, beside: [String: [UInt8]] = [:]
    ) async throws {
        try await forge(try await honest(), key: key, beside: beside) { _ in }
    }

    func forge(
        number: Int? = nil, at: Timestamp? = nil, _ change: (inout Members) -> Void = { _ in }
    ) async throws {
        try await forge(try await honest(), key: controller, number: number, at: at, change)
    }

    func forge(
        _ draft: DecisionDraft, _ change: (inout Members) -> Void
    ) async throws {
        try await forge(draft, key: controller, change)
    }

    private func forge(
        _ draft: DecisionDraft, key: PrivateKey?, beside: [String: [UInt8]] = [:],
        number: Int? = nil, at: Timestamp? = nil, _ change: (inout Members) -> Void
    ) async throws {
        let name = draft.rollout
        let tip = try await tip()
        let current = try await ledger.currentState(of: name, at: tip)
        let next = number ?? current.state.decisions + 1
        let record = DecisionRecord(
            schema: DecisionRecord.schemaNow, id: draft.id, number: next, previous: current.head,
            rollout: name, at: draft.input.now, kind: draft.action.kind, action: draft.action,
            reason: draft.reason, input: draft.input, verdicts: draft.verdicts,
            quorum: draft.quorum,
            change: RecordedChange(
                from: current.state,
                to: current.state.after(draft.action, number: next, at: draft.input.now)),
            after: try RecordFile.digest(of: current.state), inputsCommit: draft.inputsCommit,
            writer: RecordWriter(name: Self.controllerName, software: "test"), confirms: nil,
            readBack: nil, late: nil)
        guard case .object(var members) = try CanonicalJSON.encode(record) else {
            throw Trouble("no object")
        }
        change(&members)
        var state = current.state
        var time = draft.input.now
        if let changed = try? CanonicalJSON.object(members).decode(DecisionRecord.self) {
            // An honest fold of what is told, so that this is not what gives it away.
            let base = changed.input.state == draft.input.state ? state : changed.input.state
            state = base.after(changed.action, number: changed.number, at: changed.at)
            time = changed.at
            if !keepAfter { members["after"] = .string(try RecordFile.digest(of: state).hex) }
        }
        let json = CanonicalJSON.object(members)
        let file = compact ? json.compact : json.pretty
        var currentFile = try RecordFile.bytes(
            CurrentState(
                schema: DecisionRecord.schemaNow, head: RecordFile.digest(file), state: state))
        if spoilCurrent { currentFile.append(UInt8(ascii: " ")) }
        let padded = RecordFile.padded(next)
        var files: [String: [UInt8]?] = beside.mapValues { $0 }
        files["state/\(name)/decisions/\(padded)-\(draft.action.kind).json"] = file
        files[RecordFile.current(name)] = currentFile
        try await commit(
            bytes: files, key: key, author: Self.controllerName, "forged", at: at ?? time)
    }

    // MARK: Signatures

    func signature(of commit: ObjectID) async throws -> String {
        let raw = try await repository.rawCommit(commit)
        let text = try SignedCommit(raw).signature.armored
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// Writes the newest commit again with another form of its signature.
    func resign(_ change: (String) throws -> String) async throws {
        let tip = try await tip()
        let signed = try SignedCommit(await repository.rawCommit(tip))
        let block = try change(String(signed.signature.armored.dropLast()))
        let payload = String(decoding: signed.payload, as: UTF8.self)
        guard let end = payload.range(of: "\n\n") else { throw Trouble("no message") }
        let folded = block.split(separator: "\n", omittingEmptySubsequences: false)
            .joined(separator: "\n ")
        let raw =
            payload[..<end.lowerBound] + "\ngpgsig \(folded)" + payload[end.lowerBound...]
        let file = folder + "/commit"
        try Data(raw.utf8).write(to: URL(fileURLWithPath: file))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-C", path, "hash-object", "-t", "commit", "-w", file]
        let out = Pipe()
        process.standardOutput = out
        try process.run()
        let said = String(
            decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let id = ObjectID(hex: said.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Trouble("no commit was written")
        }
        try await repository.updateReference(
            ReferenceName(Self.main), to: id, expecting: tip)
    }
}
