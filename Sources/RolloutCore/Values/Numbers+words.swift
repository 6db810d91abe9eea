// Numbers for people, without Foundation and without a locale: one spelling everywhere, because
// these texts are recorded and must be the same bytes when they are recomputed.

/// `18,204`
package func grouped(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
        text.append(digit)
    }
    return number < 0 ? "−" + text : text
}

/// A number with at most so many decimals (0 to 6); trailing zeros stay away: `97.2`, `95`.
package func decimal(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "–" }
    let places = min(max(digits, 0), 6)
    let scale = (0..<places).reduce(1.0) { product, _ in product * 10 }
    let scaled = (abs(value) * scale).rounded()
    guard let whole = Int64(exactly: scaled), let divisor = Int64(exactly: scale) else {
        return "–"
    }
    let (integer, rest) = whole.quotientAndRemainder(dividingBy: divisor)
    var text = grouped(Int(integer))
    if rest != 0 {
        let padded = String(String(divisor + rest).dropFirst())
        text += "." + padded.trimmingTrailingZeros
    }
    return value < 0 && whole != 0 ? "−" + text : text
}

/// With its sign, also when it is positive: `+12.4`, `−5`.
package func signedDecimal(_ value: Double, _ digits: Int) -> String {
    let text = decimal(value, digits)
    return value > 0 && text != "0" && text != "–" ? "+" + text : text
}

/// `95 %`, `0.5 %`
package func percent(_ fraction: Double) -> String { decimal(fraction * 100, 2) + " %" }

extension String {
    fileprivate var trimmingTrailingZeros: String {
        var text = self
        while text.last == "0" { text.removeLast() }
        return text
    }
}
