/// ζ(s) for real s > 1.
package enum RiemannZeta {
    /// By Euler and Maclaurin's summation (DLMF 25.2.9) from the 20th term; not-a-number for s ≤ 1.
    package static func value(_ s: Double) -> Double {
        guard s > 1 else { return .nan }
        let n = 20.0
        var sum = 0.0
        for k in stride(from: n - 1, through: 1, by: -1) { sum += Elementary.power(k, -s) }
        let tail = Elementary.power(n, -s)
        sum += tail * (n / (s - 1) + 0.5)
        // B_2k / (2k)! · s (s+1) … (s+2k-2) n^(-s-2k+1)
        let bernoulli = [1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2_730]
        var rising = s
        var factorial = 2.0
        var power = tail / n
        for (index, number) in bernoulli.enumerated() {
            sum += number / factorial * rising * power
            let k = 2 * Double(index + 1)
            rising *= (s + k - 1) * (s + k)
            factorial *= (k + 1) * (k + 2)
            power /= n * n
        }
        return sum
    }
}
