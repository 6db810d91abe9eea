import ArgumentParser
import RolloutCore

/// A part of a whole as people write it: `0.5%`, `0.5 %`, `0.005`.
struct Fraction: ExpressibleByArgument, Hashable {
    let value: Double

    init(_ value: Double) { self.value = value }

    init?(argument: String) {
        var text = argument.filter { $0 != " " }
        let isPercent = text.hasSuffix("%")
        if isPercent { text.removeLast() }
        // Double reads "inf", "nan" and hexadecimal too; nobody means those.
        guard text.allSatisfy({ "0123456789.eE+-".contains($0) }), let number = Double(text),
            number.isFinite
        else { return nil }
        value = isPercent ? number / 100 : number
    }

    /// - Throws: a `ValidationError` that names the option.
    func inside(_ range: ClosedRange<Double>, _ option: String) throws -> Double {
        guard range.contains(value) else {
            throw ValidationError(
                "\(option) is \(percentage(value)); expected \(percentage(range.lowerBound)) to "
                    + percentage(range.upperBound))
        }
        return value
    }
}

/// So many of so many: `12/3000`.
struct CountOf: ExpressibleByArgument, Hashable {
    let count: Int
    let trials: Int

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Self.whole(parts[0]), let trials = Self.whole(parts[1]),
            count <= trials, trials > 0
        else { return nil }
        (self.count, self.trials) = (count, trials)
    }

    /// `60000`, `60,000` or `60_000`.
    static func whole(_ text: some StringProtocol) -> Int? {
        let digits = String(text).filter { $0 != " " && $0 != "," && $0 != "_" }
        guard digits.allSatisfy(\.isASCII), let number = Int(digits), number >= 0,
            number <= 1 << 53
        else { return nil }
        return number
    }
}

/// Numbers with commas between them: `317,4683`, `5,95`, `5%,95%`.
struct NumberList: ExpressibleByArgument, Hashable {
    let values: [Double]

    init?(argument: String) {
        var values: [Double] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            guard let part = Fraction(argument: String(part)) else { return nil }
            values.append(part.value)
        }
        self.values = values
    }
}

/// `p99`, `99%` or `0.99`.
struct QuantileLevel: ExpressibleByArgument, Hashable {
    let value: Double

    init?(argument: String) {
        let isP = argument.hasPrefix("p") || argument.hasPrefix("P")
        guard let number = Fraction(argument: isP ? String(argument.dropFirst()) : argument)
        else { return nil }
        let level = isP ? number.value / 100 : number.value
        guard level > 0, level < 1 else { return nil }
        value = level
    }

    var words: String { "p" + decimal(value * 100, 4) }
}

/// A measurement with its unit: `300ms`, `300 ms`, `0.3`.
struct Quantity: ExpressibleByArgument, Hashable {
    let value: Double
    let unit: String

    init?(argument: String) {
        let text = argument.filter { $0 != " " }
        let number = text.prefix { "0123456789.+-".contains($0) }
        let unit = text.dropFirst(number.count)
        guard let value = Double(number), value.isFinite, unit.count <= 12,
            unit.allSatisfy({ $0.isLetter || $0 == "/" || $0 == "%" })
        else { return nil }
        self.value = value
        self.unit = unit.isEmpty ? "" : " " + unit
    }

    func words(_ value: Double) -> String { significant(value, 4) + unit }
}

/// `1.23 %` with three significant digits, so that rare errors do not read as 0.
func percentage(_ fraction: Double) -> String { significant(fraction * 100, 3) + " %" }

/// `+0.3 pp`
func points(_ difference: Double) -> String {
    let text = significant(difference * 100, 3)
    return (difference > 0 && text != "0" ? "+" : "") + text + " pp"
}

/// At least so many significant digits, and at most six decimals.
func significant(_ value: Double, _ digits: Int) -> String {
    var (places, size) = (digits - 1, abs(value))
    while size >= 10, places > 0 { (size, places) = (size / 10, places - 1) }
    while size > 0, size < 1, places < 6 { (size, places) = (size * 10, places + 1) }
    return decimal(value, places)
}

/// `= 0.031` or `< 0.000001`
func pValue(_ p: Double) -> String {
    p < 1e-6 ? "< 0.000001" : "= \(significant(p, 2))"
}
