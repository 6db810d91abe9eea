import Evidence
import Foundation
import RolloutFiles

/// `rollouts/NAME/references/VERSION.json`: what each feature looked like in training, in bins.
struct ReferenceFile: Codable {
    static let schema = 1

    let schema: Int
    let features: [String: FeatureReference]

    init(features: [String: FeatureReference]) {
        schema = Self.schema
        self.features = features
    }

    /// Freezes the columns of a table.
    init(_ table: CSVTable, bins: Int) throws(CSVTable.Problem) {
        var features: [String: FeatureReference] = [:]
        for column in table.columns {
            do throws(InvalidEvidence) {
                features[column.name] = try Self.freeze(column, bins: bins)
            } catch {
                throw CSVTable.Problem(
                    path: table.path, line: nil, column: column.name, found: "\(error)")
            }
        }
        self.init(features: features)
    }

    init(path: String) throws(CSVTable.Problem) {
        do {
            self = try JSONDecoder().decode(
                ReferenceFile.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw CSVTable.Problem(
                path: path, line: nil, column: nil,
                found: "is not a reference as `gatewright stats reference` writes it: \(error)")
        }
        guard schema == Self.schema else {
            throw CSVTable.Problem(
                path: path, line: nil, column: nil,
                found: "has schema \(schema); this version reads \(Self.schema)")
        }
    }

    func write(to path: String) throws {
        let url = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(CanonicalJSON.encode(self).pretty).write(to: url, options: .atomic)
    }

    /// A few whole numbers are codes, as in a report on two tables.
    private static func freeze(
        _ column: CSVTable.Column, bins: Int
    ) throws(InvalidEvidence) -> FeatureReference {
        if case .numbers(let numbers, let allWhole) = column.values,
            !allWhole || SortedSample(numbers).distinct(upTo: 11) > 10
        {
            return try FeatureReference(numeric: numbers, bins: bins)
        }
        return try FeatureReference(tally: column.tally, missing: column.missing)
    }

    /// Judges the columns of a table that the reference knows.
    func report(
        on table: CSVTable, wanted: [String]?, alpha: Double
    ) throws(CSVTable.Problem) -> DriftReport {
        let names = wanted ?? features.keys.sorted()
        let share = alpha / Double(max(names.count, 1))
        var columns: [DriftReport.Column] = []
        for name in names {
            guard let reference = features[name],
                let column = table.columns.first(where: { $0.name == name })
            else {
                throw CSVTable.Problem(
                    path: table.path, line: 1, column: name,
                    found: features[name] == nil
                        ? "the reference does not know it"
                        : "not in the header, but in the reference; name what both have with "
                            + "--columns")
            }
            do throws(InvalidEvidence) {
                let histogram = try column.counted(on: reference)
                columns.append(DriftReport.judge(name, histogram, on: reference, alpha: share))
            } catch {
                throw CSVTable.Problem(
                    path: table.path, line: nil, column: name, found: "\(error)")
            }
        }
        return DriftReport(profile: .gatewright, alpha: alpha, columns: columns)
    }
}

extension CSVTable.Column {
    /// Cells of each text; numbers as they would be written.
    var tally: [String: Int] {
        switch values {
        case .texts(let tally): return tally
        case .numbers(let numbers, let allWhole):
            var tally: [String: Int] = [:]
            for number in numbers where !number.isNaN {
                let whole = allWhole ? Int(exactly: number) : nil
                tally[whole.map { "\($0)" } ?? "\(number)", default: 0] += 1
            }
            return tally
        }
    }

    fileprivate func counted(
        on reference: FeatureReference
    ) throws(InvalidEvidence) -> FeatureHistogram {
        var counts = [Int](repeating: 0, count: reference.counts.count + 1)
        if reference.kind == .numeric {
            guard case .numbers(let numbers, _) = values else {
                throw InvalidEvidence(
                    .unmergeable, found: "texts", expected: "numbers, as in the reference")
            }
            for number in numbers {
                if let bin = reference.bin(of: number) { counts[bin] += 1 }
            }
        } else {
            for (category, count) in tally {
                if let bin = reference.bin(of: category) { counts[bin] += count }
            }
            counts[counts.count - 1] += missing
        }
        return try FeatureHistogram(counts: counts, for: reference)
    }
}
