import Foundation

/// Numbers of a table, read from bytes.
enum CSVNumber {
    /// 10⁰ … 10¹⁹: all that fit in 64 bits.
    private static let powers: [UInt64] = {
        var powers: [UInt64] = [1]
        while powers.count < 20 { powers.append((powers.last ?? 1) * 10) }
        return powers
    }()

    /// The nearest double, whether it is written as a whole number, or `nil` for another word.
    static func parse(_ cell: UnsafeBufferPointer<UInt8>) -> (value: Double, isWhole: Bool)? {
        var index = 0
        var isNegative = false
        guard cell.count > 0 else { return nil }
        if cell[0] == UInt8(ascii: "-") || cell[0] == UInt8(ascii: "+") {
            isNegative = cell[0] == UInt8(ascii: "-")
            index = 1
        }
        var (digits, mantissa, fraction) = (0, UInt64(0), 0)
        var sawPoint = false
        while index < cell.count {
            let byte = cell[index]
            let digit = byte &- UInt8(ascii: "0")
            if digit < 10 {
                // Beyond 19 digits a mantissa does not fit: the slow way is right for any length.
                if digits == 19, mantissa > 0 { return slow(cell) }
                mantissa = mantissa &* 10 &+ UInt64(digit)
                if mantissa > 0 { digits += 1 }
                if sawPoint { fraction += 1 }
            } else if byte == UInt8(ascii: "."), !sawPoint {
                sawPoint = true
            } else {
                return slow(cell)
            }
            index += 1
        }
        // A sign and a point without a digit are no number.
        let sign = cell[0] == UInt8(ascii: "-") || cell[0] == UInt8(ascii: "+") ? 1 : 0
        guard index > sign + (sawPoint ? 1 : 0) else { return nil }
        guard fraction < powers.count else { return slow(cell) }
        let value = quotient(mantissa, powers[fraction])
        return (isNegative ? -value : value, !sawPoint)
    }

    /// mantissa/power, rounded once, to nearest with ties to even.
    private static func quotient(_ mantissa: UInt64, _ power: UInt64) -> Double {
        if power == 1 { return Double(mantissa) }
        if mantissa < 1 << 53, power <= 1_000_000_000_000_000 {
            // Both are exact, so that one division rounds once.
            return Double(mantissa) / Double(power)
        }
        // Both shifted to the top bit; the dividend one less, so that the quotient fits.
        let (up, down) = (mantissa.leadingZeroBitCount, power.leadingZeroBitCount)
        let dividend = mantissa << UInt64(up)
        let divisor = power << UInt64(down)
        let (low, rest) = divisor.dividingFullWidth((dividend >> 1, dividend << 63))
        // At least 63 bits of the quotient: what is lost shows in the last one.
        let sticky = rest == 0 ? low : low | 1
        return Double(sign: .plus, exponent: down - up - 63, significand: Double(sticky))
    }

    /// Exponents, many digits, infinities.
    private static func slow(_ cell: UnsafeBufferPointer<UInt8>) -> (value: Double, isWhole: Bool)?
    {
        guard cell.count < 400 else { return nil }
        let text = String(decoding: cell, as: UTF8.self)
        switch text.lowercased() {
        case "inf", "+inf", "infinity", "+infinity": return (.infinity, false)
        case "-inf", "-infinity": return (-.infinity, false)
        default: break
        }
        // Not "0x10" nor "nan", which `Double` would read.
        guard text.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }),
            let value = Double(text)
        else { return nil }
        return (value, text.allSatisfy { $0.isNumber || $0 == "-" || $0 == "+" })
    }

    private static let missingWords: Set<String> = [
        "", "NA", "N/A", "n/a", "nan", "NaN", "-nan", "-NaN", "null", "NULL", "None", "<NA>",
        "#N/A",
        "#NA", "1.#QNAN", "1.#IND", "-1.#IND", "-1.#QNAN", "#N/A N/A",
    ]

    /// Whether a cell stands for no value (the words that pandas knows).
    static func isMissing(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
        if cell.isEmpty { return true }
        guard cell.count <= 9 else { return false }
        switch cell[0] {
        case UInt8(ascii: "N"), UInt8(ascii: "n"), UInt8(ascii: "-"), UInt8(ascii: "<"),
            UInt8(ascii: "#"), UInt8(ascii: "1"):
            return missingWords.contains(String(decoding: cell, as: UTF8.self))
        default: return false
        }
    }
}
