import RolloutCore
import Testing

/// Rollouts that share servers, a router or a feature store go one after another.
@Suite struct ConflictGroupTests {
    private let group: ConflictGroupName = Given.id("edge-gpus")
    private let rival = Rival.onItsWay(
        Given.id("codec"), Given.state().run ?? { preconditionFailure() }())

    private func input(
        _ group: ConflictGroupName?, _ rivals: [Rival]?, _ state: RolloutState = Given.booted
    ) -> DecisionInput {
        Given.input(state, request: .asked(Given.ask(group: group)), rivals: rivals)
    }

    @Test("J6: one of a group at a time starts")
    func oneOfAGroupAtATimeStarts() {
        #expect(word(decide(input(group, [rival]))) == "conflict")
        #expect(word(decide(input(group, []))) == "start")
        #expect(word(decide(input(group, nil))) == "start")
        // Who shares nothing waits for nobody.
        #expect(word(decide(input(nil, [rival]))) == "start")
    }

    @Test("J6: whoever is on its way goes on, and back")
    func whoeverIsOnItsWayGoesOn() {
        let asked = Given.ask(group: group)
        let state = Given.booted.after(.start(Action.Start(asked)), number: 2, at: Given.now)
        #expect(state.run?.conflictGroup == group)
        #expect(word(decide(input(group, [rival], state))) == "advance 1")
        let failing = Given.input(
            state, request: .asked(asked), failures: 4_000, rivals: [rival])
        #expect(word(decide(failing)) == "rollback")
    }

    @Test func itSaysForWhom() {
        let input = input(group, [rival])
        let why = Explanation(decide(input), input)
        #expect(
            why.line
                == "selector waits for codec, which has 2.0.0 on its way; both are of conflict "
                + "group edge-gpus, where one at a time has a candidate.")
        #expect(why.consequence == .waiting)
    }
}
