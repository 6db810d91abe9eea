package import RolloutCore

/// One rollout with everything that its files name.
package struct CheckedRollout: Sendable {
    package let name: RolloutName
    /// `nil` when `rollout.yaml` is missing or has an error.
    package internal(set) var spec: RolloutSpec?
    package internal(set) var versions: [VersionName: ModelVersion] = [:]
    package internal(set) var guardrails: [GuardrailSet] = []
    package internal(set) var admission: [AdmissionPolicy] = []
    package internal(set) var approvals: ApprovalPolicy?
    package internal(set) var windows: [WindowPolicy] = []
    /// By name.
    package internal(set) var orders: [Order] = []
    /// Of the rollout's own files and of what they name, in reading order.
    package internal(set) var diagnostics: [Diagnostic] = []

    /// Whether this content may come into force. If not, the last good content stays in force,
    /// nothing advances, and rollback still works.
    package internal(set) var isUsable = true

    /// What the servers of each version are ready for; nothing where its file does not say.
    package var capacities: [VersionReference: [RegionName: RequestRate]] {
        Dictionary(
            versions.values.map { ($0.reference, $0.capacity) },
            uniquingKeysWith: { first, _ in first })
    }

    init(name: RolloutName) { self.name = name }
}
