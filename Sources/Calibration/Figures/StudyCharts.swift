/// The pictures of the studies: what looking often costs, and how long harm takes to find.
package enum StudyCharts {
    /// File names with their SVG; only those that the figures have data for.
    package static func charts(_ figures: [StudyFigure]) -> [(name: String, svg: String)] {
        [
            chart(
                "false-rollbacks-one-arm", "A healthy candidate is rolled back, one arm",
                figures.filter {
                    $0.study == "one-sample" && $0.measure == "false-rollback"
                        && $0.scenario.hasPrefix("every request, failure rate 0.05,")
                }, x: requests, "requests, with a look at each", "probability", highest: 0.8,
                mark: (0.05, "what was promised: 0.05")),
            chart(
                "false-rollbacks-two-arms",
                "A candidate like stable is rolled back, 5 % of traffic",
                figures.filter {
                    $0.study == "two-sample" && $0.measure == "false-rollback"
                        && $0.scenario.hasPrefix("no difference, 50 beside 950")
                }, x: requests, "requests, with a look at each 1000", "probability", highest: 1,
                mark: (0.05, "what was promised: 0.05")),
            chart(
                "delay-two-arms", "How long harm takes to find, 5 % of traffic",
                figures.filter {
                    $0.study == "two-sample" && $0.measure == "ratio-to-bound"
                        && $0.scenario.hasSuffix("every 100 requests")
                }, x: drop, "drop of accuracy in points",
                "requests, as a multiple of the least possible at 0.05", highest: 5,
                mark: (1, "no test with this guarantee is below")),
            chart(
                "late-change", "Harm that begins late",
                figures.filter { $0.study == "late-change" && $0.measure == "delay" },
                x: change, "healthy requests before the harm", "requests until the rollback",
                highest: 10_000, mark: nil),
        ].compactMap { $0 }
    }

    private static func chart(
        _ name: String, _ title: String, _ figures: [StudyFigure],
        x: (String) -> Double?, _ xTitle: String, _ yTitle: String, highest: Double,
        mark: (y: Double, text: String)?
    ) -> (name: String, svg: String)? {
        var rules: [String] = []
        // Ours at one level: the others have bounds of their own.
        let figures = figures.filter { !["gatewright 0.01", "gatewright 0.001"].contains($0.rule) }
        for figure in figures where !rules.contains(figure.rule) { rules.append(figure.rule) }
        let lines = rules.map { rule in
            SVGChart.Line(
                name: rule,
                points: figures.filter { $0.rule == rule }
                    .compactMap { figure in x(figure.scenario).map { ($0, figure.value) } }
                    .sorted { $0.0 < $1.0 },
                isOurs: rule == "gatewright 0.05" || rule == "gatewright")
        }.filter { $0.points.count > 1 }
        guard !lines.isEmpty else { return nil }
        let chart = SVGChart(
            title: title, xTitle: xTitle, yTitle: yTitle, lines: lines, yHighest: highest,
            mark: mark)
        return (name, chart.svg())
    }

    /// `…, within 1000 requests`
    private static func requests(_ scenario: String) -> Double? {
        number(in: scenario, after: "within ")
    }

    /// `drop 0.5 points, …`
    private static func drop(_ scenario: String) -> Double? { number(in: scenario, after: "drop ") }

    /// `… after 10000 requests`; 0 would not fit on a scale of powers of ten.
    private static func change(_ scenario: String) -> Double? {
        number(in: scenario, after: "after ").map { max($0, 1_000) }
    }

    private static func number(in scenario: String, after word: String) -> Double? {
        guard let range = scenario.firstRange(of: word) else { return nil }
        return Double(scenario[range.upperBound...].prefix { $0.isNumber || $0 == "." })
    }
}
