import RolloutCore

/// `rollouts/NAME/orders/*.yaml`
enum OrderFile {
    enum Verb: String, CaseIterable, Sendable {
        case hold, resume, abort, rollback, promote, release
    }

    static let action = Field.required("action", .choice(Verb.self), "What is to be done.")
    static let by = Field.required(
        "by", .text(limit: 254, example: "ana@example.org"), "Who says so.")
    static let reason = Field.required("reason", .text(), "Why.")
    static let expires = Field<Timestamp?>.optional("expires", .moment(), "hold: until when.")
    static let decision = Field<Int?>.optional(
        "decision", .whole(1...999_999_999), "resume, release: the decision that it answers.")
    static let run = Field<RunID?>.optional("run", runShape, "abort, promote: which run.")
    static let step = Field<Int?>.optional(
        "step", .whole(0...100_000), "promote: which step is left without waiting.")
    static let version = Field<VersionName?>.optional(
        "version", .version, "rollback, release: which version.")
    static let digest = Field<Digest?>.optional(
        "digest", ArtifactFields.sha256.shape, "rollback, release: the digest of that version.")

    static let shape = Shape<Order>.document(
        .order, metadata: PolicyMetadata.field, spec: spec
    ) { _, build, row, findings in
        guard PolicyName.accepts(findings.stem) else {
            findings.add(
                "the file name \(findings.stem.quoted) is not a name", at: row.mark,
                found: findings.stem, expected: "a name", fix: "rename the file with a-z 0-9 . _ -")
            return nil
        }
        return build(findings.stem)
    }

    private static let spec = Shape<@Sendable (String) -> Order>.object(
        "spec", [action, by, reason, expires, decision, run, step, version, digest]
    ) { row, findings throws(RefusedField) in
        guard let action = try action(row, &findings) else { return nil }
        let (by, reason) = (try row(by), try row(reason))
        return { name in Order(name: name, action: action, by: by, reason: reason) }
    }

    private static func action(
        _ row: Row, _ findings: inout Findings
    ) throws(RefusedField) -> Order.Action? {
        let verb = try row(action)
        let (needed, allowed): ([String], [String]) =
            switch verb {
            case .hold: ([], ["expires"])
            case .resume: (["decision"], [])
            case .abort: (["run"], [])
            case .rollback: (["version", "digest"], [])
            case .promote: (["run", "step"], [])
            case .release: (["version", "digest", "decision"], [])
            }
        let known = ["action", "by", "reason"] + needed + allowed
        for key in row.entries.keys.sorted() where !known.contains(key) {
            findings.add(
                "\(key.quoted) has no meaning in an order to \(verb.rawValue)",
                at: row.entries[key]?.keyMark ?? row.mark, found: key,
                expected: known.joined(separator: ", "), fix: "delete the key")
        }
        for key in needed where row.entries[key] == nil {
            findings.add(
                "an order to \(verb.rawValue) needs the key \(key.quoted)", at: row.mark,
                found: "nothing", expected: needed.joined(separator: ", "), fix: "add \(key)")
        }
        let (run, step, decision) = (try row(run), try row(step), try row(decision))
        let (version, digest) = (try row(version), try row(digest))
        let reference: VersionReference? =
            if let version, let digest { VersionReference(version: version, digest: digest) } else {
                nil
            }
        switch verb {
        case .hold: return .hold(expires: try row(expires))
        case .resume: return decision.map { .resume(decision: $0) }
        case .abort: return run.map { .abort(run: $0) }
        case .rollback: return reference.map { .rollback(from: $0) }
        case .promote:
            guard let run, let step else { return nil }
            return .promote(run: run, step: step)
        case .release:
            guard let reference, let decision else { return nil }
            return .release(version: reference, decision: decision)
        }
    }

    private static let runShape = Shape<RunID>.scalar(
        "a run such as compression-selector-12", example: "compression-selector-12",
        schema: ["type": "string", "pattern": "^[a-z0-9][a-z0-9._-]*-[1-9][0-9]*$"]
    ) { scalar throws(Refusal) in
        let parts = scalar.text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 2, let digits = parts.last, !digits.isEmpty,
            digits.utf8.allSatisfy({ (48...57).contains($0) }), digits.utf8.first != 48,
            let number = Int(digits),
            let name = try? RolloutName(parts.dropLast().joined(separator: "-"))
        else { throw Refusal("the rollout's name, a dash and its first decision") }
        return RunID(rollout: name, firstDecision: number)
    }
}
