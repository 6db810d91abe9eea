extension WorldPlan {
    /// The same world with these events only, by their places in the list.
    package func keeping(_ places: [Int]) -> WorldPlan {
        var plan = self
        plan.events = places.filter(events.indices.contains).map { events[$0] }
        return plan
    }

    /// The fewest events that still break an invariant: one after another is left out, the last ones
    /// first, until none can be (Zeller and Hildebrandt 2002, with steps of one).
    ///
    /// - Parameters:
    ///   - invariant: what the whole world breaks.
    ///   - isBrokenBy: runs a world and says what it breaks.
    /// - Returns: places in the list of events.
    package func shrunk(
        to invariant: Invariant, isBrokenBy run: (WorldPlan) throws -> Set<Invariant>
    ) rethrows -> [Int] {
        var kept = Array(events.indices)
        var goesOn = true
        while goesOn {
            goesOn = false
            for place in kept.reversed() {
                let fewer = kept.filter { $0 != place }
                guard try run(keeping(fewer)).contains(invariant) else { continue }
                kept = fewer
                goesOn = true
            }
        }
        return kept
    }
}
