/// One line that says what blocks a rollout, what would unblock it, when at the earliest, and who.
package struct Explanation: Codable, Sendable, Hashable {
    package let line: String
    package let consequence: Wait.Consequence
    package let until: Timestamp?

    package init(_ decision: Decision, _ input: DecisionInput) {
        let name = input.state.name.rawValue
        switch decision.next {
        case .act(let action, let reason):
            consequence = .waiting
            until = nil
            line = "\(name): \(action.kind) is under way: \(reason)."
        case .apply:
            consequence = .retry
            until = nil
            line = "\(name): routers are being told of decision \(input.state.decisions)."
        case .serveStable:
            consequence = .retry
            until = nil
            line = "\(name): a router serves nothing of it and is given stable."
        case .wait(let wait):
            consequence = wait.consequence
            until = wait.until
            line = "\(name) " + Self.words(wait, input.state) + "."
        }
    }

    private static func words(_ wait: Wait, _ state: RolloutState) -> String {
        let place = place(state)
        switch wait.reason {
        case .upToDate(let version): return "serves \(version) everywhere; nothing is asked for"
        case .withdrawn: return "is not in the repository any more; stable keeps serving"
        case .soaking(let remaining):
            return "soaks at \(place): \(remaining.spoken) to go" + clock(wait.until)
        case .undecided(let open): return "holds at \(place): " + undecided(open)
        case .approvals(let quorum): return quorum.words(state.name)
        case .capacity(let shortage): return shortage.words(place)
        case .conflict(let group, let rival):
            return "waits for \(rival.rollout), which \(rival.why); both are of conflict group "
                + "\(group), where one at a time has a candidate"
        case .window(let closed): return windows(closed, wait.until)
        case .notAdmitted(let version, let problems):
            return "does not let \(version) in: " + problems.joined(separator: "; ")
                + ". Nothing was started; train it again, or change policies/admission"
        case .heldByBreach(let decision, let reason):
            return "is held at \(place) since decision \(decision) (\(reason)): fix it in a new "
                + "version, or go on with gatewright resume \(state.name)"
        case .heldByOrder(let order, let by, let reason):
            return "is held by \(by) (\"\(reason)\", order \(order))\(clock(wait.until)); "
                + "rollback still works; lift it with gatewright resume \(state.name)"
        case .stopped(let owner, let reason):
            return "is stopped by stop.yaml (owner \(owner): \"\(reason)\")\(clock(wait.until)); "
                + "rollback still works"
        case .halted(let reason):
            return "may not be raised: \(reason). Shares stay as they are; rollback still works"
        case .clockUnsteady: return "waits until the clock is steady again; it jumped"
        case .broken(let summary):
            return "cannot be read: \(summary). What was read last stays in force; run "
                + "gatewright validate"
        case .refused(let version, let decision, let reason):
            return
                "is refused: \(version) was taken back (\(reason), decision \(decision)). Fix it "
                + "in a new version, or release the digest: gatewright release "
                + "\(state.name) \(version)"
        case .noBaseline:
            return "has no stable version: name one under spec.bootstrap, which is then taken at "
                + "its word once"
        case .noSafeTarget:
            return
                "has no earlier good version to go back to; the share stays and a person must act"
        case .router(let region, let summary):
            return "waits for the router of \(region): \(summary)"
        }
    }

    private static func windows(_ closed: [WindowPolicy], _ opens: Timestamp?) -> String {
        let first = closed.first
        let others = closed.count > 1 ? " and \(closed.count - 1) more" : ""
        let owner = first.map { " (owner \($0.owner): \"\($0.reason)\")" } ?? ""
        return "waits for window \(first?.name.rawValue ?? "")\(others)\(owner)"
            + (opens.map { ", which opens at \($0)" } ?? ", which does not open for nine days")
            + "; rollback still works"
    }

    private static func undecided(_ open: [Wait.Open]) -> String {
        guard let slowest = open.first else { return "nothing is open" }
        let others = open.count > 1 ? " and \(open.count - 1) more" : ""
        let numbers = slowest.spoken == "–" ? "" : ", \(slowest.spoken), needs \(slowest.bound)"
        var text = "\(slowest.guardrail) is undecided (\(slowest.reason)\(numbers))\(others)"
        switch slowest.outlook {
        case .open, .tooSlow:
            if let needs = slowest.needs { text += "; needs about \(grouped(needs)) more" }
            if slowest.outlook == .tooSlow { return text + ": cannot be decided at this traffic" }
            if let eta = slowest.eta { text += ", \(eta.spoken) at this traffic" }
        case .never: text += "; at this estimate it is never proven"
        case .decided, .unknown: break
        }
        return text
    }

    private static func clock(_ until: Timestamp?) -> String { until.map { ", until \($0)" } ?? "" }

    /// `canary 5%`
    private static func place(_ state: RolloutState) -> String {
        guard let step = state.run?.currentStep else { return "rest" }
        let share = step.stage == .shadow ? step.mirrors.values.max() ?? .zero : step.largestShare
        return "\(step.stage.rawValue) \(share)"
    }
}
