import Testing

@testable import RolloutCore

/// `RolloutState.after` over rows of actions, sensible or not.
@Suite struct StateFoldTests {
    /// Walks 400 rows of 40 actions; `check` sees the state before, the action and the state after.
    private func walk(_ check: (RolloutState, Action, RolloutState) -> Void) {
        for seed in 0..<400 as Range<UInt64> {
            var drawn = Drawn(seed: seed)
            var state = RolloutState(name: Given.name)
            for number in 1...40 {
                let action = drawn.action()
                let next = state.after(
                    action, number: number, at: Given.now + .seconds(Int64(number)))
                check(state, action, next)
                state = next
            }
        }
    }

    @Test func generationRisesWithEachChangeOfRoutesAndOnlyThen() {
        walk { before, action, after in
            if action.changesRoutes {
                #expect(after.generation > before.generation, "\(action.kind)")
            } else {
                #expect(after.generation == before.generation, "\(action.kind)")
            }
            #expect(after.generation >= 0 && after.raisedGeneration <= after.generation)
            if case .correct(let correction) = action {
                // Unless what the router claims is out of reach for everybody.
                #expect(
                    after.generation > correction.seenGeneration
                        || correction.seenGeneration >= RolloutState.generationMax)
            }
        }
    }

    // A router that claims the largest number must not end the controller.
    @Test func aLyingGenerationIsFollowedOnlySoFar() {
        var state = Given.state(advances: 1)
        for number in 10..<20 {
            state = state.after(
                .correct(
                    Action.Correction(summary: "x", raises: false, seenGeneration: .max - 1)),
                number: number, at: Given.now)
        }
        #expect(state.generation == RolloutState.generationMax + 10)
    }

    @Test func numbersAndTimesAreThoseOfTheNewestDecision() {
        walk { before, _, after in
            #expect(after.decisions == before.decisions + 1)
            #expect(after.decidedAt == Given.now + .seconds(Int64(after.decisions)))
        }
    }

    // 20
    @Test func knownGoodComesFromBootstrapAndCompleteOnly() {
        walk { before, action, after in
            let added = after.knownGood.filter { !before.knownGood.contains($0) }
            switch action {
            case .bootstrap(let bootstrap): #expect(after.knownGood == [bootstrap.version])
            case .complete: #expect(added.allSatisfy { $0 == before.run?.candidate })
            default: #expect(added.isEmpty, "\(action.kind)")
            }
            #expect(after.knownGood.count <= RolloutState.knownGoodLimit)
            let digests = after.knownGood.map(\.reference.digest)
            #expect(Set(digests).count == digests.count)
        }
    }

    @Test func onlyFiveGoodVersionsAreKept() throws {
        var state = Given.booted
        for (index, letter) in "0123456789".enumerated() {
            let version = Given.served("\(index + 2).0.0", letter)
            let number = state.decisions
            state = state.after(
                .start(Action.Start(Given.ask(version))), number: number + 1, at: Given.now)
            state = state.after(.complete, number: number + 2, at: Given.now)
        }
        #expect(
            state.knownGood.map(\.reference.version.rawValue) == [
                "11.0.0", "10.0.0", "9.0.0", "8.0.0", "7.0.0",
            ])
    }

    // 5 and 28
    @Test func aRunEndsAsItsLastActionSays() {
        walk { before, action, after in
            switch action {
            case .start(let start):
                #expect(after.run?.candidate == start.candidate)
                #expect(after.run?.step == 0 && after.run?.held == nil)
                #expect(after.refusal(of: start.candidate.reference.digest) == nil)
            case .complete:
                #expect(after.run == nil)
                if let run = before.run { #expect(after.stable == run.candidate) }
            case .rollBack(let cause):
                #expect(after.run == nil && after.stable == before.stable)
                guard let run = before.run, cause.refusesDigest else {
                    #expect(after.refused == before.refused)
                    return
                }
                #expect(
                    after.refusal(of: run.candidate.reference.digest)?.decision == after.decisions)
            case .revert(let target, _):
                #expect(after.run == nil && after.stable == target)
                if let stable = before.stable {
                    #expect(after.refusal(of: stable.reference.digest) != nil)
                    #expect(!after.knownGood.contains(stable) || stable == target)
                }
            case .hold, .stepBack: #expect((after.run?.held == nil) == (before.run == nil))
            case .resume: #expect(after.run?.held == nil)
            case .bootstrap, .advance, .refuse, .correct: #expect(after.run?.id == before.run?.id)
            }
        }
    }

    @Test func aStepThatThePlanDoesNotHaveIsNotTaken() {
        walk { before, action, after in
            guard let run = after.run else { return }
            #expect(run.plan.step(run.step) != nil)
            if case .advance(let step, _) = action, run.plan.step(step) == nil {
                #expect(run.step == before.run?.step)
            }
        }
    }

    @Test func evidenceBeginsAnewWithTheStageAndSoakWithTheStep() {
        var state = Given.state()
        var stages: [Int] = []
        var steps: [Int] = []
        for step in 1...6 {
            state = state.after(.advance(step: step), number: step + 2, at: Given.now)
            stages.append(state.run?.stageGeneration ?? 0)
            steps.append(state.run?.stepGeneration ?? 0)
        }
        // canary, four steps of gradual, full
        #expect(stages == [3, 4, 4, 4, 4, 8])
        #expect(steps == [3, 4, 5, 6, 7, 8])
    }

    // Seeds 9668 and 10094: by the wall clock of a controller that was a day ahead, no answer counted
    // for a day.
    @Test func aPersonBeginsEvidenceAnewWithAGeneration() throws {
        let errors = Given.id("errors") as GuardrailName
        let cause = Cause.breach(guardrail: errors, summary: "errors")
        let held = Given.state(advances: 1).after(.hold(cause), number: 4, at: Given.now)
        #expect(held.generation == 3 && held.run?.evidenceBegins(errors) == nil)
        let resumed = held.after(.resume(order: "o", by: "sam"), number: 5, at: Given.now)
        #expect(resumed.generation == 5 && resumed.run?.evidenceBegins(errors) == 5)
        #expect(resumed.run?.evidenceBegins(Given.id("latency")) == nil)
        // It is no raise: a region that somebody holds lower stays there until evidence says more.
        #expect(resumed.raisedGeneration == 3 && resumed.run?.stepGeneration == 3)
        let again = Given.state().after(.rollBack(cause), number: 3, at: Given.now)
            .after(.start(Action.Start(Given.ask())), number: 4, at: Given.now)
        #expect(again.run?.releasedIn == 4 && again.run?.evidenceBegins(errors) == 4)
    }

    @Test("J3: the target of a rollback is good and not refused")
    func theTargetOfARollbackIsGoodAndNotRefused() {
        walk { _, _, state in
            guard let stable = state.stable,
                let target = state.safeTarget(otherThan: stable.reference.digest)
            else { return }
            #expect(state.knownGood.contains(target))
            #expect(target.reference.digest != stable.reference.digest)
            #expect(state.refusal(of: target.reference.digest) == nil)
        }
    }
}
