import Foundation
import RolloutCore
import Testing

@testable import gatewright

@Suite struct RehearseTests {
    private static let data = "clone/.gatewright"
    private static let policy = "clone/policies/guardrails/serving-health.yaml"

    /// A decided record with its observations, and guardrails on errors in the working tree.
    private static func recorded(
        errors: String = "1%", goodFails: Int = 500, without: Digest? = nil,
        sweptBefore: Timestamp? = nil
    ) async throws -> Served {
        let served = try await Recording.served()
        try Recording.write(
            Recording.parts(goodFails: goodFails), to: served.bench.path(data), without: without,
            sweptBefore: sweptBefore)
        try guardrails(
            "{name: errors, metric: errors, atMost: \(errors), onBreach: rollback}", in: served)
        return served
    }

    private static func guardrails(_ rows: String..., in served: Served) throws {
        let rows = rows.map { "    - \($0)\n" }.joined()
        try served.bench.write(
            """
            apiVersion: gatewright.dev/v1
            kind: Guardrails
            metadata: {name: serving-health}
            spec:
              falseRollbackRate: 2%
              guardrails:
            \(rows)
            """, to: policy)
    }

    private func candidates(_ result: Bench.Result) throws -> [[String: Any]] {
        let test = try #require(try result.json()["backTest"] as? [String: Any])
        return try #require(test["candidates"] as? [[String: Any]])
    }

    // MARK: Past releases

    @Test func aGoodReleasePassesAndABadOneIsCaughtEarlier() async throws {
        let served = try await Self.recorded()
        let result = try served.gatewright("rehearse", "churn", "--runs", "0")
        #expect(result.status == 0 && result.errors.isEmpty)
        #expect(
            result.output.contains(
                "These guardrails would have rolled back 0 of the last 1 good releases."))
        #expect(result.output.contains("They would have caught 1 of the last 1 bad ones; 3.0.0"))
        let json = try served.gatewright("rehearse", "churn", "--runs", "0", "--output", "json")
        let rows = try candidates(json)
        #expect(rows.map { $0["version"] as? String } == ["2.0.0", "3.0.0"])
        #expect(rows.map { $0["recorded"] as? String } == ["completed", "rolled-back"])
        #expect(rows.map { $0["would"] as? String } == ["passed", "rolled-back"])
        #expect(rows[0]["requests"] as? Int == 6_000)
        let bad = rows[1]
        #expect(bad["guardrail"] as? String == "errors" && bad["stage"] as? String == "canary")
        #expect(bad["recordedRequests"] as? Int == 2_000)
        // It fails from the 501st request on, so not before; and long before the record did.
        let requests = try #require(bad["requests"] as? Int)
        #expect((501..<1_200).contains(requests), "\(requests)")
        #expect(bad["observations"] as? Int == requests)
    }

    // The limit is that of the file as it is now, which nobody has committed.
    @Test func aTightenedGuardrailWouldHaveRolledBackTheGoodRelease() async throws {
        let served = try await Self.recorded(errors: "1%", goodFails: 100)
        let before = try candidates(
            try served.gatewright("rehearse", "churn", "--runs", "0", "--output", "json"))
        #expect(before[0]["would"] as? String != "rolled-back")
        try Self.guardrails(
            "{name: errors, metric: errors, atMost: 0.1%, onBreach: rollback}", in: served)
        let result = try served.gatewright("rehearse", "churn", "--runs", "0")
        #expect(
            result.output.contains(
                "would have rolled back 1 of the last 1 good releases (2.0.0)."),
            "\(result.output)")
    }

    @Test func aHoldIsNoRollback() async throws {
        let served = try await Self.recorded()
        try Self.guardrails(
            "{name: errors, metric: errors, atMost: 1%, onBreach: hold}", in: served)
        let rows = try candidates(
            try served.gatewright("rehearse", "churn", "--runs", "0", "--output", "json"))
        #expect(rows[1]["would"] as? String == "held")
        try Self.guardrails(
            "{name: errors, metric: errors, atMost: 1%, onBreach: alert}", in: served)
        let told = try candidates(
            try served.gatewright("rehearse", "churn", "--runs", "0", "--output", "json"))
        #expect(told[1]["would"] as? String == "passed")
    }

    // Not broken, and not seen often enough to be raised when it was.
    @Test func aReleaseThatWouldHaveWaitedIsSaid() async throws {
        let served = try await Self.recorded()
        try Self.guardrails(
            "{name: errors, metric: errors, atMost: 1%, minSamples: 5000, onBreach: rollback}",
            in: served)
        let result = try served.gatewright("rehearse", "churn", "--runs", "0")
        let text = result.output.replacing("\n", with: " ")
        #expect(text.contains("kept 1 waiting (2.0.0)"), "\(text)")
        #expect(text.contains("waits in shadow"))
    }

    @Test func aSweptReleaseIsNamedAndNotCounted() async throws {
        let served = try await Self.recorded(without: Recording.good.reference.digest)
        let result = try served.gatewright("rehearse", "churn", "--runs", "0")
        #expect(result.output.contains("No observations left of 2.0.0: it is not counted."))
        #expect(!result.output.contains("good releases"))
        let rows = try candidates(
            try served.gatewright("rehearse", "churn", "--runs", "0", "--output", "json"))
        #expect(rows[0]["would"] as? String == "unknown")
    }

    @Test func aPartOfTheObservationsIsNotEnough() async throws {
        let sweep = Timestamp(milliseconds: Recording.start + 30_000)
        let served = try await Self.recorded(sweptBefore: sweep)
        let result = try served.gatewright("rehearse", "churn", "--runs", "0")
        #expect(
            result.output.contains("Only a part of the observations of 2.0.0 is left"),
            "\(result.output)")
        #expect(!result.output.contains("good releases"))
    }

    // An edited plan begins the same versions again, and their evidence goes on.
    @Test func runsOfTheSameVersionsAreOneRelease() async throws {
        let served = try await Served(
            then: .advance(step: 1), .rollBack(.superseded(summary: "the plan was edited")),
            Recording.start(Recording.good), .advance(step: 1), .complete)
        try Recording.write(
            [
                .init(generation: 2, requests: 300, candidate: Recording.good, arm: .mirror),
                .init(generation: 3, requests: 500, candidate: Recording.good),
                .init(generation: 4, requests: 200),
                .init(generation: 5, requests: 300, candidate: Recording.good, arm: .mirror),
                .init(generation: 6, requests: 900, candidate: Recording.good),
                .init(generation: 7, requests: 100, stable: Recording.good),
            ], to: served.bench.path(Self.data))
        let rows = try candidates(
            try served.gatewright("rehearse", "churn", "--runs", "0", "--output", "json"))
        #expect(rows.count == 1)
        #expect(rows[0]["recorded"] as? String == "completed")
        #expect(rows[0]["requests"] as? Int == 2_000)
    }

    // It completed, and was found to be bad when it was stable.
    @Test func aVersionThatWasTakenBackLaterIsNoGoodOne() async throws {
        let cause = Cause.ordered(order: "r", by: "ana", summary: "ana: wrong totals")
        let served = try await Served(
            then: .advance(step: 1), .complete, .revert(to: Recording.first, cause))
        try Recording.write(
            [
                .init(generation: 2, requests: 300, candidate: Recording.good, arm: .mirror),
                .init(generation: 3, requests: 900, candidate: Recording.good),
                .init(generation: 4, requests: 100, stable: Recording.good),
                .init(generation: 5, requests: 100),
            ], to: served.bench.path(Self.data))
        let result = try served.gatewright("rehearse", "churn", "--runs", "0")
        let text = result.output.replacing("\n", with: " ")
        #expect(
            text.contains(
                "caught 0 of the last 1 bad ones; 2.0.0 not within its 1,200 requests."), "\(text)")
        #expect(!text.contains("good releases"))
        #expect(text.contains("taken back when stable"))
    }

    @Test func nothingRecordedIsSaid() async throws {
        let served = try await Served()
        let result = try served.gatewright("rehearse", "churn", "--runs", "0")
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("No recorded release can be judged again."))
    }

    // MARK: Made-up candidates

    /// A short plan, so that a run is some thousand requests.
    private static func short(_ rows: String..., declared: String = "2%") async throws -> Served {
        let served = try await Served()
        let spec = try served.bench.read("clone/rollouts/churn/rollout.yaml")
        let stages = try #require(spec.range(of: "  stages:\n"))
        try served.bench.write(
            spec[..<stages.upperBound] + """
                    - {stage: shadow, share: 100%, soak: 20s}
                    - {stage: canary, share: 50%, soak: 1m}
                    - {stage: full, bake: 20s}

                """, to: "clone/rollouts/churn/rollout.yaml")
        let all = rows.map { "    - \($0)\n" }.joined()
        try served.bench.write(
            """
            apiVersion: gatewright.dev/v1
            kind: Guardrails
            metadata: {name: serving-health}
            spec:
              falseRollbackRate: \(declared)
              guardrails:
            \(all)
            """, to: policy)
        return served
    }

    private static let errors = "{name: errors, metric: errors, atMost: 1%, onBreach: rollback}"
    private static let rise =
        "{name: rise, metric: errors, comparedTo: stable, riseAtMost: 2pp, onBreach: rollback}"
    private static let latency =
        "{name: latency, metric: latency, quantile: 99%, atMost: 15ms, onBreach: alert}"
    private static let throughput =
        "{name: throughput, metric: throughput, comparedTo: stable, dropAtMost: 5%, onBreach: rollback}"

    private func simulation(_ result: Bench.Result) throws -> [String: Any] {
        try #require(try result.json()["simulation"] as? [String: Any], "\(result.errors)")
    }

    private func rate(_ place: [String: Any], _ key: String) throws -> (Double, error: Double) {
        let rate = try #require(place[key] as? [String: Double])
        return (try #require(rate["value"]), try #require(rate["standardError"]))
    }

    @Test func theSameSeedGivesTheSameBytes() async throws {
        let served = try await Self.short(Self.errors, Self.rise, Self.throughput)
        func run(_ seed: String) throws -> Bench.Result {
            try served.gatewright(
                "rehearse", "churn", "--rate", "100", "--baseline", "errors=0.2%", "--baseline",
                "throughput=30%", "--runs", "12", "--seed", seed, "--output", "json")
        }
        let first = try run("7")
        #expect(first.status == 0, "\(first.errors)")
        #expect(try run("7").output == first.output)
        #expect(try run("8").output != first.output)
    }

    @Test func aLargeRegressionIsAlwaysCaughtAndAGoodCandidateIsNot() async throws {
        let served = try await Self.short(Self.errors, Self.rise, Self.latency, Self.throughput)
        let result = try served.gatewright(
            "rehearse", "churn", "--rate", "100", "--baseline", "errors=0.2%", "--baseline",
            "throughput=30%", "--baseline", "latency=6ms", "--regression", "errors=+20pp",
            "--regression", "throughput=-40%", "--regression", "latency=+300%", "--runs", "40",
            "--output", "json")
        #expect(result.status == 0, "\(result.errors)")
        let simulation = try simulation(result)
        let good = try #require(simulation["asGoodAsStable"] as? [String: Any])
        let (chance, error) = try rate(good, "falseRollback")
        let declared = try #require(good["declaredFalseRollbackRate"] as? Double)
        #expect(declared == 0.02 && chance <= declared + 3 * error)
        #expect(try rate(good, "completed").0 > 0.9)
        let worse = try #require(simulation["regressions"] as? [[String: Any]])
        #expect(
            worse.map { $0["regression"] as? String }
                == ["errors +20 pp", "throughput −40 %", "latency +300 %"])
        #expect(try rate(worse[0], "caught").0 == 1)
        let median = try #require(worse[0]["median"] as? [String: Any])
        #expect(median["stage"] as? String == "shadow" && median["live"] as? Int == 0)
        // Nobody measures a mirrored answer, so it takes callers.
        #expect(try rate(worse[1], "caught").0 == 1)
        let canary = try #require(worse[1]["median"] as? [String: Any])
        let (all, live) = (canary["requests"] as? Int ?? 0, canary["live"] as? Int ?? 0)
        #expect(canary["stage"] as? String == "canary" && live > 0 && all >= 2_000 + live)
        // A guardrail that only alerts catches nothing, and says so.
        #expect(try rate(worse[2], "caught").0 == 0)
        let alerts = try #require(worse[2]["alerts"] as? [[String: Any]])
        #expect(
            alerts.first?["name"] as? String == "latency" && alerts.first?["part"] as? Double == 1)
    }

    // Just at the limit is where false rollbacks come from: some, and no more than declared.
    @Test func atTheLimitFalseRollbacksAreAtMostAsDeclared() async throws {
        let served = try await Self.short(Self.errors, declared: "20%")
        let result = try served.gatewright(
            "rehearse", "churn", "--rate", "100", "--baseline", "errors=1%", "--regression",
            "errors=+2pp", "--runs", "60", "--output", "json")
        let simulation = try simulation(result)
        let good = try #require(simulation["asGoodAsStable"] as? [String: Any])
        let (chance, error) = try rate(good, "falseRollback")
        #expect(chance > 0 && chance <= 0.2 + 3 * error, "\(chance)")
        let worse = try #require(simulation["regressions"] as? [[String: Any]])
        #expect(try rate(worse[0], "caught").0 > chance)
    }

    @Test func whatStableDoesIsLearntFromTheRecord() async throws {
        let served = try await Self.recorded()
        let result = try served.gatewright(
            "rehearse", "churn", "--runs", "1", "--regression", "errors=+50pp", "--output", "json")
        let simulation = try simulation(result)
        // 50 answers a second, of which mirrored ones are no requests: 16,200 observations hold
        // 13,700 answers to callers.
        let rate = try #require(simulation["requestsPerSecond"] as? Double)
        #expect(abs(rate - 50 * 13_700 / 16_200) < 1, "\(rate)")
        let baseline = try #require(simulation["baseline"] as? [[String: String]])
        let errors = try #require(baseline.first { $0["metric"] == "errors" })
        #expect(errors["source"]?.hasPrefix("recorded, n = ") ?? false, "\(errors)")
        // A person knows better.
        let told = try served.gatewright(
            "rehearse", "churn", "--runs", "1", "--rate", "5", "--baseline", "errors=0.3%",
            "--regression", "errors=+50pp", "--output", "json")
        #expect(try self.simulation(told)["requestsPerSecond"] as? Double == 5)
        #expect(told.output.contains("\"given\""))
    }

    @Test func jsonHasTheSameKeysWhateverIsKnown() async throws {
        let served = try await Self.recorded()
        let result = try served.gatewright(
            "rehearse", "churn", "--runs", "1", "--regression", "errors=-0.1pp", "--regression",
            "errors=+50pp", "--output", "json")
        let answer = try result.json()
        #expect(Set(answer.keys) == ["rollout", "backTest", "simulation"])
        let rows = try candidates(result)
        #expect(rows.count == 2)
        for row in rows {
            #expect(
                Set(row.keys) == [
                    "version", "digest", "firstDecision", "recorded", "would", "guardrail", "stage",
                    "reason", "observations", "requests", "recordedRequests",
                ])
        }
        #expect(rows[0]["guardrail"] is NSNull && rows[1]["guardrail"] is String)
        let simulation = try simulation(result)
        #expect(
            Set(simulation.keys) == [
                "seed", "runs", "requestsPerSecond", "baseline", "asGoodAsStable", "regressions",
                "notes",
            ])
        let worse = try #require(simulation["regressions"] as? [[String: Any]])
        #expect(Set(worse[0].keys) == Set(worse[1].keys))
        #expect(worse[0]["median"] is NSNull && worse[1]["median"] is [String: Any])
        let without = try served.gatewright("rehearse", "churn", "--runs", "0", "--output", "json")
        #expect(try without.json()["simulation"] is NSNull)
    }

    @Test func whatNobodyWatchesIsSaid() async throws {
        let served = try await Self.short(Self.errors)
        let result = try served.gatewright(
            "rehearse", "churn", "--rate", "100", "--baseline", "errors=0.1%", "--regression",
            "accuracy=-50pp", "--runs", "4")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("accuracy −50 pp\n\ncaught     0 %"), "\(result.output)")
        #expect(result.output.contains("note: no guardrail measures accuracy\n"))
    }

    // MARK: What is missing or wrong

    @Test func whatCannotBeLearntIsAskedFor() async throws {
        let served = try await Self.short(Self.errors, Self.latency, Self.throughput)
        let result = try served.gatewright("rehearse", "churn")
        #expect(result.status == 64 && result.output.isEmpty)
        for option in [
            "--rate 100", "--baseline errors=0.1%", "--baseline latency=8ms",
            "--baseline throughput=30%",
        ] {
            #expect(result.errors.contains(option), "\(result.errors)")
        }
    }

    @Test(arguments: [
        ["nobody"], ["churn", "--data-directory", "nowhere"], ["churn", "--rate", "0"],
        ["churn", "--runs", "-1"], ["churn", "--regression", "errors=1pp"],
        ["churn", "--regression", "errors=+20%"], ["churn", "--regression", "latency=+1pp"],
        ["churn", "--regression", "speed=+1%"],
        ["churn", "--regression", "sample-ratio=+5%"], ["churn", "--rate", "many"],
        ["churn", "--regression", "throughput"],
        ["churn", "--rate", "9", "--baseline", "errors=200%"],
        ["churn", "--rate", "9", "--baseline", "latency=fast"],
        ["churn", "--rate", "9", "--baseline", "speed=1%"], ["churn", "--branch", "nowhere"],
    ])
    func wrongArgumentsEndWith64(_ arguments: [String]) async throws {
        let served = try await Served()
        let result = try served.bench.run(
            try Bench.program(), ["rehearse"] + arguments, in: "clone")
        #expect(result.status == 64 && result.output.isEmpty, "\(result)")
        #expect(result.errors.hasPrefix("Error: "))
    }

    @Test func filesWithErrorsAreNotRehearsed() async throws {
        let served = try await Served()
        try Self.guardrails("{name: errors, metric: errors, atleast: 1%}", in: served)
        let result = try served.gatewright("rehearse", "churn", "--runs", "0")
        #expect(result.status == 64 && result.errors.contains("serving-health.yaml:7"))
    }

    @Test(arguments: [
        ("accuracy=-2pp", "accuracy −2 pp"), ("latency=+20%", "latency +20 %"),
        ("throughput=−5%", "throughput −5 %"), ("errors=+0.5 pp", "errors +0.5 pp"),
    ]) func regressionsAreReadAsWritten(_ text: String, _ spoken: String) {
        #expect(Regression(argument: text)?.spoken == spoken)
    }

    @Test(arguments: ["accuracy", "accuracy=2pp", "=-2pp", "accuracy=-2", "a=b=-2pp", "a=-nan%"])
    func otherTextIsNoRegression(_ text: String) {
        #expect(Regression(argument: text) == nil)
    }
}
