import Foundation
import RolloutCore
import Testing

/// Orders are files in commits, and a controller must be able to read them.
@Suite struct OrderTests {
    private let run = RunID(rollout: Served.name, firstDecision: 2)

    @Test func aHoldIsAFileAndResumeRemovesIt() async throws {
        let served = try await Served()
        let hold = try served.gatewright(
            "hold", "churn", "--reason", "payment incident", "--for", "4h")
        #expect(hold.status == 0, "\(hold.errors)")
        #expect(hold.output.hasPrefix("churn: rollouts/churn/orders/hold-2-"))
        let order = try #require(try await served.orders().first)
        guard case .hold(let expires?) = order.action else {
            Issue.record("\(order.action)")
            return
        }
        let left = expires.milliseconds / 1_000 - Int64(Date().timeIntervalSince1970)
        #expect((14_000...14_400).contains(left))
        #expect(order.by == "ana@example.org" && order.reason == "payment incident")
        #expect(
            try served.bench.git("log", "-1", "--format=%an: %s", "main", in: "origin.git")
                == "Ana: hold churn: payment incident")

        let resume = try served.gatewright("resume", "churn", "--reason", "over")
        #expect(resume.status == 0 && resume.output == "churn: 1 hold lifted\n")
        #expect(try await served.orders().isEmpty)
        #expect(try served.gatewright("resume", "churn", "--reason", "again").status == 64)
    }

    @Test func abortAndRollbackNameTheRun() async throws {
        let served = try await Served()
        #expect(try served.gatewright("abort", "churn", "--reason", "wrong").status == 0)
        #expect(try served.gatewright("rollback", "churn", "--reason", "complaints").status == 0)
        #expect(
            try await served.orders().map(\.action) == [.abort(run: run), .abort(run: run)])
        #expect(try served.bench.git("status", "--porcelain", in: "clone").isEmpty)
    }

    @Test func promoteNamesTheStep() async throws {
        let served = try await Served(then: .advance(step: 1))
        #expect(try served.gatewright("promote", "churn", "--reason", "seen").status == 0)
        #expect(try await served.orders().map(\.action) == [.promote(run: run, step: 1)])
    }

    @Test func resumeNamesTheHold() async throws {
        let served = try await Served(then: .advance(step: 1), Served.held)
        #expect(try served.gatewright("resume", "churn", "--reason", "fixed").status == 0)
        #expect(try await served.orders().map(\.action) == [.resume(decision: 4)])
    }

    @Test func releaseNamesTheRefusal() async throws {
        let served = try await Served(then: Served.aborted)
        let digest = try #require(Digest(hex: String(repeating: "2", count: 64)))
        let version = VersionReference(version: Served.id("2.0.0"), digest: digest)
        #expect(
            try served.gatewright("release", "churn", "2.0.0", "--reason", "labels").status == 0)
        #expect(
            try await served.orders().map(\.action) == [.release(version: version, decision: 3)])
        let unknown = try served.gatewright("release", "churn", "9.9.9", "--reason", "x")
        #expect(unknown.status == 64 && unknown.errors.contains("9.9.9 of churn is not refused"))
        // Nothing is on its way any more.
        #expect(try served.gatewright("abort", "churn", "--reason", "x").status == 64)
        #expect(try served.gatewright("promote", "churn", "--reason", "x").status == 64)
        let rollback = try served.gatewright("rollback", "churn", "--reason", "x")
        #expect(rollback.status == 64 && rollback.errors.contains("no earlier version"))
    }

    @Test func reasonsArriveToTheLetter() async throws {
        let served = try await Served()
        let reasons = [
            "quotes \" and ' and \\", "colon: #not a comment", "[x", "{{ x }}", "émoji 🚦 – dash",
            "on", "null", "12:30", "*alias &anchor !tag",
        ]
        for reason in reasons {
            let result = try served.gatewright("hold", "churn", "--no-push", "--reason", reason)
            #expect(result.status == 0, "\(result.errors)")
        }
        try served.bench.git("push", "--quiet", "origin", "HEAD:main", in: "clone")
        #expect(Set(try await served.orders().map(\.reason)) == Set(reasons))
    }

    @Test func withoutAPushTheOrderStaysHere() async throws {
        let served = try await Served()
        #expect(
            try served.gatewright("hold", "churn", "--reason", "x", "--no-push").status == 0)
        #expect(try await served.orders().isEmpty)
        #expect(
            try served.bench.git("rev-list", "--count", "origin/main..main", in: "clone") == "1")
    }

    @Test func whoGivesAnOrderIsKnown() async throws {
        let served = try await Served()
        try served.bench.git("config", "--unset", "user.email", in: "clone")
        let nameless = try served.gatewright("hold", "churn", "--reason", "x")
        #expect(nameless.status == 64 && nameless.errors.contains("say --by NAME@HOST"))
        #expect(
            try served.gatewright("hold", "nobody", "--reason", "x", "--by", "a@b.org").errors
                .contains("there is no rollout nobody"))
        #expect(
            try served.gatewright("hold", "churn", "--reason", "x", "--for", "soon").status == 64)
    }
}
