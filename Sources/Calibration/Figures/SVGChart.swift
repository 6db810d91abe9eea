import Foundation

/// A small self-contained line chart that reads well on light and dark pages.
package struct SVGChart: Sendable {
    package struct Line: Sendable {
        package let name: String
        package let points: [(x: Double, y: Double)]
        /// Ours is drawn thick, in the foreground.
        package let isOurs: Bool

        package init(name: String, points: [(x: Double, y: Double)], isOurs: Bool) {
            self.name = name
            self.points = points
            self.isOurs = isOurs
        }
    }

    let title: String
    let xTitle: String
    let yTitle: String
    let lines: [Line]
    let yHighest: Double
    /// A dashed line, with what it says.
    let mark: (y: Double, text: String)?

    package init(
        title: String, xTitle: String, yTitle: String, lines: [Line], yHighest: Double,
        mark: (y: Double, text: String)?
    ) {
        self.title = title
        self.xTitle = xTitle
        self.yTitle = yTitle
        self.lines = lines.filter { line in
            line.points.contains { $0.x > 0 && $0.x.isFinite && $0.y.isFinite }
        }
        self.yHighest = yHighest
        self.mark = mark
    }

    private static let colours = [
        "#d1495b", "#e08e1b", "#3b8ea5", "#7d5ba6", "#8fb339", "#a0785a", "#8a8d91", "#c05299",
        "#2f4b9c", "#c9a800", "#00a6a6", "#5a3e36",
    ]
    private static let (left, top, width, height) = (64.0, 54.0, 520.0, 310.0)

    /// x grows in powers of ten.
    package func svg() -> String {
        let xs = lines.flatMap { $0.points.map(\.x) }.filter { $0 > 0 && $0.isFinite }
        let low = log10(xs.min() ?? 1)
        let high = max(log10(xs.max() ?? 10), low + 0.1)
        func x(_ value: Double) -> Double {
            Self.left + (log10(max(value, 1e-300)) - low) / (high - low) * Self.width
        }
        func y(_ value: Double) -> Double {
            Self.top + (1 - min(max(value / yHighest, 0), 1)) * Self.height
        }
        var parts = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 430" role="img" \
            font-family="system-ui, sans-serif" font-size="13" fill="#808890">
            <title>\(Self.escaped(title))</title>
            """,
            text(title, at: (Self.left, 24), size: 16, weight: 600),
            text(xTitle, at: (Self.left + Self.width / 2, 418), anchor: "middle"),
            text(yTitle, at: (Self.left, 40)),
        ]
        for step in 0...4 {
            let value = yHighest * Double(step) / 4
            parts.append(rule(y(value), dashes: "", opacity: 0.25))
            parts.append(text(Self.short(value), at: (Self.left - 8, y(value) + 4), anchor: "end"))
        }
        for value in ticks {
            parts.append(
                text(
                    Self.short(value), at: (x(value), Self.top + Self.height + 20),
                    anchor: "middle"))
        }
        if let mark {
            parts.append(rule(y(mark.y), dashes: "5 4", opacity: 0.9))
            parts.append(text(mark.text, at: (Self.left + Self.width + 12, y(mark.y) + 4)))
        }
        // Ours last, so that it lies on top.
        let ordered = lines.filter { !$0.isOurs } + lines.filter(\.isOurs)
        for (index, line) in ordered.enumerated() {
            let colour = line.isOurs ? "#1a7f5a" : Self.colours[index % Self.colours.count]
            let points = line.points.filter { $0.x > 0 && $0.x.isFinite && $0.y.isFinite }
                .map { "\(Self.place(x($0.x))),\(Self.place(y($0.y)))" }
            parts.append(
                """
                <polyline fill="none" stroke="\(colour)" stroke-width="\(line.isOurs ? 4 : 2)" \
                points="\(points.joined(separator: " "))"/>
                """)
            // What does not fit says how far it goes.
            for point in line.points where point.y > yHighest && point.y.isFinite {
                parts.append(
                    text(
                        Self.short(point.y), at: (x(point.x), Self.top + 14), anchor: "middle"))
            }
            let row = Self.top + 10 + Double(ordered.count - 1 - index) * 22
            parts.append(
                """
                <rect x="604" y="\(Self.place(row - 8))" width="16" height="4" fill="\(colour)"/>
                """)
            parts.append(text(line.name, at: (628, row), weight: line.isOurs ? 600 : 400))
        }
        return (parts + ["</svg>", ""]).joined(separator: "\n")
    }

    private func rule(_ y: Double, dashes: String, opacity: Double) -> String {
        """
        <line x1="\(Self.left)" x2="\(Self.left + Self.width)" y1="\(Self.place(y))" \
        y2="\(Self.place(y))" stroke="#808890" stroke-dasharray="\(dashes)" opacity="\(opacity)"/>
        """
    }

    private func text(
        _ text: String, at place: (x: Double, y: Double), anchor: String = "start",
        size: Int = 13, weight: Int = 400
    ) -> String {
        """
        <text x="\(Self.place(place.x))" y="\(Self.place(place.y))" text-anchor="\(anchor)" \
        font-size="\(size)" font-weight="\(weight)">\(Self.escaped(text))</text>
        """
    }

    /// Where there are points; they are few.
    private var ticks: [Double] {
        Set(lines.flatMap { $0.points.map(\.x) }.filter { $0 > 0 && $0.isFinite }).sorted()
    }

    private static func place(_ value: Double) -> String { String(format: "%.1f", value) }

    private static func short(_ value: Double) -> String {
        switch value {
        case 1e6...: String(format: "%.3gM", value / 1e6)
        case 1e3...: String(format: "%.3gk", value / 1e3)
        default: String(format: "%.3g", value)
        }
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;")
    }
}
