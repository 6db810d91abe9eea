import History
import Ledger
import RolloutCore

// How long a step was watched, in steady time.
extension Reconciler {
    /// What is known of the time of one step.
    struct StepWatch {
        /// The generation that began it, and the record of that.
        let generation: Int
        let record: Digest
        /// The steady time at which it was first seen.
        let begun: Int64
        /// The steady time at which every region was first seen to serve it.
        var servedEverywhere: Int64?
    }

    /// Steady time since this step was first seen, and since every region was seen to serve it: a
    /// region that could not be told has not shown anything yet. Not to be read after the step has
    /// changed.
    func watched(_ state: RolloutState) async -> (atStep: TimeSpan, soaked: TimeSpan) {
        guard let run = state.run, var watch = await watch(state, run) else {
            return (.zero, .zero)
        }
        if watch.servedEverywhere == nil, isServedEverywhere(state, run) {
            watch.servedEverywhere = kept(watch.record.ofServingEverywhere)
            rollouts[state.name]?.watch = watch
        }
        let now = steadyNow
        func since(_ begin: Int64) -> TimeSpan { TimeSpan(milliseconds: max(0, now - begin)) }
        return (since(watch.begun), watch.servedEverywhere.map(since) ?? .zero)
    }

    private func watch(_ state: RolloutState, _ run: Run) async -> StepWatch? {
        if let known = rollouts[state.name]?.watch, known.generation == run.stepGeneration {
            return known
        }
        // A step back that git does not hold yet begins when it does.
        guard let record = try? await ledger.stepRecord(of: state) else { return nil }
        let watch = StepWatch(
            generation: run.stepGeneration, record: record, begun: kept(record))
        rollouts[state.name]?.watch = watch
        return watch
    }

    /// If it cannot be kept, the time begins again after a restart: longer, never shorter.
    private func kept(_ key: Digest) -> Int64 {
        (try? disk.stepStart(key, now: steadyNow)) ?? steadyNow
    }

    private func isServedEverywhere(_ state: RolloutState, _ run: Run) -> Bool {
        state.routes.keys.allSatisfy { region in
            guard case .serving(let route) = rollouts[state.name]?.found[region] else {
                return false
            }
            return route.generation >= run.stepGeneration
        }
    }
}

extension Digest {
    /// The key under which it is kept since when every region serves the step of a record.
    fileprivate var ofServingEverywhere: Digest {
        RecordFile.digest(Array("served everywhere \(hex)".utf8))
    }
}
