import RolloutCore

/// `rollouts/NAME/rollout.yaml`
enum RolloutFile {
    struct Metadata: Sendable {
        let name: RolloutName
        let description: String
        let owners: [String]
    }

    static let name = Field.required("name", .rollout, "Equal to the folder name.")
    static let description = Field.defaulted(
        "description", .text(), "", written: "", "What the rollout is for.")
    static let owners = Field.required(
        "owners", .list(.text(limit: 120), count: 1...32), "Who to ask.")

    static let metadata = Field.required(
        "metadata",
        .object("metadata", [name, description, owners]) { row, _ throws(RefusedField) in
            Metadata(
                name: try row(name), description: try row(description), owners: try row(owners))
        }, "What the rollout is called and whose it is.")

    static let version = Field.required(
        "version", .version, "The version asked for; the line that a pull request changes.")
    static let bootstrap = Field<VersionName?>.optional(
        "bootstrap", .version, "The version that serves when none was ever proven.")
    static let regions = Field.required(
        "regions", .list(.region, count: 1...FileLimits.regions), "Where it is served.")
    static let router = Field.required("router", .router, "A router of gatewright.yaml.")
    static let signals = Field.required(
        "signals", .list(.signal, count: 1...8), "Signal sources of gatewright.yaml.")
    static let stickyBy = Field.defaulted(
        "stickyBy", stickyShape, .requestID, written: "request-id",
        "What keeps one caller on one version: header:NAME or request-id.")
    static let fallback = Field<FallbackSpec?>.optional(
        "fallback", FallbackFields.shape, "Who answers when the chosen version cannot.")
    static let admission = Field.defaulted(
        "admission", .list(.policy, count: 0...16), [], written: [],
        "Offline gates: names below policies/admission.")
    static let guardrails = Field.required(
        "guardrails", .list(.policy, count: 1...16), "Names below policies/guardrails.")
    static let approvals = Field<PolicyName?>.optional(
        "approvals", .policy, "Who must agree: a name below policies/approvals.")
    static let windows = Field.defaulted(
        "windows", .list(.policy, count: 0...16), [], written: [],
        "When shares may rise: names below policies/windows.")
    static let onNewVersion = Field.defaulted(
        "onNewVersion", .choice(NewVersionRule.self), .queue, written: "queue",
        "What a new version means while a candidate is on its way.")
    static let conflictGroup = Field<ConflictGroupName?>.optional(
        "conflictGroup", .conflictGroup,
        "What it shares with other rollouts: one of a group at a time has a candidate on its way.")
    static let stages = Field.required(
        "stages", .list(StageFields.shape, count: 1...FileLimits.stages, unique: false),
        "The way up, in order: shadow, canary, gradual, full.")

    static let shape = Shape<RolloutSpec>.document(.rollout, metadata: metadata, spec: specShape) {
        metadata, build, _, _ in build(metadata)
    }

    private static let specShape = Shape<@Sendable (Metadata) -> RolloutSpec>.object(
        "spec",
        [
            version, bootstrap, regions, router, signals, stickyBy, fallback, admission,
            guardrails, approvals, windows, onNewVersion, conflictGroup, stages,
        ]
    ) { row, findings throws(RefusedField) in
        let fields = try StageFields.check(row, &findings)
        let (version, bootstrap, regions) = (try row(version), try row(bootstrap), try row(regions))
        let (router, signals, sticky) = (try row(router), try row(signals), try row(stickyBy))
        let (fallback, admission) = (try row(fallback), try row(admission))
        let (guardrails, approvals) = (try row(guardrails), try row(approvals))
        let (windows, onNewVersion) = (try row(windows), try row(onNewVersion))
        let conflictGroup = try row(conflictGroup)
        return { metadata in
            RolloutSpec(
                name: metadata.name, description: metadata.description, owners: metadata.owners,
                version: version, bootstrap: bootstrap, regions: regions, router: router,
                signals: signals, stickyBy: sticky, fallback: fallback, admission: admission,
                guardrails: guardrails, approvals: approvals, windows: windows,
                onNewVersion: onNewVersion, conflictGroup: conflictGroup, stages: fields)
        }
    }

    private static let stickyShape = Shape<StickyKey>.scalar(
        "header:NAME or request-id", example: "header:x-node-id",
        schema: ["type": "string", "pattern": "^(request-id|header:[a-z0-9-]{1,64})$"]
    ) { scalar throws(Refusal) in
        if scalar.text == "request-id" { return .requestID }
        guard scalar.text.hasPrefix("header:") else { throw Refusal() }
        let name = String(scalar.text.dropFirst("header:".count))
        let isName = name.utf8.allSatisfy {
            (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-")
        }
        guard isName, (1...64).contains(name.utf8.count) else {
            throw Refusal("a header name in lower case")
        }
        return .header(name)
    }
}

/// `spec.fallback`
enum FallbackFields {
    static let version = Field.required("version", .version, "The version that answers.")
    static let minConfidence = Field.defaulted(
        "minConfidence", .number(0...1), zero, written: 0,
        "Below this confidence of the chosen version the fallback answers; 0 is never.")
    static let timeout = Field.required(
        "timeout", .span("50ms"), "How long the chosen version may take.")

    static let shape = Shape<FallbackSpec>.object(
        "fallback", [version, minConfidence, timeout]
    ) { row, _ throws(RefusedField) in
        FallbackSpec(
            version: try row(version), minConfidence: try row(minConfidence),
            timeout: try row(timeout))
    }

    private static var zero: FiniteDouble { FiniteDouble(known: 0) }
}

extension FiniteDouble {
    /// For numbers of this module's own, which are finite as they stand in the source.
    init(known value: Double) {
        guard let number = FiniteDouble(value) else {
            preconditionFailure("\(value) in the source is not finite")
        }
        self = number
    }
}

/// Limits of a rollout, from the architecture.
enum FileLimits {
    static let regions = 64
    static let stages = 16
    static let guardrails = 64
}
