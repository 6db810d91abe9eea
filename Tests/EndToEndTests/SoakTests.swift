import Foundation
import Testing

@testable import gatewright

extension EndToEnd {
    /// `gatewright soak`, in small; continuous integration runs a hundred cycles.
    @Suite(.serialized) struct SoakTests {
        private struct Report: Decodable {
            struct Violation: Decodable {
                let invariant: String
                let evidence: String
            }
            let cycles: Int
            let faults: [String: Int]
            let records: [String: Int]
            let requests: Int
            let tablesSeen: Int
            let violations: [Violation]
        }

        private static let seed: UInt64 = 3
        private static let cycles = 12

        private func soak(_ arguments: String...) async throws -> (status: Int32, said: String) {
            let log = FileManager.default.temporaryDirectory
                .appending(path: "gatewright-soak-\(UUID().uuidString).log").path
            defer { try? FileManager.default.removeItem(atPath: log) }
            let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appending(path: "../..").standardizedFileURL.path
            let child = try Child(
                try Surroundings.gatewright(), ["soak", "--source", project] + arguments, log: log)
            let status = try await child.waitForEnd(within: .seconds(300))
            return (status, try String(contentsOfFile: log, encoding: .utf8))
        }

        // B2 to B5, B7, B13, A1, D1, E1
        @Test func everyKindOfFaultBreaksNothing() async throws {
            let (status, said) = try await soak(
                "--cycles", "\(Self.cycles)", "--seed", "\(Self.seed)", "--output", "json")
            #expect(status == 0, "\(said.suffix(4_000))")
            // Progress comes first, a line each; the report is the object after it.
            let begin = try #require(said.range(of: "\n{\n")?.lowerBound)
            let report = try JSONDecoder().decode(Report.self, from: Data(said[begin...].utf8))
            #expect(report.violations.isEmpty && report.cycles == Self.cycles)
            #expect(Set(report.faults.keys) == Set(SoakFault.allCases.map(\.rawValue)))
            #expect(report.records["bootstrap"] == 2 && report.records["advance"] ?? 0 >= 2)
            #expect(report.requests > 500 && report.tablesSeen > 10)
        }

        private func plan(_ seed: UInt64, _ faults: [SoakFault]) -> [SoakCycle] {
            (1...Self.cycles).map { SoakCycle($0, seed: seed, faults: faults, gateways: 2) }
        }

        @Test func aSeedAlwaysDrawsTheSame() {
            #expect(plan(Self.seed, SoakFault.allCases) == plan(Self.seed, SoakFault.allCases))
            #expect(plan(Self.seed, SoakFault.allCases) != plan(99, SoakFault.allCases))
            #expect(Set(plan(Self.seed, SoakFault.allCases).map(\.fault)).count == 5)
            #expect(plan(Self.seed, [.stop]).allSatisfy { $0.deed == .stop })
            let versions = (1...40).map { SoakVersion($0, of: "scorer", seed: Self.seed) }
            #expect(versions == (1...40).map { SoakVersion($0, of: "scorer", seed: Self.seed) })
            #expect(versions.first?.quality == .good)
            #expect(Set(versions.map(\.quality)) == [.good, .poor, .awful])
        }

        @Test func unknownFaultsAreRefused() async throws {
            let (status, said) = try await soak("--faults", "kill,gremlins")
            #expect(status == 64 && said.contains("'full-disk' or 'clock'"), "\(said)")
        }
    }
}
