extension String {
    /// The text with control, bidi and invisible characters spelled out, safe for a terminal.
    package var printable: String {
        guard unicodeScalars.contains(where: { $0.isHidden || $0 == "\t" }) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar == "\t" {
                text += " "
            } else if scalar.isHidden {
                text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// The text in quotes, cut to a length that fits a message.
    var quoted: String {
        let text = unicodeScalars.count > 60 ? String(prefix(57)) + "..." : self
        return "\"\(text.printable)\""
    }

    /// How many letters must be added, taken away, replaced or swapped to get the other text.
    func distance(to other: String) -> Int {
        let (left, right) = (Array(utf8), Array(other.utf8))
        guard left.count <= 64, right.count <= 64 else { return Int.max }
        var rows = [Array(0...right.count)]
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let cost = left[row] == right[column] ? 0 : 1
                var best = Swift.min(
                    rows[row][column] + cost, rows[row][column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    best = Swift.min(best, rows[row - 1][column - 1] + 1)
                }
                current.append(best)
            }
            rows.append(current)
        }
        return rows[left.count][right.count]
    }

    /// The candidate that was most likely meant; `nil` when none is near.
    func nearest(of candidates: some Sequence<String>) -> String? {
        let folded = lowercased()
        let ranked = candidates.map { ($0.lowercased().distance(to: folded), $0) }
            .min { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0 < $1.0 }
        guard let ranked, ranked.0 <= Swift.max(1, Swift.min(3, utf8.count / 3)) else { return nil }
        return ranked.1
    }
}

extension Unicode.Scalar {
    /// Characters that change how a line looks without being seen (Trojan Source, 2021).
    var isBidiControl: Bool {
        switch value {
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    var isHidden: Bool {
        if isASCII { return value < 0x20 || value == 0x7F }
        return switch properties.generalCategory {
        case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator, .privateUse: true
        default: false
        }
    }
}
