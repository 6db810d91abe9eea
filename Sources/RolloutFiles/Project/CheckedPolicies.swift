package import RolloutCore

/// Everything below `policies/`, and the controller's own settings, by name.
package struct CheckedPolicies: Sendable {
    /// A policy that rollouts may name.
    package struct Entry<Policy: Sendable & Hashable>: Sendable {
        let file: ParsedFile
        /// `nil` when the file has an error: rollouts that name it are not in force.
        package let policy: Policy?
    }

    package enum Stop: Sendable, Hashable {
        case none
        case ordered(StopOrder)
        /// The file is there and cannot be read: somebody wanted to stop, so everything stops.
        case unreadable
    }

    package internal(set) var guardrails: [PolicyName: Entry<GuardrailSet>] = [:]
    package internal(set) var admission: [PolicyName: Entry<AdmissionPolicy>] = [:]
    package internal(set) var approvals: [PolicyName: Entry<ApprovalPolicy>] = [:]
    package internal(set) var windows: [PolicyName: Entry<WindowPolicy>] = [:]
    package internal(set) var stop = Stop.none
    package internal(set) var groups = Groups(members: [:])
    /// `nil` when there is no `gatewright.yaml`, or it has an error.
    package internal(set) var configuration: ControllerConfiguration?
    /// Of these files, in reading order.
    package internal(set) var diagnostics: [Diagnostic] = []

    /// The admission policies of a rollout: those it names, and the one that counts for all.
    package func admission(of spec: RolloutSpec) -> [PolicyName] {
        let mandatory = admission.keys.filter {
            $0.rawValue == AdmissionPolicy.mandatory && !spec.admission.contains($0)
        }
        return spec.admission + mandatory
    }

    /// Takes the files that are policies and leaves the others alone.
    package init(_ files: [ParsedFile]) {
        for file in files.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
            guard case .document(let kind, nil, let stem) = file.role else { continue }
            diagnostics += file.diagnostics
            add(file, kind, stem)
        }
        checkApprovers()
        diagnostics.sort()
    }

    private mutating func add(_ file: ParsedFile, _ kind: Kind, _ stem: String) {
        let name = try? PolicyName(stem)
        switch (kind, file.content) {
        case (.stop, .stop(let order)?): stop = .ordered(order)
        case (.stop, _): stop = .unreadable
        case (.groups, .groups(let value)?): groups = value
        case (.controller, .controller(let value)?): configuration = value
        case (.guardrails, let content):
            guard let name else { return }
            let policy: GuardrailSet? = if case .guardrails(let set)? = content { set } else { nil }
            guardrails[name] = Entry(file: file, policy: policy)
        case (.admission, let content):
            guard let name else { return }
            let policy: AdmissionPolicy? =
                if case .admission(let value)? = content { value } else { nil }
            admission[name] = Entry(file: file, policy: policy)
        case (.approvals, let content):
            guard let name else { return }
            let policy: ApprovalPolicy? =
                if case .approvals(let value)? = content { value } else { nil }
            approvals[name] = Entry(file: file, policy: policy)
        case (.window, let content):
            guard let name else { return }
            let policy: WindowPolicy? = if case .window(let value)? = content { value } else { nil }
            windows[name] = Entry(file: file, policy: policy)
        default: break
        }
    }

    /// A quorum that nobody can reach would hold a rollout for ever.
    private mutating func checkApprovers() {
        for (name, entry) in approvals.sorted(by: { $0.key < $1.key }) {
            guard let policy = entry.policy else { continue }
            var problems: [Diagnostic] = []
            for (key, names) in [("approvers", policy.approvers), ("required", policy.required)] {
                for (index, person) in names.enumerated() where !isKnown(person) {
                    let meant = person.nearest(of: groups.members.keys)
                    problems.append(
                        entry.file.diagnostic(
                            at: ["spec", .key(key), .index(index)],
                            "\(person.quoted) is no group of policies/groups.yaml"
                                + (meant.map { "; did you mean \($0.quoted)?" } ?? ""),
                            found: person, expected: "a group, or a person with an @",
                            fix: meant.map { "write \($0)" } ?? "add it to policies/groups.yaml"))
                }
            }
            let people = groups.people(policy.approvers + policy.required)
            if problems.isEmpty, people.count < policy.minApprovals {
                problems.append(
                    entry.file.diagnostic(
                        at: ["spec", "minApprovals"],
                        "\(policy.minApprovals) approvals can never be reached: the approvers are "
                            + "\(people.count)", found: "\(policy.minApprovals)",
                        expected: "at most \(people.count)", fix: "name more approvers"))
            }
            guard !problems.isEmpty else { continue }
            approvals[name] = Entry(file: entry.file, policy: nil)
            diagnostics += problems
        }
    }

    private func isKnown(_ person: String) -> Bool {
        person.utf8.contains(UInt8(ascii: "@")) || groups.members[person] != nil
            || groups.members.values.contains { $0.contains(person) }
    }
}
