import Ledger
import RolloutCore
import Synchronization

/// What was recorded, held against what the versions really are.
final class SoakRecords: Sendable {
    private struct State {
        var kinds: [String: Int] = [:]
        /// Versions that a record gave live traffic to.
        var served: Set<SoakAnswers.Live> = []
    }

    private let state = Mutex(State())
    private let bad: [SoakAnswers.Live: SoakVersion.Quality]
    private let violations: ViolationLog

    init(versions: [SoakVersion], violations: ViolationLog) {
        bad = Dictionary(
            versions.filter { !$0.isGood }.map {
                (SoakAnswers.Live(rollout: $0.rollout, version: $0.name), $0.quality)
            }, uniquingKeysWith: { first, _ in first })
        self.violations = violations
    }

    var kinds: [String: Int] { state.withLock { $0.kinds } }
    var count: Int { state.withLock { $0.kinds.values.reduce(0, +) } }
    var served: Set<SoakAnswers.Live> { state.withLock { $0.served } }

    func note(_ entry: RecordChain.Entry) {
        let record = entry.record
        let rollout = record.rollout.rawValue
        state.withLock { state in
            state.kinds[record.kind, default: 0] += 1
            guard let run = entry.state.run, let step = run.currentStep,
                step.largestShare > .zero
            else { return }
            let version = run.candidate.reference.version.rawValue
            state.served.insert(SoakAnswers.Live(rollout: rollout, version: version))
        }
        let inFull = entry.state.run.flatMap { run in
            run.currentStep?.stage == .full ? run.candidate.reference.version : nil
        }
        for version in [inFull, entry.state.stable?.reference.version].compactMap(\.self) {
            let live = SoakAnswers.Live(rollout: rollout, version: version.rawValue)
            guard let quality = bad[live] else { continue }
            violations.note(
                "15 EVIDENCE",
                "\(rollout) \(version), which is \(quality.rawValue), is full by decision "
                    + "\(record.number)")
        }
    }
}
