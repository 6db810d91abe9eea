import Evidence
import Foundation

/// A drift report for people: what drifted first.
enum DriftTable {
    static func text(_ report: DriftReport) -> String {
        var rows: [[String]] = [
            [
                "COLUMN", "KIND", "REFERENCE", "CURRENT", "TEST", "VALUE", "LIMIT", "DRIFT", "PSI",
                "KS",
            ]
        ]
        let sorted = report.columns.filter(\.isDrift) + report.columns.filter { !$0.isDrift }
        for column in sorted {
            rows.append([
                printable(column.name), column.kind.rawValue,
                rowCount(column.referenceRows, column.referenceMissing),
                rowCount(column.currentRows, column.currentMissing), column.test,
                number(column.value), number(column.threshold), column.isDrift ? "yes" : "no",
                number(column.description.psi), number(column.description.ks),
            ])
        }
        let widths = (rows.first ?? []).indices.map { index in
            rows.map { $0[index].count }.max() ?? 0
        }
        var text = ""
        for row in rows {
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            text += cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces) + "\n"
        }
        for column in sorted where !column.newCategories.isEmpty {
            let names = column.newCategories.prefix(5).map(printable).joined(separator: ", ")
            text += "new categories in \(printable(column.name)): \(names)\n"
        }
        let drifted = report.drifted.count
        text += "\(drifted) of \(report.columns.count) columns drifted\n"
        return text
    }

    private static func rowCount(_ rows: Int, _ missing: Int) -> String {
        missing > 0 ? "\(rows) (\(missing) missing)" : "\(rows)"
    }

    private static func number(_ value: Double?) -> String {
        guard let value, value.isFinite else { return value.map { "\($0)" } ?? "-" }
        return String(format: "%.4g", value)
    }

    /// Control characters of a file could steer a terminal.
    private static func printable(_ text: String) -> String {
        String(text.prefix(60).map { $0.unicodeScalars.allSatisfy { $0.value >= 32 } ? $0 : "?" })
    }
}
