import Ledger
import RolloutCore
import Synchronization

// Hazards that several things bring about together: they are seen in what is recorded.
extension Witness {
    func markHazards(_ accepted: Accepted) {
        let (record, state) = (accepted.record, accepted.before.state)
        let earlier = self.accepted(record.rollout).dropLast()
        if let last = earlier.last, last.controller != accepted.controller { mark("B1") }
        if let late = record.late { mark(late.contains("restarted") ? "B5" : "A1 late") }
        switch record.action {
        case .start:
            if state.decisions > 1 { mark("A17") }
        case .advance(_, let consent):
            markAdvance(accepted, earlier, consent)
        case .complete: mark("J17")
        case .rollBack(let cause): mark(cause, accepted)
        case .stepBack(_, let cause), .hold(let cause): mark(cause, accepted)
        case .revert: mark("J3")
        case .correct(let correction): mark(correction.raises ? "D8 corrected" : "D7 corrected")
        case .bootstrap: mark("J12")
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
        if consent != nil { mark("G9") }
        if run?.currentStep?.stage == .shadow { mark("J16") }
        if (run?.plan.regions.count ?? 0) > 1 { mark("B6") }
    }

    private func mark(_ cause: Cause, _ accepted: Accepted) {
        let run = accepted.before.state.run
        switch cause {
        case .breach:
            mark("J13")
            if run?.currentStep?.stage == .full { mark("J14") }
        case .silent: mark("C11 silent")
        case .superseded: mark("J5")
        case .withdrawn: mark("withdrawn")
        case .windowClosed: mark("J9")
        case .ordered: mark("J10")
        }
    }
}
