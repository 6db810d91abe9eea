/// Pelz and Good 1976: the Kolmogorov distribution to terms of n^(-3/2), in the form of Jacobi's
/// transform (equations as in Simard and L'Ecuyer 2011, section 2.4).
enum PelzGood {
    static func cdf(_ d: Double, n: Double) -> Double {
        let z = n.squareRoot() * d
        let z2 = z * z
        let z4 = z2 * z2
        let z6 = z4 * z2
        let pi2 = Double.pi * Double.pi
        let pi4 = pi2 * pi2
        let pi6 = pi4 * pi2
        if pi2 / 8 / z2 > 708 { return 0 }
        let rootTwoPi = (2 * Double.pi).squareRoot()
        var (k0, k1, k2, k3) = (0.0, 0.0, 0.0, 0.0)
        let terms = max(1, (16 * z / .pi).rounded(.up))
        for k in stride(from: terms, through: 1, by: -1) {
            let m2 = (2 * k - 1) * (2 * k - 1)
            let m4 = m2 * m2
            let weight = Elementary.exp(-m2 * pi2 / (8 * z2))
            k0 += weight
            k1 += weight * (-z2 + pi2 / 4 * m2)
            k2 +=
                weight
                * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * pi2 / 4 * m2
                    + pi4 * (1 - 2 * z2) / 16 * m4)
            let third = -30 * z6 - 90 * z4 * z4 + pi2 * (135 * z4 - 96 * z6) / 4 * m2
            let fourth = pi4 * (-60 * z2 + 212 * z4) / 16 * m4
            k3 += weight * (third + fourth + pi6 * (5 - 30 * z2) / 64 * m4 * m2)
        }
        k0 *= rootTwoPi / z
        k1 *= rootTwoPi / (6 * z4)
        k2 *= rootTwoPi / (72 * z4 * z2 * z)
        k3 *= rootTwoPi / (6_480 * z4 * z4 * z2)
        for k in stride(from: terms, through: 1, by: -1) {
            let square = k * k
            let weight = Elementary.exp(-square * pi2 / (2 * z2))
            k2 -= square * weight * pi2 * rootTwoPi / (36 * z2 * z)
            k3 += (3 * z2 - pi2 * square) * square * weight * pi2 * rootTwoPi / (216 * z6)
        }
        return k0 + k1 / n.squareRoot() + k2 / n + k3 / (n * n.squareRoot())
    }
}
