import Ledger
import RolloutCore
import Synchronization

// How old observations may be, when a window is closed, and what counts as good.
extension Witness {
    /// What an advance rests on is not older than a candidate may be silent.
    func checkAge(_ accepted: Accepted) {
        guard !isTimeVague, let run = accepted.before.state.run else { return }
        switch accepted.record.action {
        case .advance, .complete: break
        default: return
        }
        guard !people.promoted(run.id, from: run.step) else { return }
        let digest = run.candidate.reference.digest
        guard let newest = state.withLock({ $0.newest[accepted.controller]?[digest] }) else {
            return
        }
        let age = accepted.at - newest
        if age > ProjectText.maxSilentMinutes * 60_000 + Self.recordTakes {
            fail(
                .evidence,
                "\(accepted.record.id) rests on observations of \(age / 1_000) s ago")
        }
    }

    /// Between a decision and its record, where nothing is slow.
    private static let recordTakes: Int64 = 60_000

    /// Whether a decision may be much older than its record, or was made by a clock that was off.
    private var isTimeVague: Bool {
        plan.events.contains { timed in
            switch timed.event {
            case .remoteIsSlow, .routerIsSlow, .pause, .jumpClock: true
            default: false
            }
        }
    }

    /// Nothing begins or goes on while the window of every rollout is closed.
    func checkWindow(_ accepted: Accepted) {
        guard let closed = plan.closed, !isTimeVague else { return }
        switch accepted.record.action {
        case .start, .advance: break
        default: return
        }
        // Windows go by whole minutes of the wall, and worlds begin 20 seconds after one.
        let (from, to) = (
            Int64(closed.lowerBound) * 60_000 - 20_000, Int64(closed.upperBound) * 60_000 - 20_000
        )
        if accepted.at >= from + Self.recordTakes, accepted.at < to {
            fail(.freeze, "\(accepted.record.id) raises in a closed window")
        }
    }

    /// Only what was full, baked and passing may be gone back to, and the first version.
    func checkKnownGood(_ accepted: Accepted) {
        guard !state.withLock({ $0.wasHistoryLost }) else { return }
        let good = self.accepted(accepted.record.rollout).compactMap { earlier -> Digest? in
            switch earlier.record.action {
            case .bootstrap(let bootstrap): bootstrap.version.reference.digest
            case .complete: earlier.before.state.run?.candidate.reference.digest
            default: nil
            }
        }
        for version in accepted.after.state.knownGood
        where !good.contains(version.reference.digest) {
            fail(
                .knownGood,
                "\(accepted.record.id) keeps \(version.reference), which was never full")
        }
    }
}
