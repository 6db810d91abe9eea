import Ledger
import RolloutCore
import Synchronization

// How often the loop goes up and down: no more often than people asked for.
extension Witness {
    /// Each start takes up something that people wrote, and what went down by itself goes up again
    /// only after a person said so.
    func checkRate(_ accepted: Accepted) {
        guard !state.withLock({ $0.wasHistoryLost }) else { return }
        let record = accepted.record
        let records = self.accepted(record.rollout)
        switch record.action {
        case .start:
            let starts = records.count { earlier in
                if case .start = earlier.record.action {
                    precedes(earlier, accepted)
                } else {
                    false
                }
            }
            let asked = people.asked(record.rollout)
            if starts > asked {
                fail(.rate, "\(record.id) is start \(starts), and people asked \(asked) times")
            }
        case .resume:
            let held = accepted.before.state.run?.held?.decision ?? 0
            let isPeace = accepted.at >= plan.active.milliseconds
            if !isPeace, !people.resumed(record.rollout, after: held) {
                fail(.rate, "\(record.id) goes on after decision \(held), and nobody said so")
            }
        case .advance, .complete:
            let ofRun = records.filter {
                $0.before.state.run?.id == accepted.before.state.run?.id
            }
            let stopped = ofRun.last { earlier in
                switch earlier.record.action {
                case .stepBack, .hold, .resume: precedes(earlier, accepted)
                default: false
                }
            }
            guard let stopped else { return }
            if case .resume = stopped.record.action { return }
            fail(.rate, "\(record.id) goes up again after \(stopped.record.id) by itself")
        case .bootstrap, .rollBack, .stepBack, .hold, .revert, .refuse, .correct: break
        }
    }
}
