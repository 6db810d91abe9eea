import Conformance
import Foundation
import Testing

/// Simulations elsewhere: of each section, a cell that is quickly simulated again.
@Suite struct MonteCarloVectorTests {
    /// A cell, by the beginning of its section's name; `only` is the member that is kept of it.
    struct Cell: CustomTestStringConvertible, Sendable {
        let section: String
        let name: String
        var only: String?

        init(_ section: String, _ name: String, only: String? = nil) {
            self.section = section
            self.name = name
            self.only = only
        }

        var testDescription: String { "\(section): \(name)" }
    }

    static let cells = [
        Cell("one_sample_delay", "0.05|beta(1,1)trunc", only: "0.1"),
        Cell("one_sample_delay", "0.05|confseq_bb_1s(t_opt=1e3)", only: "0.1"),
        Cell("one_sample_false", "W=100|Argo failureLimit=3", only: "0.05"),
        Cell("late_change", "change at 10000 requests .04->0.15"),
        Cell("drift_false_alarms", "PSI n=100 10 equal bins"),
        Cell("promotion", "paired disc=0.03 drop=0.02 alpha=.05"),
        Cell("throughput", "throughput -0.1 phi=0.0"),
        Cell("latency", "whole-distribution scale +50%", only: "DKW band any difference"),
        Cell("arm_of_event", "arm-of-event q=0.05 x2.0"),
        Cell("arm_of_event", "SRM alpha=.001 true w=0.06 k=100.0"),
        Cell("bounded_betting", "bounded betting mean=0.8 alpha=0.05"),
        Cell("heavy_tail", "sigma=1.0 welch plug-in power -10%/+10% within 50k cand"),
    ]

    @Test(arguments: cells)
    func aQuickCellIsComputedAndMatches(_ cell: Cell) throws {
        let report = Vectors.check(try document(cell), file: "cell")
        #expect(report.isConforming && report.unknown.isEmpty, "\(report.mismatches)")
        #expect(report.computed > 0)
        #expect(report.worstRelativeError < 1e-5)
        #expect((report.worstShareOfAllowance ?? 2) <= 1)
    }

    /// All times are twice as long: more than chance and a reading of a text may do.
    @Test(arguments: [
        "0.05|beta(1,1)trunc", "change at 10000 requests .04->0.15",
        "arm-of-event q=0.05 x2.0", "bounded betting mean=0.8 alpha=0.05",
    ])
    func aWrongNumberIsAMismatch(_ name: String) throws {
        let cell = try #require(Self.cells.first { $0.name == name })
        let wrong = try document(cell) { $0 > 5 ? $0 * 2 : $0 }
        let report = Vectors.check(wrong, file: "cell")
        #expect(!report.isConforming && !report.mismatches.isEmpty)
        #expect((report.worstShareOfAllowance ?? 0) > 1)
    }

    /// 9 alarms in 1,000 windows are not 20.
    @Test func aWrongRateIsAMismatch() throws {
        let cell = Cell("drift_false_alarms", "PSI n=100 10 equal bins")
        let wrong = try document(cell) { $0 == 0.009_13 ? 0.02 : $0 }
        let labels = Vectors.check(wrong, file: "cell").mismatches.map(\.label)
        #expect(labels == ["\(cell.name): P(PSI>0.25) one window"])
    }

    @Test func aCellThatNobodySimulatesIsUnknown() throws {
        let json = #"{"results": {"late_change": {"another rule": {"rate": 0.5}}}}"#
        let report = Vectors.check(try VectorValue(json: Data(json.utf8)), file: "cell")
        #expect(report.computed == 0 && report.unknown.count == 1)
    }

    /// A file with one cell, its numbers changed.
    private func document(
        _ cell: Cell, _ change: (Double) -> Double = { $0 }
    ) throws -> VectorValue {
        let url = VectorTests.directory.appending(path: "monte_carlo_results.json")
        let all = try VectorValue(json: Data(contentsOf: url))
        let section = try #require(
            all["results"]?.object?.first {
                $0.key.hasPrefix(cell.section) && $0.value[cell.name] != nil
            })
        var kept = try #require(section.value[cell.name])
        if let only = cell.only { kept = .object([only: try #require(kept[only])]) }
        return .object([
            "results": .object([
                section.key: .object([cell.name: Self.changed(kept, change)])
            ])
        ])
    }

    private static func changed(
        _ value: VectorValue, _ change: (Double) -> Double
    ) -> VectorValue {
        switch value {
        case .number(let number): .number(change(number))
        case .list(let list): .list(list.map { changed($0, change) })
        case .object(let members): .object(members.mapValues { changed($0, change) })
        default: value
        }
    }
}
