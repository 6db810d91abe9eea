/// A kind of file that people write.
package enum Kind: String, CaseIterable, Codable, Hashable, Sendable {
    case rollout = "Rollout"
    case modelVersion = "ModelVersion"
    case guardrails = "Guardrails"
    case admission = "Admission"
    case approvals = "Approvals"
    case window = "Window"
    case stop = "Stop"
    case groups = "Groups"
    case order = "Order"
    case controller = "Controller"

    /// What every file begins with.
    package static let apiVersion = "gatewright.dev/v1"

    /// The JSON Schema (2020-12) of this kind, from the description that decodes its files.
    package var jsonSchema: CanonicalJSON {
        guard case .object(var members) = shapeSchema else { return shapeSchema }
        members["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        members["$id"] = .string("https://\(Self.apiVersion)/\(rawValue).schema.json")
        members["title"] = .string(rawValue)
        return .object(members)
    }

    private var shapeSchema: CanonicalJSON {
        switch self {
        case .rollout: RolloutFile.shape.schema
        case .modelVersion: ModelVersionFile.shape.schema
        case .guardrails: GuardrailsFile.shape.schema
        case .admission: AdmissionFile.shape.schema
        case .approvals: ApprovalsFile.shape.schema
        case .window: WindowFile.shape.schema
        case .stop: StopFile.shape.schema
        case .groups: GroupsFile.shape.schema
        case .order: OrderFile.shape.schema
        case .controller: ControllerFile.shape.schema
        }
    }
}
