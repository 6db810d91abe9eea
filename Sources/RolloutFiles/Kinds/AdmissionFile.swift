import RolloutCore

/// `policies/admission/NAME.yaml`
enum AdmissionFile {
    private struct Spec: Sendable {
        let requirements: [AdmissionPolicy.Requirement]
        let forbidden: [String]
        let signedBy: [String]
        let guardrails: [GuardrailName]
        let servers: [HostPattern]

        var asksForNothing: Bool {
            requirements.isEmpty && forbidden.isEmpty && signedBy.isEmpty && guardrails.isEmpty
                && servers.isEmpty
        }
    }

    static let require = Field.defaulted(
        "require", .list(requirement, count: 0...64, unique: false), [], written: [],
        "What the offline evaluation must show.")
    static let forbidFeatures = Field.defaulted(
        "forbidFeatures", .list(.freeKey, count: 0...1_000), [], written: [],
        "Features that a version must not look at, because they leak the label.")

    static let signedBy = Field.defaulted(
        "signedBy", .list(.signingKey, count: 0...32), [], written: [],
        "Keys, one of which must have signed the artifact (OpenSSF Model Signing).")

    static let guardrails = Field.defaulted(
        "guardrails", .list(.guardrail, count: 0...64), [], written: [],
        "Guardrails that a rollout must have, each able to stop a version.")
    static let servers = Field.defaulted(
        "servers", .list(Web.host, count: 0...1_000), [], written: [],
        "Hosts that versions may be served from.")

    static let metric = Field.required(
        "metric", .freeKey,
        "A number of the evaluation, or size, trainTestGap or maxFeatureImportance.")
    static let atLeast = bound("atLeast", "The least that is allowed.")
    static let atMost = bound("atMost", "The most that is allowed.")
    static let below = bound("below", "It must be below this.")
    static let above = bound("above", "It must be above this.")
    static let because = Field<String?>.optional("because", .text(), "Why; shown when it fails.")

    static let shape = Shape<AdmissionPolicy>.policy(.admission, spec: spec) { name, spec in
        AdmissionPolicy(
            name: name, requirements: spec.requirements, forbiddenFeatures: spec.forbidden,
            signedBy: spec.signedBy, guardrails: spec.guardrails, servers: spec.servers)
    }

    private static let spec = Shape<Spec>.object(
        "spec", [require, forbidFeatures, signedBy, guardrails, servers]
    ) { row, findings throws(RefusedField) in
        let spec = Spec(
            requirements: try row(require), forbidden: try row(forbidFeatures),
            signedBy: try row(signedBy), guardrails: try row(guardrails),
            servers: try row(servers))
        if spec.asksForNothing {
            findings.add(
                "the policy asks for nothing", at: row.mark, found: "nothing",
                expected: "require, forbidFeatures, signedBy, guardrails or servers",
                fix: "add a requirement")
        }
        return spec
    }

    private static let requirement = Shape<AdmissionPolicy.Requirement>.object(
        "a requirement", [metric, atLeast, atMost, below, above, because]
    ) { row, findings throws(RefusedField) in
        let (least, most) = (try row(atLeast), try row(atMost))
        let (under, over) = (try row(below), try row(above))
        let bounds = [least, most, under, over].compactMap { $0 }
        guard let first = bounds.first else {
            findings.add(
                "the requirement on \(try row(metric)) has no bound", at: row.mark,
                found: "no bound", expected: "atLeast, atMost, below or above", fix: "add one")
            return nil
        }
        if bounds.contains(where: { $0.unit != first.unit }) {
            findings.add(
                "the bounds of \(try row(metric)) have different units", at: row.mark,
                expected: first.unit.rawValue, fix: "write them in one unit")
            return nil
        }
        let floor = [least, over].compactMap { $0?.value }.max()
        let ceiling = [most, under].compactMap { $0?.value }.min()
        if let floor, let ceiling, floor > ceiling {
            findings.add(
                "nothing can keep to these bounds of \(try row(metric))", at: row.mark,
                expected: "a lower bound below the upper bound", fix: "swap the two")
        }
        return AdmissionPolicy.Requirement(
            metric: try row(metric), atLeast: least?.value, atMost: most?.value,
            below: under?.value, above: over?.value, because: try row(because))
    }

    private static func bound(_ key: String, _ doc: String) -> Field<Quantity?> {
        .optional(key, .quantity, doc)
    }
}
