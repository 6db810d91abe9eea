import Conformance
import Foundation
import Testing

/// Every case of the classical tests, designs, detectors, sketches and the engine is known.
@Suite struct LibraryVectorTests {
    @Test(
        arguments: [
            ("classical_tests", 95), ("group_sequential", 56), ("engine_reference", 49),
            ("savvi_multinomial_srm", 15), ("river_drift_detectors", 17), ("river_extra", 67),
            ("ddsketch", 6),
        ])
    func everyCaseIsComputedAndMatches(name: String, atLeast: Int) throws {
        let url = VectorTests.directory.appending(path: "\(name).json")
        let document = try VectorValue(json: Data(contentsOf: url))
        let report = Vectors.check(document, file: name)
        #expect(report.cases >= atLeast)
        #expect(report.computed == report.cases && report.matched == report.cases)
        #expect(report.mismatches.isEmpty && report.unknown.isEmpty)
    }

    @Test(
        arguments: [
            #"{"call": "scipy.stats.mannwhitneyu", "x": "a", "y": "b", "U": 3, "p": 0.5}"#,
            #"{"call": "scipy.stats.ks_2samp", "x": "a", "y": "b", "D": 0.9, "p": 0.5}"#,
        ])
    func aWrongNumberIsSeen(text: String) throws {
        let json = #"{"samples": {"a": [1, 2, 3], "b": [4, 5, 6]}, "cases": [\#(text)]}"#
        let report = Vectors.check(try VectorValue(json: Data(json.utf8)), file: "x")
        #expect(report.computed == 1 && report.matched == 0)
    }

    @Test func anUnknownDetectorOrParameterIsSaid() throws {
        let json = """
            {"sequences": {"s": [0, 1]}, "cases": [
              {"detector": "river.drift.KSWIN", "sequence": "s", "detections_0based": []},
              {"detector": "river.drift.ADWIN", "params": {"magic": 1}, "sequence": "s",
               "detections_0based": []}]}
            """
        let report = Vectors.check(try VectorValue(json: Data(json.utf8)), file: "x")
        #expect(report.unknown.count == 2 && report.computed == 0)
    }
}
