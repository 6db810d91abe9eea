import Evidence
import RolloutCore

/// Inputs for tables: one healthy rollout, changed in one place by each row.
struct Given {
    static let name = id("selector") as RolloutName
    static let regions: [RegionName] = [id("eu"), id("us")]
    static let stable = served("1.0.0", "a")
    static let candidate = served("2.0.0", "b")
    static let now = Timestamp(milliseconds: 1_000_000)

    static func id<Subject>(_ text: String) -> Identifier<Subject> {
        guard let name = try? Identifier<Subject>(text) else { preconditionFailure(text) }
        return name
    }

    static func digest(_ letter: Character) -> Digest {
        guard let digest = Digest(hex: String(repeating: letter, count: 64)) else {
            preconditionFailure()
        }
        return digest
    }

    static func served(_ version: String, _ letter: Character) -> ServedVersion {
        ServedVersion(
            reference: VersionReference(version: id(version), digest: digest(letter)),
            endpoints: Dictionary(
                uniqueKeysWithValues: regions.map { ($0, "http://\(version).\($0)") }))
    }

    static func finite(_ value: Double) -> FiniteDouble {
        guard let finite = FiniteDouble(value) else { preconditionFailure() }
        return finite
    }

    static func guardrail(
        _ name: String, _ metric: Metric = .errors, onBreach: Reaction = .rollback,
        stages: [StageKind]? = nil, dryRun: Bool = false
    ) -> GuardrailSpec {
        GuardrailSpec(
            name: id(name), metric: metric, criterion: .atMost(finite(0.05)), onBreach: onBreach,
            stages: stages, slices: [], minSamples: 100, maxSilent: .seconds(300), labels: nil,
            severity: .warning, dryRun: dryRun)
    }

    static func comparison() -> GuardrailSpec {
        GuardrailSpec(
            name: id("throughput"), metric: .measurement("throughput"),
            criterion: .relativeDropAtMost(finite(0.05)), onBreach: .rollback, stages: nil,
            slices: [], minSamples: 100, maxSilent: .seconds(300), labels: nil, severity: .warning,
            dryRun: false)
    }

    static let stages: [StageSpec] = [
        StageSpec(
            stage: .shadow, shares: [.all], soak: .seconds(10), waves: [regions], approval: false),
        StageSpec(
            stage: .canary, shares: [Share(clamping: 500)], soak: .seconds(10), waves: [regions],
            approval: false),
        StageSpec(
            stage: .gradual, shares: [Share(clamping: 2_500), .all], soak: .seconds(10),
            waves: [[regions[0]], [regions[1]]], approval: false),
        StageSpec(
            stage: .full, shares: [.all], soak: .seconds(10), waves: [regions], approval: false),
    ]

    static func ask(
        _ version: ServedVersion = candidate, stages: [StageSpec] = stages,
        guardrails: [GuardrailSpec] = [guardrail("errors")], rule: NewVersionRule = .replace,
        bootstrap: ServedVersion? = stable, regions: [RegionName] = regions, spec: Character = "c",
        capacity: [RegionName: RequestRate]? = nil, group: ConflictGroupName? = nil
    ) -> Ask {
        Ask(
            candidate: version, bootstrap: bootstrap, fallback: nil, stickyBy: .requestID,
            onNewVersion: rule, conflictGroup: group,
            plan: Plan(stages: stages, regions: regions),
            guardrails: [
                GuardrailSet(
                    name: id("quality"), falseRollbackRate: finite(0.01), riskBudget: finite(0.02),
                    guardrails: guardrails)
            ], capacity: capacity, specDigest: digest(spec), policyDigest: digest("d"))
    }

    static func process(trials: Int, failures: Int) -> ProportionProcess {
        do {
            var process = try ProportionProcess(limit: 0.05)
            try process.observe(trials: trials, failures: failures)
            return process
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// The state after the bootstrap, the start and so many advances.
    static func state(
        advances: Int = 0, guardrails: [GuardrailSpec] = [guardrail("errors")]
    ) -> RolloutState {
        let asked = ask(guardrails: guardrails)
        var state = booted
        state = state.after(.start(Action.Start(asked)), number: 2, at: now)
        for step in 0..<advances {
            state = state.after(.advance(step: step + 1), number: step + 3, at: now)
        }
        return state
    }

    static var booted: RolloutState {
        RolloutState(name: name).after(
            .bootstrap(
                Action.Bootstrap(
                    version: stable, fallback: nil, regions: regions, stickyBy: .requestID)),
            number: 1, at: now)
    }

    static func input(
        _ state: RolloutState, request: Request? = nil, orders: [Order] = [],
        conditions: Conditions = Conditions(), atStep: TimeSpan = .seconds(60),
        failures: Int? = 0, trials: Int = 5_000, freshest: Timestamp? = now,
        traffic: [RegionName: RegionTraffic] = [:],
        routers: [RegionName: RouterCondition]? = nil, now: Timestamp = now,
        capacity: [RegionName: RequestRate]? = nil,
        stableCapacity: [RegionName: RequestRate]? = nil, rivals: [Rival]? = nil
    ) -> DecisionInput {
        let guardrails = state.run?.guardrails.flatMap(\.guardrails) ?? []
        let evidence = guardrails.compactMap { guardrail in
            failures.map {
                GuardrailEvidence(
                    guardrail: guardrail.name,
                    process: .proportion(process(trials: trials, failures: $0)),
                    freshest: freshest, labels: nil)
            }
        }
        return DecisionInput(
            now: now, state: state, request: request ?? .asked(ask()), orders: orders,
            conditions: conditions, atStep: atStep, timeScale: 1, evidence: evidence,
            traffic: traffic,
            routers: routers
                ?? Dictionary(uniqueKeysWithValues: regions.map { ($0, .asRecorded) }),
            capacity: capacity, stableCapacity: stableCapacity, rivals: rivals)
    }
}
