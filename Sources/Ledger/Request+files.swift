package import RolloutCore
package import RolloutFiles

// From checked files to what is asked.

extension RequestedRollout {
    /// What the checked files of a rollout ask for.
    init(_ checked: CheckedRollout, groups: Groups, approvals: [FoundApproval]) {
        self.init(
            request: Request(checked, groups: groups), orders: checked.orders,
            router: checked.spec?.router, windows: checked.windows, approvals: approvals,
            capacities: checked.capacities)
    }
}

extension Request {
    /// What checked files ask for: a version under promises, or nothing that can be read.
    package init(_ checked: CheckedRollout, groups: Groups) {
        if checked.isUsable, let ask = Ask(checked, groups: groups) {
            self = .asked(ask)
        } else {
            let first = checked.diagnostics.first(where: \.isError)
            let summary = first.map { "\($0.path):\($0.line):\($0.column): \($0.message)" }
            self = .broken(summary: summary ?? "its files cannot be linked")
        }
    }
}

extension Ask {
    package init?(_ checked: CheckedRollout, groups: Groups) {
        guard let spec = checked.spec, let candidate = checked.versions[spec.version] else {
            return nil
        }
        let fallback = spec.fallback.flatMap { fallback in
            checked.versions[fallback.version].map {
                ServedFallback(
                    served: ServedVersion($0), minConfidence: fallback.minConfidence,
                    timeout: fallback.timeout)
            }
        }
        let plan = Plan(stages: spec.stages, regions: spec.regions)
        let terms = Terms(
            plan: plan, stickyBy: spec.stickyBy, guardrails: spec.guardrails,
            conflictGroup: spec.conflictGroup)
        let approvals = checked.approvals.map { ApprovalTerms($0, groups) }
        let policies = Policies(
            guardrails: checked.guardrails, approvals: approvals, windows: checked.windows,
            admission: checked.admission)
        guard let specDigest = try? CanonicalJSON.encode(terms).compact,
            let policyDigest = try? CanonicalJSON.encode(policies).compact
        else { return nil }
        self.init(
            candidate: ServedVersion(candidate),
            bootstrap: spec.bootstrap.flatMap { checked.versions[$0] }.map(ServedVersion.init),
            fallback: fallback, stickyBy: spec.stickyBy, onNewVersion: spec.onNewVersion,
            conflictGroup: spec.conflictGroup, plan: plan, guardrails: checked.guardrails,
            approvals: approvals,
            provenance: Provenance(candidate),
            capacity: candidate.capacity.isEmpty ? nil : candidate.capacity,
            admission: checked.admission.flatMap { $0.judge(candidate) },
            specDigest: RecordFile.digest(specDigest),
            policyDigest: RecordFile.digest(policyDigest))
    }

    /// What a run is bound to. Another description or owner does not start it again.
    private struct Terms: Encodable {
        let plan: Plan
        let stickyBy: StickyKey
        let guardrails: [PolicyName]
        let conflictGroup: ConflictGroupName?
    }

    /// Everything that people promised about how this is done.
    private struct Policies: Encodable {
        let guardrails: [GuardrailSet]
        let approvals: ApprovalTerms?
        let windows: [WindowPolicy]
        let admission: [AdmissionPolicy]
    }
}

extension ApprovalTerms {
    /// A policy with the people behind its groups.
    package init(_ policy: ApprovalPolicy, _ groups: Groups) {
        self.init(
            policy: policy.name, names: policy.approvers,
            people: Array(groups.people(policy.approvers + policy.required)),
            minApprovals: policy.minApprovals,
            required: policy.required.map {
                Required(name: $0, people: Array(groups.people([$0])))
            }, excludeAuthors: policy.excludeAuthors, signedChanges: policy.changes == .signed,
            expiresAfter: policy.expiresAfter, channels: policy.channels)
    }
}

extension ServedVersion {
    fileprivate init(_ version: ModelVersion) {
        self.init(reference: version.reference, endpoints: version.endpoints)
    }
}
