package import RolloutCore

extension ProjectFiles {
    /// Resolves what the files of one rollout name.
    ///
    /// - Parameter files: every parsed file below `rollouts/NAME/`, in any order.
    package static func link(
        _ name: RolloutName, files: [ParsedFile], policies: CheckedPolicies
    ) -> CheckedRollout {
        var linker = RolloutLinker(name: name, files: files, policies: policies)
        return linker.link()
    }
}

struct RolloutLinker {
    let files: [ParsedFile]
    private let policies: CheckedPolicies
    var rollout: CheckedRollout
    var problems: [Diagnostic] = []

    init(name: RolloutName, files: [ParsedFile], policies: CheckedPolicies) {
        self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        self.policies = policies
        rollout = CheckedRollout(name: name)
    }

    mutating func link() -> CheckedRollout {
        collect()
        guard let file = files.first(where: { isDocument($0, .rollout) }) else {
            problems.append(
                Diagnostic(
                    path: "rollouts/\(rollout.name)/rollout.yaml",
                    message: "the folder has no rollout.yaml", found: "nothing",
                    expected: "rollout.yaml", fix: "add it, or remove the folder"))
            return finish()
        }
        guard case .rollout(let spec)? = file.content else {
            rollout.isUsable = false
            return finish()
        }
        rollout.spec = spec
        linkVersions(spec, file)
        linkPolicies(spec, file)
        checkAdmission(spec, file)
        linkConfiguration(spec, file)
        return finish()
    }

    private func isDocument(_ file: ParsedFile, _ kind: Kind) -> Bool {
        if case .document(kind, _, _) = file.role { true } else { false }
    }

    private mutating func collect() {
        for file in files {
            rollout.diagnostics += file.diagnostics
            switch file.content {
            case .version(let version): rollout.versions[version.version] = version
            case .order(let order): rollout.orders.append(order)
            default: break
            }
            // An order that cannot be read may be an order to stop. A broken version harms only
            // those that name it.
            if file.hasErrors, !isDocument(file, .modelVersion) { rollout.isUsable = false }
        }
        rollout.orders.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private mutating func finish() -> CheckedRollout {
        if problems.contains(where: \.isError) { rollout.isUsable = false }
        rollout.diagnostics = (rollout.diagnostics + problems).sorted()
        return rollout
    }

    // MARK: Versions

    private mutating func linkVersions(_ spec: RolloutSpec, _ file: ParsedFile) {
        link(spec.version, ["spec", "version"], spec, file)
        if let bootstrap = spec.bootstrap { link(bootstrap, ["spec", "bootstrap"], spec, file) }
        if let fallback = spec.fallback {
            link(fallback.version, ["spec", "fallback", "version"], spec, file)
        }
    }

    func path(of version: VersionName) -> String {
        "rollouts/\(rollout.name)/versions/\(version).yaml"
    }

    private mutating func link(
        _ name: VersionName, _ place: [Item.PathPart], _ spec: RolloutSpec, _ file: ParsedFile
    ) {
        let path = path(of: name)
        guard let versionFile = files.first(where: { $0.path == path }) else {
            let meant = name.rawValue.nearest(of: rollout.versions.keys.map(\.rawValue))
            problems.append(
                file.diagnostic(
                    at: place,
                    "there is no version \(name)"
                        + (meant.map { "; did you mean \($0.quoted)?" } ?? ""),
                    found: name.rawValue, expected: path, fix: "add \(path)"))
            return
        }
        guard let version = rollout.versions[name] else {
            problems.append(faulty("the version \(name)", versionFile, at: place, in: file))
            return
        }
        let missing = spec.regions.filter { version.endpoints[$0] == nil }
        if !missing.isEmpty {
            let regions = missing.map(\.rawValue).joined(separator: ", ")
            problems.append(
                versionFile.diagnostic(
                    at: ["spec", "serving", "endpoints"],
                    "the version \(name) has no endpoint in \(regions)",
                    found: version.endpoints.keys.sorted().map(\.rawValue).joined(separator: ", "),
                    expected: "an endpoint in each region of \(file.path)",
                    fix: "add \(regions) to endpoints"))
        }
        if let reference = version.featureReference,
            !files.contains(where: { $0.path == "rollouts/\(spec.name)/\(reference)" })
        {
            problems.append(
                versionFile.diagnostic(
                    at: ["spec", "reference", "features"], "there is no \(reference)",
                    found: reference, expected: "rollouts/\(spec.name)/\(reference)",
                    fix: "add the file, or remove reference"))
        }
    }

    private func faulty(
        _ what: String, _ other: ParsedFile, at place: [Item.PathPart], in file: ParsedFile
    ) -> Diagnostic {
        let first = other.diagnostics.first(where: \.isError)
        let address = first.map {
            $0.line > 0 ? "\(other.path):\($0.line):\($0.column)" : other.path
        }
        return file.diagnostic(
            at: place, "\(what) has an error: \(address ?? other.path)",
            fix: "correct that file first")
    }

    // MARK: Policies

    private mutating func linkPolicies(_ spec: RolloutSpec, _ file: ParsedFile) {
        rollout.guardrails = resolve(
            spec.guardrails, "guardrails", "guardrails", policies.guardrails, file)
        rollout.admission = resolve(
            policies.admission(of: spec), "admission", "admission", policies.admission, file)
        rollout.windows = resolve(spec.windows, "windows", "windows", policies.windows, file)
        if let name = spec.approvals {
            rollout.approvals =
                resolve([name], "approvals", "approvals", policies.approvals, file).first
        }
        checkGuardrails(spec, file)
    }

    private mutating func resolve<Policy>(
        _ names: [PolicyName], _ key: String, _ folder: String,
        _ known: [PolicyName: CheckedPolicies.Entry<Policy>], _ file: ParsedFile
    ) -> [Policy] {
        var found: [Policy] = []
        for (index, name) in names.enumerated() {
            let place: [Item.PathPart] = ["spec", .key(key), .index(index)]
            let path = "policies/\(folder)/\(name).yaml"
            guard let entry = known[name] else {
                let meant = name.rawValue.nearest(of: known.keys.map(\.rawValue))
                problems.append(
                    file.diagnostic(
                        at: place,
                        "there is no \(path)"
                            + (meant.map { "; did you mean \($0.quoted)?" } ?? ""),
                        found: name.rawValue,
                        expected: known.keys.sorted().map(\.rawValue).joined(separator: ", "),
                        fix: meant.map { "write \($0)" } ?? "add \(path)"))
                continue
            }
            guard let policy = entry.policy else {
                problems.append(faulty("the policy \(name)", entry.file, at: place, in: file))
                continue
            }
            found.append(policy)
        }
        return found
    }

    private mutating func checkGuardrails(_ spec: RolloutSpec, _ file: ParsedFile) {
        let all = rollout.guardrails.flatMap(\.guardrails)
        let place: [Item.PathPart] = ["spec", "guardrails"]
        if all.count > FileLimits.guardrails {
            problems.append(
                file.diagnostic(
                    at: place, "the policies have \(all.count) guardrails together",
                    found: "\(all.count)", expected: "at most \(FileLimits.guardrails)",
                    fix: "name fewer policies"))
        }
        var seen: Set<GuardrailName> = []
        for guardrail in all where !seen.insert(guardrail.name).inserted {
            problems.append(
                file.diagnostic(
                    at: place, "two of the policies have a guardrail called \(guardrail.name)",
                    found: guardrail.name.rawValue, expected: "a name of its own",
                    fix: "rename one of the two"))
        }
        if rollout.guardrails.count == spec.guardrails.count, !all.contains(where: \.isRequired) {
            problems.append(
                file.diagnostic(
                    at: place, "none of the guardrails can stop a bad version",
                    found: "only alert, retrain or dryRun",
                    expected: "a guardrail that holds or rolls back",
                    fix: "give one of them onBreach: rollback", severity: .warning))
        }
        let stages = Set(spec.stages.map(\.stage))
        for guardrail in all {
            guard let named = guardrail.stages, stages.isDisjoint(with: named) else { continue }
            problems.append(
                file.diagnostic(
                    at: ["spec", "stages"],
                    "the guardrail \(guardrail.name) is judged in "
                        + "\(named.map(\.rawValue).joined(separator: ", ")), which this rollout "
                        + "does not have",
                    fix: "add the stage, or widen the guardrail's stages", severity: .warning))
        }
    }

    // MARK: Configuration

    private mutating func linkConfiguration(_ spec: RolloutSpec, _ file: ParsedFile) {
        guard let configuration = policies.configuration else { return }
        let routers = configuration.routers.keys.map(\.rawValue).sorted()
        if !routers.isEmpty, !routers.contains(spec.router.rawValue) {
            unknown(spec.router.rawValue, "router", ["spec", "router"], routers, file)
        }
        let signals = configuration.signals.keys.map(\.rawValue).sorted()
        for (index, signal) in spec.signals.enumerated()
        where !signals.isEmpty && !signals.contains(signal.rawValue) {
            unknown(
                signal.rawValue, "signal source", ["spec", "signals", .index(index)], signals, file)
        }
    }

    private mutating func unknown(
        _ name: String, _ what: String, _ place: [Item.PathPart], _ known: [String],
        _ file: ParsedFile
    ) {
        let meant = name.nearest(of: known)
        problems.append(
            file.diagnostic(
                at: place,
                "gatewright.yaml has no \(what) \(name.quoted)"
                    + (meant.map { "; did you mean \($0.quoted)?" } ?? ""),
                found: name, expected: known.joined(separator: ", "),
                fix: meant.map { "write \($0)" } ?? "define it in gatewright.yaml"))
    }
}
