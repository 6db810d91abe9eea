import RolloutCore

/// The grammar of numbers: what every YAML reader and every person reads the same way.
enum Number {
    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, not in quotes, finite.
    static func decimal(_ scalar: Item.Scalar) throws(Refusal) -> FiniteDouble {
        try check(scalar)
        guard let number = FiniteDouble(scalar.text) else {
            throw Refusal("the number is too large")
        }
        return number
    }

    static func whole(_ scalar: Item.Scalar, in range: ClosedRange<Int>) throws(Refusal) -> Int {
        try check(scalar)
        guard let number = Int(scalar.text) else { throw Refusal() }
        guard range.contains(number) else { throw Refusal("out of range") }
        return number
    }

    /// `95%` is 0.95 and `3pp` is 0.03, each the nearest number to what was written.
    static func hundredths(_ scalar: Item.Scalar, unit: String) throws(Refusal) -> FiniteDouble {
        let digits = try digits(of: scalar.text, before: unit)
        guard !digits.utf8.contains(where: { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }),
            let fraction = FiniteDouble(digits + "e-2")
        else { throw Refusal() }
        return fraction
    }

    /// A percentage in whole basis points, without going through a floating-point number.
    static func share(_ scalar: Item.Scalar) throws(Refusal) -> Share {
        let digits = try digits(of: scalar.text, before: "%")
        let parts = digits.utf8.split(separator: UInt8(ascii: "."))
        guard let first = parts.first, let whole = Int(String(first) ?? ""),
            (0...100).contains(whole)
        else { throw Refusal("a share is 0% to 100%") }
        var rest = 0
        if parts.count == 2, let decimals = String(parts[1]) {
            guard decimals.utf8.count <= 2, let value = Int(decimals) else {
                throw Refusal("a share has at most two decimals")
            }
            rest = decimals.utf8.count == 1 ? value * 10 : value
        }
        guard let share = Share(basisPoints: whole * 100 + rest) else {
            throw Refusal("a share is 0% to 100%")
        }
        return share
    }

    /// Bytes: `31MB` is 31,000,000 and `31MiB` is 32,505,856.
    static func size(_ scalar: Item.Scalar) throws(Refusal) -> Int64 {
        let units: [(String, Int64)] = [
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("KB", 1_000),
            ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1),
        ]
        for (unit, bytes) in units where scalar.text.hasSuffix(unit) {
            let digits = try digits(of: scalar.text, before: unit)
            guard let count = Int64(digits), count >= 0 else { throw Refusal("a whole number") }
            let (product, overflow) = count.multipliedReportingOverflow(by: bytes)
            guard !overflow else { throw Refusal("the size is too large") }
            return product
        }
        throw Refusal("a size has a unit: B, KB, MB, GB, KiB, MiB or GiB")
    }

    /// `400/s` is 24,000 requests a minute, and `90/min` is 90.
    static func rate(_ scalar: Item.Scalar) throws(Refusal) -> RequestRate {
        let units = [("/s", 60), ("/min", 1)]
        for (unit, minutely) in units where scalar.text.hasSuffix(unit) {
            let digits = try digits(of: scalar.text, before: unit)
            guard let count = Int(digits) else { throw Refusal("a whole number") }
            let (product, overflow) = count.multipliedReportingOverflow(by: minutely)
            guard !overflow, let rate = RequestRate(perMinute: product) else {
                throw Refusal("1/min to 100000000/s")
            }
            return rate
        }
        throw Refusal("a rate has a unit: /s or /min")
    }

    static func span(_ scalar: Item.Scalar) throws(Refusal) -> TimeSpan {
        guard let span = TimeSpan(scalar.text) else {
            throw Refusal("a whole number and one unit: ms, s, m, h or d")
        }
        if scalar.text.hasPrefix("0"), span != .zero { throw Refusal("leading zero") }
        return span
    }

    private static func digits(of text: String, before unit: String) throws(Refusal) -> String {
        guard text.hasSuffix(unit) else {
            throw Refusal(accepts(text) ? "the unit is missing" : nil)
        }
        let digits = String(text.dropLast(unit.count))
        guard accepts(digits) else { throw Refusal(suspicion(digits)) }
        return digits
    }

    private static func check(_ scalar: Item.Scalar) throws(Refusal) {
        guard accepts(scalar.text) else { throw Refusal(suspicion(scalar.text)) }
        guard scalar.isPlain else { throw Refusal("in quotes it is text, not a number") }
    }

    private static func accepts(_ text: String) -> Bool {
        var rest = Substring(text).utf8
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let whole = rest.prefix(while: isDigit)
        guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else {
            return false
        }
        rest = rest.dropFirst(whole.count)
        if rest.first == UInt8(ascii: ".") {
            let decimals = rest.dropFirst().prefix(while: isDigit)
            guard !decimals.isEmpty else { return false }
            rest = rest.dropFirst(decimals.count + 1)
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") {
                rest = rest.dropFirst()
            }
            return !rest.isEmpty && rest.allSatisfy(isDigit)
        }
        return rest.isEmpty
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    /// Names the trap: some YAML readers take these for numbers, each for another one.
    private static func suspicion(_ text: String) -> String? {
        let lower = text.lowercased()
        if lower.contains("nan") || lower.contains("inf") { return "not a finite number" }
        if lower.contains("0x") || lower.contains("0o") || lower.contains("0b") {
            return "only decimal numbers are taken"
        }
        guard lower.utf8.contains(where: isDigit) else { return nil }
        if lower.contains("_") { return "no _ between digits" }
        if lower.contains(":") { return "a : makes base 60 of it elsewhere" }
        if lower.contains(",") { return "no , between digits" }
        if lower.hasPrefix("0"), lower.utf8.count > 1 {
            return "a leading zero makes it octal elsewhere"
        }
        return nil
    }
}
