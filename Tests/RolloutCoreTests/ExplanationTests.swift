import Testing

@testable import RolloutCore

/// The lines that people read when something waits. Changing one is a change for its readers.
@Suite struct ExplanationTests {
    private static let until = Timestamp(milliseconds: 1_790_000_000_000)
    private static let eu = Given.regions[0]

    private static func open(
        _ spoken: String = "97.2 % [95.6, 98.3]", needs: Int? = nil, count: Int = 1,
        eta: TimeSpan? = nil, outlook: GuardrailVerdict.Outlook = .unknown
    ) -> Wait {
        let open = Wait.Open(
            guardrail: Given.id("accuracy"), reason: "not proven yet", spoken: spoken,
            bound: "≥ 95 %", needs: needs, eta: eta, outlook: outlook)
        return Wait(.undecided(Array(repeating: open, count: count)))
    }

    static let lines: [(Wait, String, Wait.Consequence)] = [
        (
            Wait(.upToDate(version: Given.id("2.4.0"))),
            "selector serves 2.4.0 everywhere; nothing is asked for.", .none
        ),
        (
            Wait(.withdrawn),
            "selector is not in the repository any more; stable keeps serving.", .none
        ),
        (
            Wait(.soaking(remaining: .seconds(5_400)), until: until),
            "selector soaks at canary 5%: 90 min to go, until 2026-09-21T14:13:20.000Z.", .waiting
        ),
        (
            open(),
            "selector holds at canary 5%: accuracy is undecided (not proven yet, "
                + "97.2 % [95.6, 98.3], needs ≥ 95 %).", .waiting
        ),
        (
            open("–", needs: 12_000, count: 3, eta: .seconds(1_200), outlook: .open),
            "selector holds at canary 5%: accuracy is undecided (not proven yet) and 2 more; "
                + "needs about 12,000 more, 20 min at this traffic.", .waiting
        ),
        (
            open("–", needs: 12_000, outlook: .tooSlow),
            "selector holds at canary 5%: accuracy is undecided (not proven yet); needs about "
                + "12,000 more: cannot be decided at this traffic.", .waiting
        ),
        (
            open("–", outlook: .never),
            "selector holds at canary 5%: accuracy is undecided (not proven yet); at this estimate "
                + "it is never proven.", .waiting
        ),
        (
            Wait(.approvals(Quorum(unnamed: .gradual))),
            "selector waits for approval of gradual, and none can count: the run began without a "
                + "policy that says whose approval is needed.",
            .stalled
        ),
        (
            Wait(.heldByBreach(decision: 4, reason: "errors 12 %")),
            "selector is held at canary 5% since decision 4 (errors 12 %): fix it in a new "
                + "version, or go on with gatewright resume selector.", .stalled
        ),
        (
            Wait(.heldByOrder(order: "hold-1", by: "ana", reason: "incident"), until: until),
            "selector is held by ana (\"incident\", order hold-1), until 2026-09-21T14:13:20.000Z; "
                + "rollback still works; lift it with gatewright resume selector.", .stalled
        ),
        (
            Wait(.stopped(owner: "sre", reason: "incident")),
            "selector is stopped by stop.yaml (owner sre: \"incident\"); rollback still works.",
            .stalled
        ),
        (
            Wait(.halted(reason: "the remote is gone")),
            "selector may not be raised: the remote is gone. Shares stay as they are; rollback "
                + "still works.", .stalled
        ),
        (
            Wait(.clockUnsteady), "selector waits until the clock is steady again; it jumped.",
            .retry
        ),
        (
            Wait(.broken(summary: "rollouts/selector/rollout.yaml:3:1: x")),
            "selector cannot be read: rollouts/selector/rollout.yaml:3:1: x. What was read last "
                + "stays in force; run gatewright validate.", .stalled
        ),
        (
            Wait(.refused(version: Given.id("2.0.0"), decision: 9, reason: "errors 12 %")),
            "selector is refused: 2.0.0 was taken back (errors 12 %, decision 9). Fix it in a new "
                + "version, or release the digest: gatewright release selector 2.0.0.", .stalled
        ),
        (
            Wait(.noBaseline),
            "selector has no stable version: name one under spec.bootstrap, which is then taken "
                + "at its word once.", .stalled
        ),
        (
            Wait(.noSafeTarget),
            "selector has no earlier good version to go back to; the share stays and a person "
                + "must act.", .stalled
        ),
        (
            Wait(.router(region: eu, summary: "no answer")),
            "selector waits for the router of eu: no answer.", .retry
        ),
    ]

    @Test(arguments: lines.indices) func waits(_ index: Int) {
        let (wait, line, consequence) = Self.lines[index]
        let traffic = [
            Self.eu: RegionTraffic(candidate: 600, stable: 0, candidateLast: nil, stableLast: nil)
        ]
        let input = Given.input(Given.state(advances: 1), atStep: .seconds(60), traffic: traffic)
        let why = Explanation(Decision(next: .wait(wait), verdicts: []), input)
        #expect(why.line == line)
        #expect(why.consequence == consequence)
        #expect(why.until == wait.until)
    }

    @Test func whatIsUnderWayIsSaidToo() {
        let input = Given.input(Given.state())
        let advance = Decision(next: .act(.advance(step: 1), reason: "shadow passed"), verdicts: [])
        #expect(
            Explanation(advance, input).line
                == "selector: advance is under way: shadow passed.")
        let apply = Decision(next: .apply, verdicts: [])
        #expect(
            Explanation(apply, input).line == "selector: routers are being told of decision 2.")
    }

    @Test func aShadowIsPlacedByItsMirror() {
        let soaking = Wait(.soaking(remaining: .seconds(3)))
        let why = Explanation(
            Decision(next: .wait(soaking), verdicts: []), Given.input(Given.state()))
        #expect(why.line == "selector soaks at shadow 100%: 3.0 s to go.")
    }
}
