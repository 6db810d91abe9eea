import RolloutCore

/// What a path of the repository is for. Paths are compared as bytes.
enum FileRole: Hashable, Sendable {
    case document(Kind, folder: String?, stem: String)
    /// Frozen sketches below `rollouts/NAME/references/`.
    case reference(folder: String)
    /// Not ours to read.
    case other
    /// A YAML file in a place where nothing reads it.
    case misplaced(expected: String)

    init(path: String) {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String($0) ?? "" }
        self = Self.role(parts)
    }

    private static func role(_ parts: [String]) -> FileRole {
        guard let top = parts.first, let file = parts.last else { return .other }
        switch (top, parts.count) {
        case ("gatewright.yaml", 1):
            return .document(.controller, folder: nil, stem: "gatewright")
        case ("gatewright.yml", 1): return .misplaced(expected: "gatewright.yaml")
        case ("policies", 2...): return policy(parts, file)
        case ("rollouts", 2...): return rollout(parts, file)
        default: return .other
        }
    }

    private static func policy(_ parts: [String], _ file: String) -> FileRole {
        guard isYAML(file) else { return .other }
        let stem = stem(file)
        switch (parts[1], parts.count) {
        case ("stop.yaml", 2): return .document(.stop, folder: nil, stem: stem)
        case ("groups.yaml", 2): return .document(.groups, folder: nil, stem: stem)
        case (let folder, 3) where file.hasSuffix(".yaml"):
            if let kind = kinds[folder] { return .document(kind, folder: nil, stem: stem) }
        default: break
        }
        return .misplaced(
            expected: "policies/{guardrails,admission,approvals,windows}/NAME.yaml, "
                + "policies/groups.yaml or policies/stop.yaml")
    }

    static let kinds: [String: Kind] = [
        "guardrails": .guardrails, "admission": .admission, "approvals": .approvals,
        "windows": .window,
    ]

    private static func rollout(_ parts: [String], _ file: String) -> FileRole {
        let folder = parts[1]
        if parts.count == 4, parts[2] == "references" { return .reference(folder: folder) }
        guard isYAML(file) else { return .other }
        switch (parts.count, parts[2...].first) {
        case (3, "rollout.yaml"): return .document(.rollout, folder: folder, stem: stem(file))
        case (4, "versions") where file.hasSuffix(".yaml"):
            return .document(.modelVersion, folder: folder, stem: stem(file))
        case (4, "orders") where file.hasSuffix(".yaml"):
            return .document(.order, folder: folder, stem: stem(file))
        default:
            return .misplaced(
                expected: "rollouts/NAME/rollout.yaml, rollouts/NAME/versions/VERSION.yaml or "
                    + "rollouts/NAME/orders/NAME.yaml")
        }
    }

    private static func isYAML(_ file: String) -> Bool {
        let lower = file.lowercased()
        return lower.hasSuffix(".yaml") || lower.hasSuffix(".yml")
    }

    private static func stem(_ file: String) -> String { String(file.dropLast(".yaml".count)) }
}
