import RolloutCore

extension RolloutLinker {
    /// What admission policies ask of the files themselves. Unlike the offline gates it counts for
    /// every version that is named, and for as long as it stands there.
    mutating func checkAdmission(_ spec: RolloutSpec, _ file: ParsedFile) {
        for policy in rollout.admission {
            checkGuardrails(asked: policy.guardrails ?? [], policy.name, file)
            guard let servers = policy.servers else { continue }
            let named = [spec.version, spec.bootstrap, spec.fallback?.version].compactMap(\.self)
            for version in Set(named).sorted() { checkServers(of: version, servers, policy.name) }
        }
    }

    private mutating func checkGuardrails(
        asked: [GuardrailName], _ policy: PolicyName, _ file: ParsedFile
    ) {
        let all = rollout.guardrails.flatMap(\.guardrails)
        let stopping = Set(all.filter(\.isRequired).map(\.name))
        for name in asked where !stopping.contains(name) {
            let isThere = all.contains { $0.name == name }
            let meant = name.rawValue.nearest(of: stopping.map(\.rawValue))
            problems.append(
                file.diagnostic(
                    at: ["spec", "guardrails"],
                    "policies/admission/\(policy).yaml asks for the guardrail \(name), "
                        + (isThere
                            ? "which cannot stop a version here"
                            : "and there is none"
                                + (meant.map { "; does it mean \($0.quoted)?" } ?? "")),
                    found: all.map(\.name.rawValue).joined(separator: ", "),
                    expected: "\(name), with onBreach: rollback or hold",
                    fix: isThere
                        ? "give it onBreach: rollback or hold, without dryRun"
                        : "name the policy of policies/guardrails that has it"))
        }
    }

    /// Callers' requests go to these addresses: who writes a version must not choose any host.
    private mutating func checkServers(
        of name: VersionName, _ servers: [HostPattern], _ policy: PolicyName
    ) {
        let path = path(of: name)
        guard let version = rollout.versions[name],
            let file = files.first(where: { $0.path == path })
        else { return }
        let hosts = servers.prefix(5).map(\.description).joined(separator: ", ")
        for (region, endpoint) in version.endpoints.sorted(by: { $0.key < $1.key }) {
            let host = Web.host(of: endpoint)
            guard !servers.contains(where: { $0.covers(host) }) else { continue }
            problems.append(
                file.diagnostic(
                    at: ["spec", "serving", "endpoints", .key(region.rawValue)],
                    "policies/admission/\(policy).yaml allows no server on \(host)", found: host,
                    expected: hosts,
                    fix: "serve it from \(hosts), or add \(host) to that policy"))
        }
    }
}
