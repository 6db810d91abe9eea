import Evidence

/// The population stability index of windows without any drift, by size of window.
package enum DriftStudy: Study {
    package static let name = "drift"
    package static let summary = "stability index without drift: false alarms by window size"

    package static let reference = 5_000

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        [30, 100, 200, 500, 1_000, 5_000, 100_000].flatMap { size -> [StudyFigure] in
            let full = size > 10_000 ? 100 : 2_000
            let windows = sample(size, seed: seed, repetitions: effort.repetitions(full: full))
            let scenario = "windows of \(size)"
            func rate(_ rule: String, _ alarms: [Bool]) -> StudyFigure {
                Estimate(rateOf: alarms).figure(name, scenario, rule, "false-alarm")
            }
            return [
                rate("deciles, index above 0.1", windows.map { $0.deciles > 0.1 }),
                rate("deciles, index above 0.25", windows.map { $0.deciles > 0.25 }),
                rate("Evidently, index of 0.1", windows.map { $0.evidently >= 0.1 }),
                rate("size-aware bound", windows.map { $0.smoothed >= bound(size) }),
                Estimate(meanOf: windows.map(\.deciles)).figure(
                    name, scenario, "deciles", "mean-index"),
                StudyFigure(
                    study: name, scenario: scenario, rule: "deciles", measure: "expected-index",
                    value: 9 * (1 / Double(size) + 1 / Double(reference)), standardError: nil,
                    repetitions: 0),
            ]
        }
    }

    /// The 95 % point of χ² with 9 degrees of freedom, times 1/n + 1/m.
    static func bound(_ size: Int) -> Double {
        16.918_977_604_620_448 * (1 / Double(size) + 1 / Double(reference))
    }

    struct Window: Sendable {
        let deciles: Double
        let evidently: Double
        let smoothed: Double
    }

    /// Uniform measurements against a reference of 5,000 of them.
    static func sample(_ size: Int, seed: UInt64, repetitions: Int) -> [Window] {
        Repetitions.run(repetitions, seed: Repetitions.seed(seed, "window \(size)")) { random in
            let past = (0..<reference).map { _ in random.uniform() }.sorted()
            let now = (0..<size).map { _ in random.uniform() }
            let edges = (1..<10).map { past[$0 * reference / 10] }
            let (old, new) = (histogram(past, edges), histogram(now, edges))
            // Equal widths over both samples, as many as Sturges' rule says (1926).
            let low = min(past.first ?? 0, now.min() ?? 0)
            let high = max(past.last ?? 1, now.max() ?? 1)
            let count = sturges(reference + size)
            let even = (1..<count).map { low + (high - low) * Double($0) / Double(count) }
            return Window(
                deciles: index(shares(old, floor: 1e-4), shares(new, floor: 1e-4)),
                evidently: index(
                    shares(histogram(past, even), floor: 1e-4),
                    shares(histogram(now, even), floor: 1e-4)),
                smoothed: index(smoothed(old), smoothed(new)))
        }
    }

    /// The index of windows of `size` against known shares of ten equal bins.
    package static func knownBins(_ size: Int, seed: UInt64, repetitions: Int) -> [Double] {
        let equal = [Double](repeating: 0.1, count: 10)
        return Repetitions.run(repetitions, seed: Repetitions.seed(seed, "known \(size)")) {
            random in
            var counts = [Int](repeating: 0, count: 10)
            for _ in 0..<size { counts[Int(random.next() % 10)] += 1 }
            return index(equal, shares(counts, floor: 1e-4))
        }
    }

    private static func sturges(_ count: Int) -> Int {
        Int((LogDomain.log(Double(max(count, 1))) / LogDomain.log2 + 1).rounded(.up))
    }

    private static func histogram(_ values: [Double], _ edges: [Double]) -> [Int] {
        var counts = [Int](repeating: 0, count: edges.count + 1)
        for value in values { counts[edges.count { $0 <= value }] += 1 }
        return counts
    }

    private static func shares(_ counts: [Int], floor: Double) -> [Double] {
        let total = Double(max(counts.reduce(0, +), 1))
        return counts.map { $0 == 0 ? floor : Double($0) / total }
    }

    private static func smoothed(_ counts: [Int]) -> [Double] {
        let total = Double(counts.reduce(0, +)) + 0.5 * Double(counts.count)
        return counts.map { (Double($0) + 0.5) / total }
    }

    private static func index(_ reference: [Double], _ current: [Double]) -> Double {
        zip(reference, current).reduce(0) { $0 + ($1.0 - $1.1) * LogDomain.log($1.0 / $1.1) }
    }
}
