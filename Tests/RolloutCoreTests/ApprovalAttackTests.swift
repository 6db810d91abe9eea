import Testing

@testable import RolloutCore

/// One approval of two, changed in one place; the other one is sound.
struct Attack: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// What a person reads.
    let why: String
    let change: @Sendable (inout Approved.Draft) -> Void

    init(
        _ name: String, _ why: String, _ change: @escaping @Sendable (inout Approved.Draft) -> Void
    ) {
        testDescription = name
        self.why = why
        self.change = change
    }
}

@Suite struct ApprovalAttackTests {
    static let attacks: [Attack] = [
        Attack("of another rollout", "given for other") { $0.rollout = Given.id("other") },
        Attack("of the next run", "for run selector-9") {
            $0.run = RunID(rollout: Given.name, firstDecision: 9)
        },
        Attack("of the run before", "for run selector-1") {
            $0.run = RunID(rollout: Given.name, firstDecision: 1)
        },
        Attack("of a run of that number elsewhere", "another repository") {
            $0.runDigest = Given.digest("8")
        },
        Attack("of another candidate", "the candidate is 2.0.0") {
            $0.candidate = Given.served("2.1.0", "f").reference
        },
        Attack("same version, other bytes", "the candidate is 2.0.0") {
            $0.candidate = Given.served("2.0.0", "f").reference
        },
        Attack("same bytes, other version", "the candidate is 2.0.0") {
            $0.candidate = Given.served("2.0.1", "b").reference
        },
        Attack("beside another stable", "not stable any more") {
            $0.baseline = Given.served("0.9.0", "e").reference
        },
        Attack("for another plan", "another plan") { $0.specDigest = Given.digest("e") },
        Attack("under other policies", "other policies") { $0.policyDigest = Given.digest("e") },
        Attack("for an earlier stage", "given for shadow to canary") {
            $0.fromStage = .shadow
            $0.toStage = .canary
        },
        Attack("for a later stage", "given for gradual to full") {
            $0.fromStage = .gradual
            $0.toStage = .full
        },
        Attack("for a stage that is skipped to", "given for canary to full") { $0.toStage = .full },
        Attack("from a stage that is over", "given for shadow to gradual") {
            $0.fromStage = .shadow
        },
        Attack("for fewer regions", "other regions") { $0.regions = [Given.regions[0]] },
        Attack("for no region", "other regions") { $0.regions = [] },
        Attack("for more regions", "other regions") { $0.regions.append(Given.id("ap")) },
        Attack("for another region", "other regions") {
            $0.regions = [Given.regions[0], Given.id("ap")]
        },
        Attack("for a smaller share", "covers shares up to 24.99%") {
            $0.maxShare = Share(clamping: 2_499)
        },
        Attack("for no share", "covers shares up to 0%") { $0.maxShare = .zero },
        Attack("expired", "expired at") { $0.notAfter = Given.now - .seconds(1) },
        Attack("expiring at this moment", "expired at") { $0.notAfter = Given.now },
        Attack("seen longer ago than the policy allows", "expired at") {
            $0.notAfter = Given.now + .seconds(86_400)
            $0.firstSeen = Given.now - .seconds(900)
        },
        Attack("seen in the future", "in the future") { $0.firstSeen = Given.now + .seconds(1) },
        Attack("before its evidence", "before canary began") {
            $0.firstSeen = Timestamp(milliseconds: -1)
        },
        Attack("by the author", "wrote the change") { $0.principal = "ana@x" },
        Attack("by the controller", "a controller cannot approve") {
            $0.principal = "controller@x"
        },
        Attack("by somebody of no group", "eve@x is not one of sre") { $0.principal = "eve@x" },
        Attack("by a name in other letters", "is not one of sre") { $0.principal = "SAM@x" },
        Attack("by a name with a space", "is not one of sre") { $0.principal = "sam@x " },
        Attack("by a group's name", "sre is not one of sre") { $0.principal = "sre" },
        Attack("by nobody", "nobody's key signed it") { $0.principal = nil },
        Attack("with a key that is not known", "not in policies/signers") {
            $0.principal = nil
            $0.problem = "the key SHA256:x is not in policies/signers"
        },
        Attack("with a revoked key", "was revoked") { $0.problem = "the key of sam@x was revoked" },
        Attack("with an expired key", "valid until") {
            $0.problem = "the key of sam@x was valid until 2026"
        },
        Attack("by the page", "it came by ui, and signed is asked for") { $0.channel = .ui },
    ]

    @Test(
        "G3, G12: an approval that is wrong in one place is refused with a reason",
        arguments: attacks)
    func isRefusedWithAReason(_ attack: Attack) {
        let given = Approved()
        let good = [given.by("sam@x"), given.by("lena@x")]
        #expect(given.next(good) == "advance 2")
        let bad = given.by("sam@x", attack.change)
        let quorum = given.quorum([bad, given.by("lena@x")])
        #expect(given.next([bad, given.by("lena@x")]) == "approval")
        #expect(quorum?.discounted.count == 1)
        let why = quorum?.discounted.first?.why ?? ""
        #expect(why.contains(attack.why), "\(why)")
        // Nor does it count as the approval of the one who must be among them.
        let alone = given.by("lena@x", attack.change)
        #expect(given.next([given.by("sam@x"), given.by("rui@x"), alone]) == "approval")
        // Nor as an extra one that waives soak and proof.
        let hot = given.by("rui@x") {
            attack.change(&$0)
            $0.hotfix = true
        }
        let two = ["sam@x", "lena@x"].map { given.by($0) { $0.hotfix = true } }
        #expect(word(decide(given.input(two + [hot], atStep: .zero))) == "soaking")
        // And a rejection that is not bound to this run forbids nothing.
        if attack.testDescription.hasPrefix("of ") {
            let no = given.by("noor@x") {
                attack.change(&$0)
                $0.answer = .reject
            }
            #expect(given.next(good + [no]) == "advance 2")
        }
    }

    /// What is wrong around the approvals, with both of them sound.
    @Test("G7: nothing counts when the files cannot be relied on")
    func nothingCountsWhenTheFilesCannotBeReliedOn() {
        let given = Approved()
        let good = [given.by("sam@x"), given.by("lena@x")]
        var broken = given
        broken.signers = .unusable(reason: "policies/signers: line 3: …")
        #expect(broken.next(good) == "approval")
        #expect(broken.quorum(good)?.obstacle == "policies/signers: line 3: …")
        var headless = given
        headless.runDigest = nil
        #expect(headless.next(good) == "approval")
        // An older copy of the revoked keys was put back.
        let used = UsedConsent(
            payloads: [], maxShare: .zero, signerSequence: 4, isHotfix: false)
        let later = given.state.after(
            .advance(step: 1, consent: used), number: 4, at: Timestamp(milliseconds: 0))
        let decision = decide(given.input(good, state: later))
        #expect(word(decision) == "approval")
        #expect(decision.quorum?.obstacle?.contains("an older copy was put back") == true)
        var silent = given
        silent.terms = ApprovalTerms(
            policy: given.terms.policy, names: [], people: [], minApprovals: 1, required: [],
            excludeAuthors: true, signedChanges: true, expiresAfter: .seconds(60), channels: [])
        #expect(
            word(decide(given.input(good, request: .asked(silent.ask)))) == "approval")
    }

    /// One person, however many keys and files, is one person.
    @Test("G9: one human is one approval")
    func oneHumanIsOneApproval() {
        var given = Approved()
        given.terms = ApprovalTerms(
            policy: given.terms.policy, names: ["sre"], people: given.terms.people, minApprovals: 2,
            required: [], excludeAuthors: true, signedChanges: true, expiresAfter: .seconds(3_600),
            channels: [.signed, .ui])
        for count in 1...12 {
            let same = (0..<count).map { index in
                given.approval {
                    $0.nonce = "\(index)"
                    $0.channel = index % 2 == 0 ? .signed : .ui
                }
            }
            #expect(given.next(same) == "approval", "\(count)")
            #expect(given.quorum(same)?.given == ["sam@x"])
        }
    }

    /// Any two faults together are still a fault.
    @Test func faultsDoNotCancelOut() {
        let given = Approved()
        for (index, first) in Self.attacks.enumerated() {
            for second in Self.attacks[index...] {
                let bad = given.by("sam@x") {
                    first.change(&$0)
                    second.change(&$0)
                }
                #expect(
                    given.next([bad, given.by("lena@x")]) == "approval",
                    "\(first.testDescription), \(second.testDescription)")
            }
        }
    }
}
