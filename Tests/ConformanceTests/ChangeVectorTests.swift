import Conformance
import Foundation
import Testing

/// river's detectors with drawn parameters, and DataDog's sketch at the edges of its buckets.
@Suite struct ChangeVectorTests {
    @Test(arguments: [
        "river_extra_parameters", "ddsketch_extra_coarse", "ddsketch_extra_edges",
        "ddsketch_extra_negative", "ddsketch_extra_range",
    ])
    func everyCaseIsComputedAndMatches(_ name: String) throws {
        let url = VectorTests.directory.appending(path: "\(name).json")
        let report = Vectors.check(try VectorValue(json: Data(contentsOf: url)), file: name)
        #expect(report.isConforming && report.unknown.isEmpty, "\(report.mismatches)")
        #expect(report.cases > 5 && report.matched == report.cases)
    }
}
