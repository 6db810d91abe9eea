import Conformance
import Foundation
import Testing

/// Distances and drift tests of SciPy and Evidently.
@Suite struct DriftVectorTests {
    @Test(arguments: [
        "drift_distances", "drift_distances_extra", "drift_distances_extra_disjoint",
        "drift_distances_extra_small", "drift_distances_extra_ties",
    ])
    func agreesWithTheLibraries(_ name: String) throws {
        let file = VectorTests.directory.appending(path: name + ".json")
        let document = try VectorValue(json: Data(contentsOf: file))
        let report = Vectors.check(document, file: name)
        #expect(report.unknown.isEmpty, "\(report.unknown)")
        #expect(report.isConforming, "\(report.mismatches)")
        #expect(report.computed >= 10)
        #expect(report.matched == report.computed)
    }

    @Test func whatIsNotKnownIsNotPassed() throws {
        let document = VectorValue.object([
            "data": .object(["ref": .list([.number(1), .number(2)]), "cur": .list([.number(2)])]),
            "cases": .list([
                .object(["call": .string("library.unheard_of"), "value": .number(1)]),
                .object([
                    "call": .string("scipy.stats.wasserstein_distance"), "value": .number(0.5),
                    "surprise": .number(3),
                ]),
            ]),
        ])
        let report = Vectors.check(document, file: "x")
        #expect(report.cases == 2 && report.computed == 0 && report.unknown.count == 2)
    }
}
