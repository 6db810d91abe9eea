/// What a signature may be for. It is part of the bytes that are signed, so one for a commit can
/// never be read as consent.
package enum Namespace {
    /// Commits and tags.
    package static let git = "git"
    /// Approvals and rejections.
    package static let approval = "approval.v1@gatewright"
    /// The files that say who may approve.
    package static let policy = "policy.v1@gatewright"
}
