extension RolloutState {
    /// What each region's router must serve. Empty before the bootstrap.
    ///
    /// A function of recorded state alone, so that it can be put back at any time, with no spec.
    package var routes: [RegionName: Route] {
        guard let stable else { return [:] }
        var routes: [RegionName: Route] = [:]
        for region in regions {
            guard let home = backend(of: stable, in: region) else { continue }
            let candidate = run.flatMap { backend(of: $0.candidate, in: region) }
            let step = candidate == nil ? nil : run?.currentStep
            routes[region] = Route(
                rollout: name, region: region, generation: generation, run: run?.id,
                salt: run?.id.description ?? name.rawValue, stickyBy: stickyBy, stable: home,
                candidate: candidate, share: step?.shares[region] ?? .zero,
                mirror: step?.mirrors[region] ?? .zero, fallback: fallback(in: region))
        }
        return routes
    }

    /// Stable alone in each region, for a router that has lost its routes.
    package var stableRoutes: [RegionName: Route] { routes.mapValues(\.stableAlone) }

    private func backend(of version: ServedVersion, in region: RegionName) -> Route.Backend? {
        version.endpoints[region].map { Route.Backend(reference: version.reference, endpoint: $0) }
    }

    private func fallback(in region: RegionName) -> Route.Fallback? {
        guard let fallback, let backend = backend(of: fallback.served, in: region) else {
            return nil
        }
        return Route.Fallback(
            backend: backend, minConfidence: fallback.minConfidence, timeout: fallback.timeout)
    }
}
