/// The edges of exponential buckets: with scale s they are the powers of 2^(2^-s), and bucket i
/// holds base^i < x ≤ base^(i+1), as in OpenTelemetry's exponential histograms and Prometheus'
/// native ones (whose buckets are numbered one higher).
package struct ExponentialBuckets: Codable, Sendable, Hashable {
    /// -10...20; each step halves the buckets' width on a scale of logarithms.
    package let scale: Int

    /// - Throws: `InvalidEvidence` for another scale.
    package init(scale: Int) throws(InvalidEvidence) {
        guard (-10...20).contains(scale) else {
            throw InvalidEvidence(
                .outOfRange, found: "a scale of \(scale)", expected: "-10 to 20")
        }
        self.scale = scale
    }

    /// The edge below bucket `index`, which is not in it: 0 or infinity beyond what a Double holds.
    package func edge(_ index: Int) -> Double {
        if scale <= 0 {
            let (exponent, overflow) = index.multipliedReportingOverflow(by: 1 << -scale)
            return overflow ? (index < 0 ? 0 : .infinity) : Self.power(exponent)
        }
        let part = index & (1 << scale - 1)
        return Self.power(index >> scale) * significand(part)
    }

    /// The bucket of a number above 0, exactly: the edges around it are compared with it. What is
    /// below the smallest normal number counts as that.
    package func index(_ value: Double) -> Int? {
        guard value > 0, value.isFinite else { return nil }
        let value = max(value, .leastNormalMagnitude)
        let (exponent, digits) = (Int(value.exponent), value.significand)
        // A power of two is the upper edge of its bucket.
        if scale <= 0 { return (digits == 1 ? exponent - 1 : exponent) >> -scale }
        if digits == 1 { return exponent << scale - 1 }
        let count = 1 << scale
        let guess = LogDomain.log(digits) / LogDomain.log2 * Double(count)
        var part = min(max(Int(exactly: guess.rounded(.down)) ?? 0, 0), count - 1)
        while part > 0, digits <= significand(part) { part -= 1 }
        while part < count - 1, digits > significand(part + 1) { part += 1 }
        return exponent << scale + part
    }

    /// 2^(part/2^scale), at least 1 and below 2.
    private func significand(_ part: Int) -> Double {
        part == 0 ? 1 : Elementary.power(2, Double(part) / Double(1 << scale))
    }

    private static func power(_ exponent: Int) -> Double {
        if exponent > 1_023 { return .infinity }
        return exponent < -1_074 ? 0 : Double(sign: .plus, exponent: exponent, significand: 1)
    }
}
