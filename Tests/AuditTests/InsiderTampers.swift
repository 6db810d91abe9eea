import Audit
import Foundation
import Ledger
import RolloutFiles

@testable import Git
@testable import Identity
@testable import RolloutCore

// What somebody does who has the controller's own key: every signature is good, every digest fits.
extension TamperTests {
    static let insiders: [Tamper] = [
        Tamper("back-dated before the decision before", .backDated) {
            try await $0.forge { $0["at"] = "2025-01-01T00:00:00.000Z" }
        },
        Tamper("recorded at another time than decided", .backDated) {
            try await $0.forge(at: $0.now - .seconds(86_400))
        },
        Tamper("a number is left out", .gap) {
            try await $0.forge(number: 42) { $0["number"] = 42 }
        },
        Tamper("a number comes twice", .alteredRecord) {
            try await $0.forge(number: 3) { $0["number"] = 3 }
        },
        Tamper("it follows another decision", .brokenChain) {
            try await $0.forge { $0["previous"] = .string(String(repeating: "ab", count: 32)) }
        },
        Tamper("it was made on another state", .brokenChain) {
            try await $0.forge {
                $0.edit("input", "state", "generation") { _ in 77 }
            }
        },
        Tamper("evidence is swapped", .replayDiffers) {
            try await $0.forge { record in
                record.edit("input", "evidence") { _ in .array([]) }
            }
        },
        Tamper("evidence is better than it was", .replayDiffers) {
            try $0.fail("alpha")
            try await $0.forge { record in
                record["kind"] = "advance"
                record["action"] = ["advance": ["step": 1]]
            }
        },
        Tamper("verdicts are polished", .replayDiffers) {
            try await $0.forge { $0["verdicts"] = .array([]) }
        },
        Tamper("the reason is another", .replayDiffers) {
            try await $0.forge { $0["reason"] = "a person said so" }
        },
        Tamper("a stage is skipped", .replayDiffers) {
            try await $0.forge { $0["action"] = ["advance": ["step": 3]] }
        },
        Tamper("it completes without having been full", .replayDiffers) {
            try await $0.forge {
                $0["action"] = ["complete": [:]]
                $0["kind"] = "complete"
            }
        },
        Tamper("the policy was loosened after the fact", .requestDiffers) {
            try await $0.forge {
                $0.edit("input", "request", "asked", "_0", "guardrails") { _ in .array([]) }
            }
        },
        Tamper("a policy file is changed and the record is not", .requestDiffers) {
            let draft = try await $0.honest()
            try await $0.commit(
                [
                    "policies/guardrails/quality.yaml": History.document(
                        "Guardrails",
                        "{falseRollbackRate: 1%, guardrails: [{name: errors, metric: errors, "
                            + "atMost: 50%, onBreach: rollback}]}")
                ], by: "ana@x")
            let tip = try await $0.tip().hex
            try await $0.forge(draft) { $0["inputsCommit"] = .string(tip) }
        },
        Tamper("windows are left out", .windowsDiffer) {
            try await $0.forge { $0.edit("input", "windows") { _ in .array([]) } }
        },
        Tamper("servers that nobody declared", .capacityDiffers) {
            try await $0.forge { $0.edit("input", "capacity") { _ in ["eu": 24_000] } }
        },
        Tamper("stable's servers that nobody declared", .capacityDiffers) {
            try await $0.forge {
                $0.edit("input", "stableCapacity") { _ in ["eu": 24_000] }
            }
        },
        Tamper("a start beside a rollout of its conflict group", .conflictIgnored) {
            for (rollout, version) in [("alpha", "3.0.0"), ("beta", "1.0.0")] {
                let spec = History.spec(rollout, version, more: "  conflictGroup: edge-gpus\n")
                try await $0.commit(["rollouts/\(rollout)/rollout.yaml": spec], by: "ana@x")
            }
            try await $0.run("beta", atMost: 1)
            guard let draft = try await $0.draft("alpha") else { throw Trouble("no start") }
            try await $0.forge(draft) { _ in }
        },
        Tamper("the line was stopped", .stopIgnored) {
            let draft = try await $0.honest()
            try await $0.commit(
                ["policies/stop.yaml": History.document("Stop", "{owner: sre, reason: fire}")],
                by: "sam@x")
            let tip = try await $0.tip().hex
            try await $0.forge(draft) { $0["inputsCommit"] = .string(tip) }
        },
        Tamper("an order that nobody gave", .orderUnknown) {
            try await $0.forge {
                $0.edit("input", "orders") { _ in
                    [
                        [
                            "name": "o", "by": "ana@x", "reason": "r",
                            "action": ["resume": ["decision": 3]],
                        ]
                    ]
                }
            }
        },
        Tamper("it read a commit that is not there", .inputsUnknown) {
            try await $0.forge { $0["inputsCommit"] = .string(String(repeating: "a", count: 40)) }
        },
        Tamper("shares are told that were not set", .changeDiffers) {
            try await $0.forge { $0.edit("change", "regions", "eu", "after") { _ in 1 } }
        },
        Tamper("it leads elsewhere than it says", .foldDiffers) {
            $0.keepAfter = true
            try await $0.forge { $0["after"] = .string(String(repeating: "0", count: 64)) }
        },
        Tamper("current.json is another", .currentDiffers) {
            $0.spoilCurrent = true
            try await $0.forge()
        },
        Tamper("the routers were told before it was acknowledged", .confirmationDiffers) {
            try await $0.forge {
                $0["confirms"] = [
                    "decision": 2, "acknowledgedAt": "2020-01-01T00:00:00.000Z",
                ]
            }
        },
        Tamper("a record in another form", .unreadableRecord) {
            $0.compact = true
            try await $0.forge()
        },
        Tamper("a record of nothing", .unreadableRecord) {
            try await $0.forge { $0["input"] = nil }
        },
        Tamper("the file says another kind", .alteredRecord) {
            try await $0.forge { $0["kind"] = "complete" }
        },

        // Consent.
        Tamper("nobody was asked", .quorumMissing) {
            try await $0.forge(.gated) { $0["action"] = ["advance": ["step": 2]] }
        },
        Tamper("one person for two", .quorumMissing) {
            try await $0.forge(.approved) { record in
                record.edit("action", "advance", "consent", "payloads") { payloads in
                    guard case .array(let all) = payloads else { return payloads }
                    return .array(Array(all.prefix(1)))
                }
            }
        },
        Tamper("an approver is invented", .approvalForged) {
            try await $0.forge(.approved) { record in
                record.editApprovals { $0["signature"] = "-----BEGIN SSH SIGNATURE-----\n" }
            }
        },
        Tamper("an approval says something else", .approvalForged) {
            try await $0.forge(.approved) { record in
                record.editApprovals { approval in
                    approval.edit("approval", "comment") { _ in "yes, gladly" }
                }
            }
        },
        Tamper("an approval is somebody else's", .approvalForged) {
            try await $0.forge(.approved) { record in
                record.editApprovals { $0["principal"] = "rui@x" }
            }
        },
        Tamper("an approval was never in the repository", .approvalUnknown) {
            let file = try await $0.onWay().approval("alpha", by: "rui@x")
            let payload = RecordFile.digest(try ApprovalFile.message(file.approval)).hex
            let approval = try CanonicalJSON.encode(file.approval)
            try await $0.forge(.approved) { record in
                record.editApprovals {
                    $0["approval"] = approval
                    $0["payload"] = .string(payload)
                    $0["signature"] = .string(file.signature)
                }
            }
        },
        Tamper("an approval was seen after the decision", .approvalLate) {
            try await $0.forge(.approved) { record in
                record.editApprovals { $0["firstSeen"] = "2030-01-01T00:00:00.000Z" }
            }
        },
        Tamper("whoever wrote it is left out", .authorsDiffer) {
            try await $0.forge(.approved) { record in
                record.edit("input", "consent", "authors") { _ in
                    [["commit": "c0ffee", "principal": "bot@x", "claimed": ["bot@x"]]]
                }
            }
        },
        Tamper("whoever wrote it approves", .quorumMissing) {
            try await $0.forge(.approved) { record in
                record.editApprovals { $0["principal"] = "ana@x" }
            }
        },
        Tamper("the signers were others", .signersDiffer) {
            try await $0.forge(.approved) { record in
                record.edit("input", "consent", "signers", "known", "sequence") { _ in 9 }
            }
        },
        Tamper("controllers may approve", .signersDiffer) {
            try await $0.forge(.approved) { record in
                record.edit("input", "consent", "controllers") { _ in .array([]) }
            }
        },
        Tamper("an approval is used again", .approvalReused) {
            try await $0.forge(.approved)
            try await $0.forge(.approvedAgain)
        },
    ]
}
