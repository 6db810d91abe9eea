package import RolloutCore

/// Something that people and tests may follow while it happens.
package struct ControllerEvent: Sendable {
    package enum What: Sendable {
        case looked(Decision)
        case recorded(number: Int, kind: String, subject: String, commit: String)
        case lowered(kind: String, reason: String)
        case applied(Route)
        case trouble(String)
    }

    package let rollout: RolloutName
    package let at: Timestamp
    package let what: What
}
