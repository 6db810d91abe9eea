#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension Elementary {
    /// Exact for powers of 2, which decide over the number of bins.
    package static func log2(_ x: Double) -> Double { libraryLog2(x) }
}

private func libraryLog2(_ x: Double) -> Double { log2(x) }
