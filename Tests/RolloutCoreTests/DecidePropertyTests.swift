import Foundation
import Testing

@testable import RolloutCore

/// What holds for every input, whatever it says. Numbers are those of the invariants in
/// `docs/architecture.md`.
@Suite struct DecidePropertyTests {
    private static let seeds: Range<UInt64> = 0..<2_000
    private static let inputs: [DecisionInput] = seeds.map { seed in
        var drawn = Drawn(seed: seed)
        return drawn.input()
    }
    private static let decisions = inputs.map(decide)

    private func forAll(
        _ holds: (DecisionInput, Decision) -> Bool, _ rule: Comment,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (seed, (input, decision)) in zip(Self.inputs, Self.decisions).enumerated()
        where !holds(input, decision) {
            Issue.record("\(rule): seed \(seed), \(decision.next)", sourceLocation: sourceLocation)
        }
    }

    // A property of cases that never come up says nothing.
    @Test func drawsReachEveryKindOfDecision() {
        var kinds: Set<String> = []
        for decision in Self.decisions {
            switch decision.next {
            case .apply: kinds.insert("apply")
            case .serveStable: kinds.insert("serve stable")
            case .wait(let wait): kinds.insert("wait \(String(describing: wait.reason).prefix(6))")
            case .act(let action, _):
                if case .correct(let correction) = action, correction.raises {
                    kinds.insert("raising correction")
                }
                kinds.insert(action.kind)
            }
        }
        let wanted: Set<String> = [
            "apply", "bootstrap", "start", "advance", "complete", "rollback", "step-back", "hold",
            "resume", "refuse", "drift-correction", "raising correction", "abort", "supersede",
            "withdraw", "wait halted", "wait stoppe", "wait clockU", "wait heldBy", "wait undeci",
            "wait soakin", "wait router", "wait refuse", "wait upToDa", "wait approv",
            "wait broken",
        ]
        #expect(kinds.isSuperset(of: wanted), "\(wanted.subtracting(kinds))")
    }

    @Test("B14: same input same decision")
    func sameInputSameDecision() {
        for (input, decision) in zip(Self.inputs, Self.decisions).prefix(500) {
            #expect(decide(input) == decision)
        }
    }

    // 14
    @Test func nothingIsRaisedWhileSomethingBlocksIncreases() {
        forAll({ !$1.raises || !$0.isBlocked }, "raised while blocked")
        forAll({ $0.state.run?.held == nil || !$1.raises }, "raised while held")
    }

    // 1: what is told to routers while increases are blocked lowers somewhere.
    @Test func nothingThatRaisesIsAppliedWhileBlocked() {
        forAll(
            { input, decision in
                guard decision.next == .apply, input.isBlocked || input.state.run?.held != nil
                else {
                    return true
                }
                return input.routers.values.contains(.owed(raises: false))
            }, "a raise was applied while blocked")
    }

    // 14
    @Test func onlyPassesAdvance() {
        forAll(
            { input, decision in
                guard decision.leavesStep, !input.isPromoted else { return true }
                let required = decision.verdicts.filter(\.required)
                return required.allSatisfy { $0.verdict == .pass }
            }, "left a step without a pass")
        forAll(
            { input, decision in
                guard decision.leavesStep, !input.isPromoted, let run = input.state.run,
                    let step = run.currentStep
                else { return true }
                let applying = run.guardrails.flatMap(\.guardrails)
                    .filter { $0.isRequired && $0.isSeen(at: step) }
                return applying.allSatisfy { guardrail in
                    decision.verdicts.contains { $0.guardrail == guardrail.name }
                }
            }, "left a step with a guardrail that nobody judged")
    }

    // 14: a raise of what something else took away needs every slice too.
    @Test func onlyPassesRaiseACorrection() {
        forAll(
            { _, decision in
                guard case .act(.correct(let correction), _) = decision.next, correction.raises
                else {
                    return true
                }
                return decision.verdicts.allSatisfy { !$0.required || $0.verdict == .pass }
            }, "corrected upwards without a pass")
    }

    // 17
    @Test("J13: a breach always goes back")
    func aBreachAlwaysGoesBack() {
        forAll(
            { input, decision in
                let isBad = input.evidence.contains { evidence in
                    // With slices, the mixture of all of them decides.
                    guard evidence.process == Drawn.Process.bad, evidence.mixture == nil else {
                        return false
                    }
                    return decision.verdicts.contains {
                        $0.guardrail == evidence.guardrail && $0.required
                            && $0.onBreach == .rollback
                    }
                }
                guard isBad else { return true }
                if case .act(.rollBack, _) = decision.next { return true }
                return false
            }, "a breach did not roll back")
        forAll(
            { input, decision in
                let breached = decision.verdicts.contains {
                    $0.required && $0.verdict.word == "breach"
                }
                return !breached || !(decision.raises || decision.leavesStep)
            }, "went forward with a breach")
    }

    // 18
    @Test("J10: an abort beats everything")
    func anAbortBeatsEverything() {
        forAll(
            { input, decision in
                guard let run = input.state.run,
                    input.orders.contains(where: { $0.action == .abort(run: run.id) })
                else { return true }
                guard case .act(.rollBack(.ordered), _) = decision.next else { return false }
                return true
            }, "an abort was not followed")
    }

    // 4
    @Test func stepsComeOneAfterAnother() {
        forAll(
            { input, decision in
                switch decision.next {
                case .act(.advance(let step, _), _):
                    input.state.run.map { $0.step + 1 == step && $0.plan.step(step) != nil }
                        ?? false
                case .act(.complete, _):
                    input.state.run.map { $0.plan.step($0.step + 1) == nil } ?? false
                case .act(.stepBack(let step, _), _):
                    input.state.run.map { $0.step - 1 == step } ?? false
                default: true
                }
            }, "a step was skipped")
    }

    // 5: what is not forward gives the candidate no more of live traffic than it had.
    @Test func backwardStepsOnlyLower() {
        forAll(
            { input, decision in
                guard case .act(let action, _) = decision.next, !action.isForward else {
                    return true
                }
                let state = input.state
                let after = state.after(action, number: state.decisions + 1, at: input.now)
                return after.routes.allSatisfy { region, route in
                    guard let before = state.routes[region] else { return false }
                    return !route.exposes(moreThan: before)
                        || route.candidate == before.candidate && route.share < before.share
                }
            }, "a backward step raised")
    }

    // 5: whoever rolled back is not started again without a release.
    @Test("J4: refused digests stay away")
    func refusedDigestsStayAway() {
        forAll(
            { input, decision in
                guard case .act(.start(let start), _) = decision.next,
                    let refusal = input.state.refusal(of: start.candidate.reference.digest)
                else { return true }
                return input.orders.contains {
                    $0.action == .release(version: refusal.reference, decision: refusal.decision)
                }
            }, "a refused digest started")
    }

    // 41: whoever waits says why, and what comes of it.
    @Test func everyDecisionExplainsItself() {
        for (input, decision) in zip(Self.inputs, Self.decisions) {
            let why = Explanation(decision, input)
            #expect(why.line.hasPrefix("selector") && why.line.hasSuffix("."))
            #expect(!why.line.contains("nan") && !why.line.contains("Optional"))
        }
    }

    // 16: what is recorded is what was decided on.
    @Test func inputsAndDecisionsSurviveJSON() throws {
        for (input, decision) in zip(Self.inputs, Self.decisions).prefix(400) {
            let read = try JSONDecoder().decode(
                DecisionInput.self, from: try JSONEncoder().encode(input))
            #expect(read == input)
            let again = try JSONDecoder().decode(
                Decision.self, from: try JSONEncoder().encode(decision))
            #expect(again == decision && decide(read) == again)
        }
    }

    // A record may be edited, and replay must say so instead of ending the process.
    @Test func aTimeScaleOfZeroIsNoTrap() throws {
        let text = try String(
            decoding: JSONEncoder().encode(Given.input(Given.state())), as: UTF8.self)
        let edited = text.replacing("\"timeScale\":1", with: "\"timeScale\":0")
        let input = try JSONDecoder().decode(DecisionInput.self, from: Data(edited.utf8))
        #expect(input.timeScale == 0)
        #expect(decide(input) == decide(Given.input(Given.state())))
    }
}

extension DecisionInput {
    /// What blocks every increase, written down a second time on purpose.
    fileprivate var isBlocked: Bool {
        if conditions.halted != nil || !conditions.clockSteady { return true }
        if let stop = conditions.stop, stop.expires == nil || stop.expires.map({ now < $0 }) == true
        {
            return true
        }
        return orders.contains { order in
            guard case .hold(let expires) = order.action else { return false }
            return expires.map { now < $0 } ?? true
        }
    }

    fileprivate var isPromoted: Bool {
        guard let run = state.run else { return false }
        return orders.contains { $0.action == .promote(run: run.id, step: run.step) }
    }
}

extension Decision {
    fileprivate var leavesStep: Bool {
        switch next {
        case .act(.advance, _), .act(.complete, _): true
        default: false
        }
    }

    /// Whether the candidate, or a first version, gets more by it. A resume alone gives nothing.
    fileprivate var raises: Bool {
        guard case .act(let action, _) = next else { return false }
        if case .resume = action { return false }
        return action.isForward
    }
}
