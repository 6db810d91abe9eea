import Ledger
import RolloutCore
import Synchronization

// What several things bring about together is seen in what is recorded. It has the id of a hazard
// only where that very hazard was met.
extension Witness {
    func markHazards(_ accepted: Accepted) {
        let (record, state) = (accepted.record, accepted.before.state)
        let earlier = self.accepted(record.rollout).dropLast()
        if let last = earlier.last, last.controller != accepted.controller { mark("B1") }
        if let late = record.late { mark(late.contains("restarted") ? "B5" : "A1 late") }
        switch record.action {
        case .start:
            if state.decisions > 1 { mark("another start") }
            if hadRival(accepted) { mark("J6") }
        case .advance(_, let consent):
            markAdvance(accepted, earlier, consent)
        case .complete: mark("completed")
        case .rollBack(let cause): mark(cause, accepted)
        case .stepBack(_, let cause), .hold(let cause): mark(cause, accepted)
        case .revert: mark("stable went back")
        case .correct(let correction): mark(correction.raises ? "D8 corrected" : "D7 corrected")
        case .bootstrap: mark("bootstrap")
        case .resume, .refuse: break
        }
    }

    private func markAdvance(
        _ accepted: Accepted, _ earlier: ArraySlice<Accepted>, _ consent: UsedConsent?
    ) {
        let run = accepted.before.state.run
        let begun = earlier.last { $0.after.state.run?.stepGeneration == run?.stepGeneration }
        if let begun, begun.controller != accepted.controller || begun.life != accepted.life {
            mark("B9")
        }
        if consent != nil { mark("advance agreed to") }
        if run?.currentStep?.stage == .shadow { mark("left shadow") }
        if (run?.plan.regions.count ?? 0) > 1 { mark("advance in several regions") }
    }

    private func mark(_ cause: Cause, _ accepted: Accepted) {
        let run = accepted.before.state.run
        switch cause {
        case .breach:
            mark("breach")
            if run?.currentStep?.stage == .full { mark("J14") }
        case .silent: mark("C11 silent")
        case .superseded: mark("superseded")
        case .withdrawn: mark("withdrawn")
        case .windowClosed: mark("window closed")
        case .ordered: mark("ordered back")
        }
    }
}
