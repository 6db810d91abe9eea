import Calibration
import Foundation
import History
import RolloutCore
import Testing

@testable import Simulator

/// Rollouts whose requests turn out by chance, through the whole loop. Thousands of them run with
/// `gatewright stats chaos`.
@Suite struct ChanceTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "gatewright-chance-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func ends(
        _ seeds: ClosedRange<UInt64>, _ limits: ChanceLimits, _ regression: ChanceRegression? = nil
    ) throws -> [ChanceTrial.End] {
        try seeds.map {
            try ChanceTrial(seed: $0, limits: limits, regression: regression).run(folder: folder)
        }
    }

    @Test func aCandidateAsGoodAsStableIsCompleted() throws {
        let ends = try ends(1...2, .roomy)
        #expect(ends.allSatisfy { $0.kind == .completed }, "\(ends.map(\.kind))")
        #expect(ends.allSatisfy { $0.violations.isEmpty }, "\(ends.map(\.violations))")
    }

    @Test(arguments: ChanceRegression.Metric.allCases)
    func aCandidateThatIsFarWorseIsTakenBackForIt(_ metric: ChanceRegression.Metric) throws {
        let regression = try #require(ChanceRegression(metric, size: 0.2))
        for end in try ends(1...1, .roomy, regression) {
            #expect(end.kind == .rolledBack && end.violations.isEmpty)
            let cause = try #require(end.cause)
            #expect(cause != "silence" && cause != "split", "\(cause)")
            #expect(metric != .throughput || cause == "throughput")
        }
    }

    @Test func theSameSeedGivesTheSameEnd() throws {
        let regression = try #require(ChanceRegression(.errors, size: 0.2))
        let twice = try (0..<2).map { _ in try ends(3...3, .exact, regression) }
        #expect(twice[0] == twice[1])
    }

    @Test func whatKeepsTheLimitsIsKnown() throws {
        func keeps(_ metric: ChanceRegression.Metric, _ size: Double, _ limits: ChanceLimits)
            -> Bool
        {
            ChanceTrial(
                seed: 1, limits: limits, regression: ChanceRegression(metric, size: size)
            ).keepsLimits
        }
        for limits in ChanceLimits.allCases {
            #expect(ChanceTrial(seed: 1, limits: limits, regression: nil).keepsLimits)
        }
        #expect(keeps(.errors, 0.01, .roomy) && !keeps(.errors, 0.011, .roomy))
        #expect(keeps(.accuracy, 0.02, .roomy) && !keeps(.accuracy, 0.021, .roomy))
        #expect(keeps(.latency, 0.03, .roomy) && !keeps(.latency, 0.031, .roomy))
        #expect(keeps(.throughput, 0.03, .roomy) && !keeps(.throughput, 0.031, .roomy))
        for metric in ChanceRegression.Metric.allCases { #expect(!keeps(metric, 0.001, .exact)) }
    }

    /// What is drawn has the rates that the trials are told by.
    @Test func requestsTurnOutAsOftenAsTheirLawSays() throws {
        let regression = try #require(ChanceRegression(.errors, size: 0.05))
        let traffic = ChanceTraffic(
            seed: 1, stable: ChanceLaw(), candidate: regression.law(beside: ChanceLaw()))
        let backend = Route.Backend(
            reference: VersionReference(
                version: try VersionName("1.0.0"), digest: ProjectText.digest(Names.rollouts[0], 0)),
            endpoint: "http://127.0.0.1:9")
        let route = Route(
            rollout: Names.rollouts[0], region: Names.regions[0], generation: 2, run: nil,
            salt: "s", stickyBy: .requestID, stable: backend, candidate: backend,
            share: Share(clamping: 2_000), mirror: .zero, fallback: nil)
        var (answers, failed, late, right, labels) = (0, 0, 0, 0, 0)
        for tick in 1...1_000 {
            let now = Timestamp(milliseconds: Int64(tick) * 30_000)
            for item in traffic.tick(route, at: now) {
                switch item {
                case .prediction(let answer) where answer.arm == .candidate:
                    answers += 1
                    failed += answer.failed ? 1 : 0
                    late += answer.failed || answer.latencyMicroseconds > 50_000 ? 1 : 0
                    right += answer.output == "yes" ? 1 : 0
                case .label: labels += 1
                case .prediction, .measurement: break
                }
            }
        }
        func isNear(_ count: Int, _ total: Int, _ rate: Double) -> Bool {
            abs(Double(count) / Double(total) - rate) < 0.01
        }
        #expect(isNear(answers, 60_000, 0.2) && isNear(labels, 60_000, 0.9))
        #expect(isNear(failed, answers, 0.06) && isNear(late, answers, 0.0694))
        #expect(isNear(right, answers, 0.94 * 0.96))
    }
}
