import RolloutCore
import Testing
import Traffic

/// What the loop relies on, for every router.
@Suite struct RouterContractTests {
    @Test(arguments: RouterUnderTest.allCases)
    func whatIsAppliedIsReadBack(_ kind: RouterUnderTest) async throws {
        try await kind.with { router, _ in
            let one = try route("one", generation: 1, share: 500)
            let two = try route("two", generation: 4)
            #expect(await router.readBack(one.rollout, in: one.region) == .nothing)
            #expect(await router.readBackAll(in: one.region) == .serving([:]))
            #expect(try await router.apply(one) == one)
            #expect(try await router.apply(one) == one)
            #expect(try await router.apply(two) == two)
            #expect(await router.readBack(one.rollout, in: one.region) == .serving(one))
            #expect(
                await router.readBackAll(in: one.region)
                    == .serving([one.rollout: one, two.rollout: two]))
        }
    }

    @Test(
        "B2, D15: a late route is refused with what is served", arguments: RouterUnderTest.allCases)
    func aLateRouteIsRefusedWithWhatIsServed(_ kind: RouterUnderTest) async throws {
        try await kind.with { router, _ in
            let served = try route(generation: 7, share: 100)
            _ = try await router.apply(served)
            for late in [try route(generation: 6), try route(generation: 7, share: 101)] {
                await #expect(throws: RouterFailure.refusedStale(current: served)) {
                    try await router.apply(late)
                }
            }
            #expect(try await router.apply(route(generation: 7, share: 0)).share == .zero)
        }
    }

    // B2, D8: whoever asks first and writes then may have slept in between.
    @Test(arguments: RouterUnderTest.allCases)
    func aRouteThatIsToRaiseNobodyIsRefusedWhereItWould(_ kind: RouterUnderTest) async throws {
        try await kind.with { router, _ in
            let back = try route(generation: 9, share: 500)
            await #expect(throws: RouterFailure.refusedRaise(current: nil)) {
                try await router.apply(back, onlyLowering: true)
            }
            let held = try route(generation: 7, share: 100)
            _ = try await router.apply(held)
            // Nobody gets more, and what was decided before comes too late from now on.
            let fenced = held.under(8)
            for _ in 0..<2 {
                await #expect(throws: RouterFailure.refusedRaise(current: fenced)) {
                    try await router.apply(back, onlyLowering: true)
                }
            }
            #expect(await router.readBack(held.rollout, in: held.region) == .serving(fenced))
            await #expect(throws: RouterFailure.refusedStale(current: fenced)) {
                try await router.apply(try route(generation: 8, share: 200))
            }
            for share in [100, 0] {
                let lower = try route(generation: 9, share: share)
                #expect(try await router.apply(lower, onlyLowering: true) == lower)
            }
            // An older generation is refused as that, whatever it asks for.
            await #expect(throws: (any Error).self) {
                try await router.apply(held, onlyLowering: true)
            }
        }
    }

    // D4: found by simulated world 316976.
    @Test(arguments: RouterUnderTest.allCases)
    func copiesForTheCandidateOfARunThatIsOverEnd(_ kind: RouterUnderTest) async throws {
        try await kind.with { router, _ in
            _ = try await router.apply(route(generation: 7, candidate: "3.0", mirror: 10_000))
            let wanted = try route(generation: 9, mirror: 10_000)
            await #expect(throws: RouterFailure.refusedRaise(current: wanted.stableAlone)) {
                try await router.apply(wanted, onlyLowering: true)
            }
            #expect(
                await router.readBack(wanted.rollout, in: wanted.region)
                    == .serving(wanted.stableAlone))
            #expect(try await router.apply(wanted) == wanted)
        }
    }

    @Test(arguments: RouterUnderTest.allCases)
    func aWithdrawnRolloutIsGoneAndFenced(_ kind: RouterUnderTest) async throws {
        try await kind.with { router, _ in
            let served = try route(generation: 7)
            _ = try await router.apply(served)
            await #expect(throws: RouterFailure.refusedStale(current: served)) {
                try await router.withdraw(served.rollout, from: served.region, generation: 6)
            }
            for _ in 0..<2 {
                try await router.withdraw(served.rollout, from: served.region, generation: 8)
            }
            #expect(await router.readBack(served.rollout, in: served.region) == .nothing)
            await #expect(throws: RouterFailure.refusedStale(current: nil)) {
                try await router.apply(served)
            }
        }
    }

    @Test(arguments: RouterUnderTest.allCases)
    func whatCannotBeServedIsRejected(_ kind: RouterUnderTest) async throws {
        try await kind.with { router, _ in
            let strangers = [
                try route(generation: 1, region: "us"),
                try route(generation: 1, endpoint: "ftp://x"),
            ]
            for stranger in strangers {
                let failure = await #expect(throws: RouterFailure.self) {
                    try await router.apply(stranger)
                }
                guard case .rejected = failure else {
                    Issue.record("\(String(describing: failure))")
                    continue
                }
            }
            guard case .unknown = await router.readBackAll(in: try RegionName("us")) else {
                Issue.record("a region without a router is not empty, it is unknown")
                return
            }
        }
    }
}
