#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The C library's functions by names that the modules of this package can share.
package enum Elementary {
    /// Natural logarithm; -infinity of 0, not-a-number below.
    package static func log(_ x: Double) -> Double { libraryLog(x) }
    package static func exp(_ x: Double) -> Double { libraryExp(x) }
    /// log(1 + x), exact near 0.
    package static func log1p(_ x: Double) -> Double { libraryLog1p(x) }
    /// e^x - 1, exact near 0.
    package static func expm1(_ x: Double) -> Double { libraryExpm1(x) }
    package static func erf(_ x: Double) -> Double { libraryErf(x) }
    /// 1 - erf(x), exact in the far tail.
    package static func erfc(_ x: Double) -> Double { libraryErfc(x) }
    package static func power(_ base: Double, _ exponent: Double) -> Double {
        libraryPow(base, exponent)
    }

    /// log(1 - e^x) for x < 0, exact at both ends (Mächler 2012).
    package static func log1mexp(_ x: Double) -> Double {
        x > -LogDomain.log2 ? libraryLog(-libraryExpm1(x)) : libraryLog1p(-libraryExp(x))
    }
}

private func libraryLog(_ x: Double) -> Double { log(x) }
private func libraryExp(_ x: Double) -> Double { exp(x) }
private func libraryLog1p(_ x: Double) -> Double { log1p(x) }
private func libraryExpm1(_ x: Double) -> Double { expm1(x) }
private func libraryErf(_ x: Double) -> Double { erf(x) }
private func libraryErfc(_ x: Double) -> Double { erfc(x) }
private func libraryPow(_ x: Double, _ y: Double) -> Double { pow(x, y) }
