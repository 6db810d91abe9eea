import Foundation
import RolloutCore
import Testing

@Suite struct LookingTests {
    @Test func statusSaysWhatIsOnItsWay() async throws {
        let served = try await Served()
        let result = try served.gatewright("status")
        #expect(result.status == 0)
        #expect(
            result.output == """
                churn   1.0.0 → 2.0.0   shadow
                  local: 0%, mirrored 100%

                """)
        let json = try served.gatewright("status", "churn", "--output", "json").json()
        let rollouts = try #require(json["rollouts"] as? [[String: Any]])
        #expect(rollouts.count == 1 && rollouts.first?["decisions"] as? Int == 2)
    }

    @Test func statusEndsWith2WhenAPersonMustAct() async throws {
        let served = try await Served(then: .advance(step: 1), Served.held)
        let result = try served.gatewright("status")
        #expect(result.status == 2)
        #expect(result.output.contains("is held at canary 5% since decision 4 (errors 12 % > 1 %"))
        #expect(try served.gatewright("status", "nobody").status == 64)
    }

    @Test func whyIsOneLine() async throws {
        let served = try await Served()
        let onItsWay = try served.gatewright("why", "churn")
        #expect(
            onItsWay.output
                == "churn: a candidate is on its way; ask its controller with --controller to see "
                + "the evidence.\n")
        let refused = try await Served(then: Served.aborted)
        let why = try refused.gatewright("why", "churn")
        #expect(why.status == 0)
        #expect(
            why.output
                == "churn is refused: 2.0.0 was taken back (ana: wrong features, decision 3). Fix "
                + "it in a new version, or release the digest: gatewright release churn 2.0.0.\n")
        let json = try refused.gatewright("why", "churn", "--output", "json").json()
        #expect((json["why"] as? String).map { $0 + "\n" } == why.output)
        #expect(try refused.gatewright("why", "nobody").status == 64)
    }

    @Test func historyIsNewestFirst() async throws {
        let served = try await Served(then: .advance(step: 1))
        let at = "2026-09-21T14:13:20.000Z"
        #expect(
            try served.gatewright("history", "churn").output == """
                #3  \(at)  advance churn 2.0.0 to canary 5%: because
                #2  \(at)  start churn 2.0.0 in shadow 100%: because
                #1  \(at)  bootstrap churn at 1.0.0: because

                """)
        let newest = try served.gatewright("history", "churn", "--limit", "1", "--output", "json")
            .object(as: [[String: Any]].self)
        #expect(newest.count == 1 && newest.first?["number"] as? Int == 3)
        #expect(try served.gatewright("history", "nobody").status == 64)
    }

    @Test func aCloneThatIsBehindReadsWhatItFetched() async throws {
        let served = try await Served(then: .advance(step: 1))
        try served.bench.git("reset", "--quiet", "--hard", "HEAD~1", in: "clone")
        #expect(try served.gatewright("history", "churn").output.hasPrefix("#3"))
        #expect(try served.gatewright("status", "--branch", "nowhere").status == 64)
    }

    @Test func reindexReadsEveryDecision() async throws {
        let served = try await Served(then: .advance(step: 1))
        let result = try served.gatewright("reindex", "--data-directory", "data")
        #expect(result.status == 0 && result.output == "3 decisions indexed\n")
    }
}
