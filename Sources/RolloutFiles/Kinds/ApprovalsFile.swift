import RolloutCore

/// `policies/approvals/NAME.yaml`
enum ApprovalsFile {
    static let approvers = Field.required(
        "approvers", .list(.text(limit: 254, example: "sre"), count: 1...256),
        "Groups of policies/groups.yaml, or people with an @.")
    static let minApprovals = Field.required(
        "minApprovals", .whole(1...16), "How many different people.")
    static let required = Field.defaulted(
        "required", .list(.text(limit: 254, example: "ml-lead"), count: 0...16), [], written: [],
        "Groups or people of which one must be among them.")
    static let excludeAuthors = Field.defaulted(
        "excludeAuthors", .bool, true, written: true, "Whoever wrote the change does not count.")
    static let changes = Field.defaulted(
        "changes", .choice(ApprovalPolicy.ChangeIdentity.self), .signed, written: "signed",
        "signed: authors are known by the keys of their commits; claimed: by what commits say.")
    static let expiresAfter = Field.defaulted(
        "expiresAfter", .span("72h"), .seconds(72 * 3_600), written: "72h",
        "How long an approval counts.")
    static let channel = Field.defaulted(
        "channel", .list(.choice(ApprovalPolicy.Channel.self), count: 1...2), [.signed],
        written: ["signed"], "signed: an SSH signature; ui: the web page.")

    private static let spec = Shape<@Sendable (PolicyName) -> ApprovalPolicy>.object(
        "spec", [approvers, minApprovals, required, excludeAuthors, changes, expiresAfter, channel]
    ) { row, _ throws(RefusedField) in
        let (approvers, minimum) = (try row(approvers), try row(minApprovals))
        let (required, exclude) = (try row(required), try row(excludeAuthors))
        let (changes, expires) = (try row(changes), try row(expiresAfter))
        let channels = try row(channel)
        return { name in
            ApprovalPolicy(
                name: name, approvers: approvers, minApprovals: minimum, required: required,
                excludeAuthors: exclude, changes: changes, expiresAfter: expires,
                channels: channels)
        }
    }

    static let shape = Shape<ApprovalPolicy>.policy(.approvals, spec: spec) { $1($0) }
}

/// `policies/groups.yaml`
enum GroupsFile {
    static let groups = Field.required(
        "groups",
        .map(
            Shape<PolicyName>.name("a group name", example: "sre"),
            .list(.text(limit: 254, example: "ana@example.org"), count: 1...1_000),
            count: 1...256), "People by group.")

    static let shape = Shape<Groups>.document(
        .groups, metadata: PolicyMetadata.field,
        spec: .object("spec", [groups]) { row, _ throws(RefusedField) in try row(groups) }
    ) { _, groups, _, _ in
        Groups(
            members: Dictionary(groups.map { ($0.key.rawValue, $0.value) }) { first, _ in first })
    }
}

/// Who belongs to which group: `policies/groups.yaml`.
package struct Groups: Codable, Hashable, Sendable {
    /// People by group name.
    package let members: [String: [String]]

    package init(members: [String: [String]]) { self.members = members }

    /// The names under which controllers sign: the group `controllers`, in order.
    package var controllers: [String] { Set(members["controllers"] ?? []).sorted() }

    /// The people behind names of groups and people, each once.
    package func people(_ names: [String]) -> Set<String> {
        Set(names.flatMap { members[$0] ?? [$0] })
    }
}
