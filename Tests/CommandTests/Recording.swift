import Foundation
import History
import RolloutCore

@testable import gatewright

/// A data directory with the observations of two candidates beside stable 1.0.0: 2.0.0, which was
/// good and completed, and 3.0.0, which failed its callers and was rolled back.
enum Recording {
    static let start: Int64 = 1_790_000_000_000
    static let region: RegionName = Served.id("local")

    static func version(_ name: String, _ digit: Character) -> ServedVersion {
        guard let digest = Digest(hex: String(repeating: digit, count: 64)) else {
            preconditionFailure()
        }
        return ServedVersion(
            reference: VersionReference(version: Served.id(name), digest: digest),
            endpoints: [region: "http://127.0.0.1:9000"])
    }

    static let first = version("1.0.0", "0")
    static let good = version("2.0.0", "2")
    static let bad = version("3.0.0", "3")

    /// A request for a version, with a plan of shadow, canary and full.
    static func start(_ version: ServedVersion) -> Action {
        let stages: [(StageKind, Share)] = [
            (.shadow, .all), (.canary, Share(clamping: 500)), (.full, .all),
        ]
        let plan = Plan(
            stages: stages.map {
                StageSpec(
                    stage: $0, shares: [$1], soak: .zero, waves: [[region]], approval: false)
            }, regions: [region])
        return .start(
            Action.Start(
                Ask(
                    candidate: version, bootstrap: nil, fallback: nil, stickyBy: .requestID,
                    onNewVersion: .queue, plan: plan, guardrails: [],
                    specDigest: version.reference.digest, policyDigest: version.reference.digest)))
    }

    /// 2.0.0 begins with decision 2, reaches canary with 3 and completes with 4; 3.0.0 begins with
    /// 5, reaches canary with 6, and 7 takes it back.
    static func served() async throws -> Served {
        let breach = Cause.breach(guardrail: Served.id("errors"), summary: "errors 8 % > 1 %")
        return try await Served(
            then: .advance(step: 1), .complete, start(bad), .advance(step: 1), .rollBack(breach))
    }

    /// Answers to so many requests under one generation.
    struct Part {
        let generation: Int
        let requests: Int
        var stable = first
        /// One in so many of stable's answers fails.
        var stableFails = 1_000
        var candidate: ServedVersion?
        var arm = Arm.candidate
        var candidateFails = 500
    }

    /// - Parameter goodFails: one answer of 2.0.0 in so many fails.
    static func parts(goodFails: Int = 500) -> [Part] {
        [
            Part(
                generation: 2, requests: 2_000, candidate: good, arm: .mirror,
                candidateFails: goodFails),
            Part(
                generation: 3, requests: 4_000, candidate: good, candidateFails: goodFails),
            Part(generation: 4, requests: 1_000, stable: good, stableFails: 500),
            Part(
                generation: 5, requests: 500, stable: good, stableFails: 500, candidate: bad,
                arm: .mirror, candidateFails: 200),
            Part(
                generation: 6, requests: 1_500, stable: good, stableFails: 500, candidate: bad,
                candidateFails: 12),
            Part(generation: 7, requests: 200, stable: good, stableFails: 500),
        ]
    }

    /// Each request is answered by both versions, 50 answers a second.
    static func write(
        _ parts: [Part], to folder: String, without: Digest? = nil, sweptBefore: Timestamp? = nil
    ) throws {
        let store = try HistoryStore.open(directory: folder).store
        defer { store.close() }
        var observations: [Observation] = []
        func answer(_ arm: Arm, _ version: ServedVersion, _ generation: Int, fails: Bool) {
            guard version.reference.digest != without else { return }
            let number = observations.count
            observations.append(
                .prediction(
                    Prediction(
                        prediction: "p-\(number)", arm: arm, rollout: Served.name, region: region,
                        generation: generation, version: version.reference,
                        at: Timestamp(milliseconds: start + Int64(number) * 20),
                        latencyMicroseconds: 4_000 + Int64(number % 100) * 20,
                        output: fails ? nil : "yes", confidence: nil, unit: UInt64(number))))
        }
        for part in parts {
            for index in 1...part.requests {
                if let candidate = part.candidate {
                    answer(
                        part.arm, candidate, part.generation,
                        fails: index.isMultiple(of: part.candidateFails))
                }
                answer(
                    .stable, part.stable, part.generation,
                    fails: index.isMultiple(of: part.stableFails))
            }
        }
        for batch in stride(from: 0, to: observations.count, by: 1_000) {
            _ = try store.ingest(
                Array(observations[batch..<min(batch + 1_000, observations.count)]))
        }
        if let sweptBefore { try store.sweep(before: sweptBefore, keepingAnswers: 1_000_000) }
    }
}
