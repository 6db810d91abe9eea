import Calibration
import Foundation
import RolloutCore

/// Many made-up candidates on their way through the plan of a rollout.
struct Simulation: Sendable {
    /// At the first step of a run, with the guardrails that are rehearsed.
    let start: RolloutState
    let baseline: Baseline
    let seed: UInt64
    let runs: Int

    /// What was measured of candidates that are worse in one way, or in none.
    struct Case: Sendable {
        /// `nil` is just as good as stable.
        let regression: Regression?
        let ends: [SimulatedEnd]
    }

    /// A run of these guardrails at its first step; the versions are nobody's.
    /// - Returns: `nil` for a plan without steps.
    static func start(
        of rollout: RolloutName, plan: Plan, stickyBy: StickyKey, guardrails: [GuardrailSet]
    ) -> RolloutState? {
        func served(_ name: String, _ digit: String) -> ServedVersion? {
            guard let version = try? VersionName(name),
                let digest = Digest(hex: String(repeating: digit, count: 64))
            else { return nil }
            return ServedVersion(
                reference: VersionReference(version: version, digest: digest), endpoints: [:])
        }
        guard let stable = served("stable", "a"), let candidate = served("candidate", "c"),
            plan.step(0) != nil
        else { return nil }
        let ask = Ask(
            candidate: candidate, bootstrap: nil, fallback: nil, stickyBy: stickyBy,
            onNewVersion: .queue, plan: plan, guardrails: guardrails,
            specDigest: candidate.reference.digest, policyDigest: candidate.reference.digest)
        let beginning = Timestamp(milliseconds: 0)
        return RolloutState(name: rollout).after(
            .bootstrap(
                Action.Bootstrap(
                    version: stable, fallback: nil, regions: plan.regions, stickyBy: stickyBy)),
            number: 1, at: beginning
        ).after(.start(Action.Start(ask)), number: 2, at: beginning)
    }

    /// Each run draws from a stream of its own, so how many go on at once changes nothing.
    func cases(
        _ regressions: [Regression], atOnce: Int = ProcessInfo.processInfo.activeProcessorCount,
        progress: @Sendable (_ done: Int, _ of: Int) -> Void
    ) async -> [Case] {
        let asked = [nil] + regressions.map(Optional.some)
        let total = asked.count * runs
        let found = await withTaskGroup(of: (Int, SimulatedEnd?).self) { group in
            var found = [SimulatedEnd?](repeating: nil, count: total)
            var (next, done) = (0, 0)
            func add() {
                guard next < total else { return }
                let index = next
                next += 1
                group.addTask { (index, end(asked[index / runs], run: index % runs)) }
            }
            for _ in 0..<max(1, atOnce) { add() }
            while let (index, end) = await group.next() {
                found[index] = end
                done += 1
                progress(done, total)
                add()
            }
            return found
        }
        return asked.enumerated().map { index, regression in
            Case(
                regression: regression,
                ends: found[(index * runs)..<((index + 1) * runs)].compactMap(\.self))
        }
    }

    private func end(_ regression: Regression?, run: Int) -> SimulatedEnd? {
        let seed = Repetitions.seed(seed, regression?.spoken ?? "as good as stable")
        var one = SimulatedRun(
            start, baseline, regression, SeededRandom(seed: seed, stream: run + 1))
        return one?.end()
    }
}
