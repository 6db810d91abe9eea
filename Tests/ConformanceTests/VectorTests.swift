import Conformance
import Foundation
import Testing

/// Numbers of reference libraries; `Vectors/` says which, in each file's provenance.
@Suite struct VectorTests {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "Vectors")

    @Test func pythonWritesNumbersThatJSONHasNot() throws {
        let value = try VectorValue(json: Data(#"{"a": [NaN, -Infinity, "-inf", 1e3]}"#.utf8))
        let doubles = try #require(value["a"]?.doubles)
        #expect(doubles.first?.isNaN == true)
        #expect(Array(doubles.dropFirst()) == [-.infinity, -.infinity, 1_000])
    }

    @Test func aWrongNumberIsAMismatch() {
        var report = VectorReport(file: "x")
        report.check("sum") { $0.expect("value", 2.0, VectorValue.number(2.5)) }
        report.skip("other", because: "unheard of")
        #expect(!report.isConforming)
        #expect(report.cases == 2 && report.computed == 1 && report.matched == 0)
        #expect(report.mismatches.map(\.label) == ["sum: value"])
    }
}
