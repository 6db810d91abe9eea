/// Integrals of smooth functions over an interval.
struct GaussLegendre: Sendable {
    let nodes: [Double]
    let weights: [Double]

    static let fine = GaussLegendre(192)

    /// Roots of the Legendre polynomial by Newton's method (Abramowitz and Stegun 25.4.29).
    init(_ count: Int) {
        var (nodes, weights): ([Double], [Double]) = ([], [])
        for index in 0..<count {
            var x = LogDomain.cosine(.pi * (Double(index) + 0.75) / (Double(count) + 0.5))
            var slope = 1.0
            for _ in 0..<60 {
                var (now, before) = (1.0, 0.0)
                for degree in 0..<count {
                    let d = Double(degree)
                    (now, before) = (((2 * d + 1) * x * now - d * before) / (d + 1), now)
                }
                slope = Double(count) * (x * now - before) / (x * x - 1)
                let step = now / slope
                x -= step
                if abs(step) < 1e-16 { break }
            }
            nodes.append(x)
            weights.append(2 / ((1 - x * x) * slope * slope))
        }
        (self.nodes, self.weights) = (nodes, weights)
    }

    /// Points and weights on an interval.
    func points(from low: Double, to high: Double) -> [(at: Double, weight: Double)] {
        let (middle, half) = ((low + high) / 2, (high - low) / 2)
        return zip(nodes, weights).map { (middle + half * $0, $1 * half) }
    }
}
