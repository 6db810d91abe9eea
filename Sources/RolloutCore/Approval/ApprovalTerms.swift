/// An approval policy with its groups spelled out: who must agree before a gated stage.
///
/// A run keeps the terms that it began with, and takes over what makes them stricter.
package struct ApprovalTerms: Codable, Sendable, Hashable {
    /// A group of which one person must be among those who agree.
    package struct Required: Codable, Sendable, Hashable {
        package let name: String
        package let people: [String]

        package init(name: String, people: [String]) {
            self.name = name
            self.people = people.sorted()
        }
    }

    package let policy: PolicyName
    /// As the policy names them, for people.
    package let names: [String]
    /// Everybody who may agree, in order.
    package let people: [String]
    package let minApprovals: Int
    package let required: [Required]
    package let excludeAuthors: Bool
    /// Whether whoever wrote the change must be known by a key.
    package let signedChanges: Bool
    package let expiresAfter: TimeSpan
    package let channels: [ApprovalPolicy.Channel]

    package init(
        policy: PolicyName, names: [String], people: [String], minApprovals: Int,
        required: [Required], excludeAuthors: Bool, signedChanges: Bool, expiresAfter: TimeSpan,
        channels: [ApprovalPolicy.Channel]
    ) {
        self.policy = policy
        self.names = names
        self.people = Set(people).sorted()
        self.minApprovals = minApprovals
        self.required = required
        self.excludeAuthors = excludeAuthors
        self.signedChanges = signedChanges
        self.expiresAfter = expiresAfter
        self.channels = Set(channels).sorted { $0.rawValue < $1.rawValue }
    }

    /// What both terms demand: a policy that is edited while a run is on its way may ask for more,
    /// never for less.
    package func tightened(by other: ApprovalTerms?) -> ApprovalTerms {
        guard let other, other != self else { return self }
        return ApprovalTerms(
            policy: policy, names: names,
            people: people.filter { other.people.contains($0) },
            minApprovals: max(minApprovals, other.minApprovals),
            required: required + other.required.filter { !required.contains($0) },
            excludeAuthors: excludeAuthors || other.excludeAuthors,
            signedChanges: signedChanges || other.signedChanges,
            expiresAfter: min(expiresAfter, other.expiresAfter),
            channels: channels.filter { other.channels.contains($0) })
    }
}
