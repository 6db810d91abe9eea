import Foundation

/// The figures as Markdown: for each study and measure a table of scenarios by rules.
package enum StudyTables {
    package static func markdown(_ figures: [StudyFigure]) -> String {
        var parts: [String] = []
        for study in unique(figures.map(\.study)) {
            let ours = figures.filter { $0.study == study }
            let summary = Studies.all.first { $0.name == study }?.summary ?? study
            parts.append("### \(study)\n\n\(summary.prefix(1).uppercased())\(summary.dropFirst()).")
            for measure in unique(ours.map(\.measure)) {
                parts.append(table(measure, ours.filter { $0.measure == measure }))
            }
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static func table(_ measure: String, _ figures: [StudyFigure]) -> String {
        let rules = unique(figures.map(\.rule))
        let scenarios = unique(figures.map(\.scenario))
        var cells: [String: [String: StudyFigure]] = [:]
        for figure in figures { cells[figure.scenario, default: [:]][figure.rule] = figure }
        // Rules as rows where there are more of them, so that tables stay narrow.
        let tall = rules.count > scenarios.count
        let (rows, columns) = tall ? (rules, scenarios) : (scenarios, rules)
        var lines = [
            "| \(measure) | \(columns.joined(separator: " | ")) |",
            "|:---|\(String(repeating: "---:|", count: columns.count))",
        ]
        for row in rows {
            let values = columns.map { column in
                (tall ? cells[column]?[row] : cells[row]?[column]).map(text) ?? ""
            }
            lines.append("| \(row) | \(values.joined(separator: " | ")) |")
        }
        return lines.joined(separator: "\n")
    }

    /// As many digits as the standard error supports; a broken promise is marked.
    package static func text(_ figure: StudyFigure) -> String {
        let value = figure.value
        let number =
            value.isFinite
            ? value.magnitude >= 1_000
                ? String(format: "%.0f", value)
                : String(format: value.magnitude < 1 ? "%.3f" : "%.2f", value) : "-"
        return figure.isKept == false ? "**\(number)** (broken)" : number
    }

    private static func unique(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}
