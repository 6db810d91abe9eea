import RolloutCore

/// A route with what each request needs worked out once.
final class ServedRoute: Sendable {
    struct Target: Sendable {
        let backend: Route.Backend
        let endpoint: Endpoint
        let version: String
        let digest: String
        /// Always names the version: without one a server may choose by its own policy.
        let modelPath: String
        let inferPath: String
    }

    let route: Route
    let rollout: String
    let stable: Target
    let candidate: Target?
    let fallback: Target?

    /// `nil` when an endpoint cannot be used; the table has refused such a route before.
    init?(_ route: Route) {
        self.route = route
        rollout = route.rollout.rawValue
        guard let stable = Self.target(route.stable, route.rollout) else { return nil }
        self.stable = stable
        candidate = route.candidate.flatMap { Self.target($0, route.rollout) }
        fallback = (route.fallback?.backend).flatMap { Self.target($0, route.rollout) }
    }

    /// The target of a version that a caller names.
    func target(version: String) -> Target? {
        [stable, candidate, fallback].compactMap(\.self).first { $0.version == version }
    }

    private static func target(_ backend: Route.Backend, _ rollout: RolloutName) -> Target? {
        guard let endpoint = Endpoint(backend.endpoint) else { return nil }
        let path = "/v2/models/\(rollout)/versions/\(backend.reference.version)"
        return Target(
            backend: backend, endpoint: endpoint, version: backend.reference.version.rawValue,
            digest: backend.reference.digest.hex, modelPath: path, inferPath: path + "/infer")
    }
}
