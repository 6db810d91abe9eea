import Testing

@testable import RolloutCore

/// A run that has passed canary and waits for people before gradual.
struct Approved {
    var terms = ApprovalTerms(
        policy: Given.id("production"), names: ["sre"],
        people: ["sam@x", "rui@x", "noor@x", "lena@x", "ana@x"], minApprovals: 2,
        required: [.init(name: "ml-lead", people: ["lena@x"])], excludeAuthors: true,
        signedChanges: true, expiresAfter: .seconds(900), channels: [.signed])
    var authors = [
        ChangeAuthor(commit: "c0ffee1234", principal: "ana@x", claimed: ["ana@x"], problem: nil)
    ]
    var signers = Consent.Signers.known(sequence: 3)
    var controllers = ["controller@x"]
    var runDigest: Digest? = Given.digest("9")
    var now = Given.now
    var stages = Given.stages.map {
        StageSpec(
            stage: $0.stage, shares: $0.shares, soak: $0.soak, waves: $0.waves,
            approval: $0.stage == .gradual)
    }
    var windows: [WindowClock] = []

    var ask: Ask {
        Ask(
            candidate: Given.candidate, bootstrap: Given.stable, fallback: nil,
            stickyBy: .requestID, onNewVersion: .replace,
            plan: Plan(stages: stages, regions: Given.regions),
            guardrails: Given.ask().guardrails, approvals: terms,
            specDigest: Given.digest("c"), policyDigest: Given.digest("d"))
    }

    /// In canary, which began a thousand seconds ago.
    var state: RolloutState {
        let began = Timestamp(milliseconds: 0)
        return Given.booted.after(.start(Action.Start(ask)), number: 2, at: began)
            .after(.advance(step: 1), number: 3, at: began)
    }

    func approval(_ change: (inout Draft) -> Void = { _ in }) -> SeenApproval {
        var draft = Draft(state)
        change(&draft)
        return draft.seen
    }

    func by(_ who: String, _ change: (inout Draft) -> Void = { _ in }) -> SeenApproval {
        approval {
            $0.principal = who
            $0.nonce = who
            change(&$0)
        }
    }

    func input(
        _ approvals: [SeenApproval], state: RolloutState? = nil, orders: [Order] = [],
        request: Request? = nil, failures: Int = 0, atStep: TimeSpan = .seconds(60)
    ) -> DecisionInput {
        let state = state ?? self.state
        let base = Given.input(
            state, request: request ?? .asked(ask), orders: orders, atStep: atStep,
            failures: failures, freshest: now, now: now)
        return DecisionInput(
            now: now, state: state, request: base.request, orders: orders,
            conditions: base.conditions, atStep: atStep, timeScale: 1, evidence: base.evidence,
            traffic: base.traffic, routers: base.routers,
            consent: Consent(
                approvals: approvals.sorted { $0.payload < $1.payload }, authors: authors,
                controllers: controllers, signers: signers, runDigest: runDigest),
            windows: windows)
    }

    func next(_ approvals: [SeenApproval]) -> String { word(decide(input(approvals))) }

    func quorum(_ approvals: [SeenApproval]) -> Quorum? { decide(input(approvals)).quorum }

    /// What a person would sign, with everything that an attacker may change.
    struct Draft {
        var answer = Approval.Answer.approve
        var rollout = Given.name
        var run: RunID
        var runDigest = Given.digest("9")
        var candidate = Given.candidate.reference
        var baseline = Given.stable.reference
        var fromStage = StageKind.canary
        var toStage = StageKind.gradual
        var regions = Given.regions
        var maxShare = Share.all
        var specDigest = Given.digest("c")
        var policyDigest = Given.digest("d")
        var hotfix = false
        var notAfter = Given.now + .seconds(600)
        var nonce = "n"
        var comment = ""
        var channel = ApprovalPolicy.Channel.signed
        var principal: String? = "sam@x"
        var firstSeen = Given.now - .seconds(60)
        var problem: String?
        var payload: Digest?

        init(_ state: RolloutState) {
            run = state.run?.id ?? RunID(rollout: Given.name, firstDecision: 0)
        }

        var seen: SeenApproval {
            let approval = Approval(
                answer: answer, rollout: rollout, run: run, runDigest: runDigest,
                candidate: candidate, baseline: baseline, fromStage: fromStage, toStage: toStage,
                regions: regions, maxShare: maxShare, specDigest: specDigest,
                policyDigest: policyDigest, baseCommit: "", hotfix: hotfix, notAfter: notAfter,
                nonce: nonce, comment: comment)
            return SeenApproval(
                approval: approval, payload: payload ?? Self.digest(nonce), channel: channel,
                principal: principal, fingerprint: "SHA256:x", signature: "",
                firstSeen: firstSeen, problem: problem)
        }

        /// Any digest that differs with the nonce.
        private static func digest(_ text: String) -> Digest {
            let hex = text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            let joined = (hex.joined() + String(repeating: "0", count: 64)).prefix(64)
            return Digest(hex: String(joined)) ?? Given.digest("e")
        }
    }
}

@Suite struct ApprovalTests {
    let given = Approved()

    @Test func twoPeopleOfWhomOneIsRequiredAreEnough() {
        #expect(given.next([]) == "approval")
        #expect(given.next([given.by("sam@x")]) == "approval")
        #expect(given.next([given.by("lena@x")]) == "approval")
        // Enough of them, and none of those who must be among them.
        #expect(given.next([given.by("sam@x"), given.by("rui@x")]) == "approval")
        #expect(given.next([given.by("sam@x"), given.by("lena@x")]) == "advance 2")
    }

    @Test func anAdvanceSaysWhatItUsedUp() {
        let approvals = [
            given.by("sam@x"), given.by("lena@x") { $0.maxShare = Share(clamping: 2_500) },
        ]
        guard case .act(.advance(2, let used?), let reason) = decide(given.input(approvals)).next
        else {
            Issue.record("no advance")
            return
        }
        #expect(Set(used.payloads) == Set(approvals.map(\.payload)))
        #expect(used.maxShare == Share(clamping: 2_500))
        #expect(used.signerSequence == 3)
        #expect(reason.hasSuffix("approved by lena@x, sam@x"))
        // A second look does not use them twice, and shares beyond what was agreed to need more.
        let after = given.state.after(
            .advance(step: 2, consent: used), number: 4, at: Given.now)
        #expect(after.run?.usedConsent == used.payloads)
        #expect(after.signerSequence == 3)
        let again = decide(given.input(approvals, state: after))
        #expect(word(again) == "approval")
        #expect(
            again.quorum?.discounted.allSatisfy {
                $0.why.contains("gradual to gradual") || $0.why.contains("next step goes")
            } == true)
    }

    @Test("G3: a used approval never counts again")
    func aUsedApprovalNeverCountsAgain() {
        let approvals = [given.by("sam@x"), given.by("lena@x")]
        var state = given.state
        let used = UsedConsent(
            payloads: approvals.map(\.payload), maxShare: .all, signerSequence: 3, isHotfix: false)
        state = state.after(
            .advance(step: 2, consent: used), number: 4, at: Given.now - .seconds(9_000))
        // A breach takes it back to canary; later the hold is lifted, and canary passes again.
        state = state.after(
            .stepBack(step: 1, .breach(guardrail: Given.id("errors"), summary: "x")), number: 5,
            at: Given.now - .seconds(8_000))
        state = state.after(.resume(order: "o", by: "sam@x"), number: 6, at: Given.now)
        var later = given
        later.now = Given.now
        let decision = decide(later.input(approvals, state: state))
        #expect(word(decision) == "approval")
        #expect(decision.quorum?.discounted.count == 2)
    }

    @Test("G13: one rejection is enough")
    func oneRejectionIsEnough() {
        let yes = [given.by("sam@x"), given.by("lena@x"), given.by("rui@x")]
        let no = given.by("noor@x") {
            $0.answer = .reject
            $0.comment = "the night shift is not told"
        }
        #expect(given.next(yes + [no]) == "approval")
        let explained = Explanation(
            decide(given.input(yes + [no])), given.input(yes + [no]))
        #expect(explained.line.contains("rejected for gradual by noor@x: \"the night shift"))
        // The same person may not outvote themselves, and whoever wrote it may forbid it.
        let both = given.by("sam@x") {
            $0.answer = .reject
            $0.nonce = "second"
        }
        #expect(given.next(yes + [both]) == "approval")
        #expect(given.next(yes + [given.by("ana@x") { $0.answer = .reject }]) == "approval")
        // A stranger may not.
        #expect(given.next(yes + [given.by("eve@x") { $0.answer = .reject }]) == "advance 2")
    }

    @Test("J7: terms only get stricter while a run is on its way")
    func termsOnlyGetStricterWhileARunIsOnItsWay() {
        let yes = [given.by("sam@x"), given.by("lena@x")]
        func next(_ terms: ApprovalTerms?) -> String {
            var later = given
            if let terms { later.terms = terms }
            var ask = later.ask
            if terms == nil {
                ask = Ask(
                    candidate: ask.candidate, bootstrap: ask.bootstrap, fallback: nil,
                    stickyBy: ask.stickyBy, onNewVersion: ask.onNewVersion, plan: ask.plan,
                    guardrails: ask.guardrails, specDigest: ask.specDigest,
                    policyDigest: ask.policyDigest)
            }
            return word(decide(given.input(yes, request: .asked(ask))))
        }
        func terms(
            people: [String]? = nil, min: Int = 2, required: [ApprovalTerms.Required]? = nil,
            exclude: Bool = true, channels: [ApprovalPolicy.Channel] = [.signed],
            expires: TimeSpan = .seconds(3_600)
        ) -> ApprovalTerms {
            ApprovalTerms(
                policy: given.terms.policy, names: ["sre"], people: people ?? given.terms.people,
                minApprovals: min, required: required ?? given.terms.required,
                excludeAuthors: exclude, signedChanges: true, expiresAfter: expires,
                channels: channels)
        }
        #expect(next(given.terms) == "advance 2")
        #expect(next(terms(min: 3)) == "approval")
        #expect(next(terms(people: ["rui@x"])) == "approval")
        #expect(
            next(terms(required: [.init(name: "legal", people: ["lex@x"])])) == "approval")
        #expect(next(terms(expires: .seconds(30))) == "approval")
        #expect(next(terms(channels: [.ui])) == "approval")
        // Looser ones change nothing.
        let one = [given.by("sam@x")]
        for loose in [
            terms(min: 1, required: []), terms(exclude: false, channels: [.signed, .ui]),
        ] {
            var later = given
            later.terms = loose
            #expect(word(decide(given.input(one, request: .asked(later.ask)))) == "approval")
        }
        #expect(next(nil) == "advance 2")
        #expect(given.next(one) == "approval")
    }

    @Test("G16: a hotfix waives soak and proof for one more")
    func aHotfixWaivesSoakAndProofForOneMore() {
        func hot(_ who: String) -> SeenApproval { given.by(who) { $0.hotfix = true } }
        let two = [hot("sam@x"), hot("lena@x")]
        let three = two + [hot("rui@x")]
        func next(_ approvals: [SeenApproval], failures: Int = 0) -> String {
            word(decide(given.input(approvals, failures: failures, atStep: .zero)))
        }
        #expect(next([]) == "soaking")
        #expect(next(two) == "soaking")
        #expect(next(two + [given.by("rui@x")]) == "soaking")
        #expect(next(three) == "advance 2")
        // Evidence of harm, a hold and a stop are not waived.
        #expect(next(three, failures: 5_000) == "rollback")
        let hold = Order(name: "h", action: .hold(expires: nil), by: "sam@x", reason: "r")
        #expect(
            word(decide(given.input(three, orders: [hold], atStep: .zero))) == "hold order")
    }

    @Test func onePersonsOrderDoesNotOpenAGate() {
        let state = given.state
        let run = state.run?.id ?? RunID(rollout: Given.name, firstDecision: 0)
        let promote = Order(
            name: "p", action: .promote(run: run, step: 1), by: "ana@x", reason: "now")
        #expect(word(decide(given.input([], orders: [promote]))) == "approval")
        #expect(
            word(decide(given.input([], orders: [promote], atStep: .zero))) == "soaking")
    }

    @Test func theQuorumIsPartOfTheDecision() {
        let quorum = given.quorum([given.by("sam@x"), given.by("ana@x"), given.by("eve@x")])
        #expect(quorum?.given == ["sam@x"])
        #expect(quorum?.missing == ["ml-lead"])
        #expect(quorum?.excluded == ["ana@x"])
        #expect(
            quorum?.discounted.map(\.why).sorted() == [
                "ana@x wrote the change", "eve@x is not one of sre",
            ])
        let line = Explanation(
            decide(given.input([given.by("sam@x"), given.by("ana@x")])),
            given.input([given.by("sam@x"), given.by("ana@x")])
        ).line
        #expect(
            line.hasPrefix(
                "selector waits for approval of gradual: 1 of 2 (sre) given by sam@x; one must be of "
                    + "ml-lead; ana@x may not (wrote the change); that of ana@x does not count: "
                    + "ana@x wrote the change; the first expires at "))
    }

    // G1: whoever had a part in the change, in whatever part, is not among those who agree to it.
    @Test("G1, G14: no role of an author counts")
    func noRoleOfAnAuthorCounts() {
        let parts: [(String, ChangeAuthor)] = [
            (
                "key",
                ChangeAuthor(commit: "1", principal: "sam@x", claimed: ["bot@x"], problem: nil)
            ),
            (
                "claim",
                ChangeAuthor(commit: "1", principal: "bot@x", claimed: ["sam@x"], problem: nil)
            ),
        ]
        for (part, author) in parts {
            for other in ["ana@x", "bot@x"] {
                var changed = given
                changed.authors = [
                    author,
                    ChangeAuthor(commit: "2", principal: other, claimed: [other], problem: nil),
                ]
                #expect(
                    changed.next([changed.by("sam@x"), changed.by("lena@x")]) == "approval",
                    "\(part) beside \(other)")
            }
        }
        var controller = given
        controller.controllers = ["sam@x"]
        #expect(controller.next([controller.by("sam@x"), controller.by("lena@x")]) == "approval")
        var unknown = given
        unknown.authors.append(
            ChangeAuthor(commit: "3", principal: nil, claimed: ["ana@x"], problem: "not signed"))
        #expect(unknown.next([unknown.by("sam@x"), unknown.by("lena@x")]) == "approval")
        unknown.authors = []
        #expect(unknown.next([unknown.by("sam@x"), unknown.by("lena@x")]) == "approval")
    }
}
