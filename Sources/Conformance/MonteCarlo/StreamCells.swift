import Calibration
import Evidence

/// Cells about values that arrive one by one and do not change: how often a detector says they do.
enum StreamCells {
    /// Repetitions here, and at the least there.
    private static let repetitions = 40.0

    private enum Detector {
        case adaptiveWindow, pageHinkley(PageHinkley), window
    }

    /// `river ADWIN delta=.002 null Bernoulli(.05) 50000 obs`
    static func check(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard let detector = detector(name),
            let length = name.split(separator: " ").dropLast().last.flatMap({ Int($0) }),
            (100...1_000_000).contains(length),
            name.contains("null N(0,1)") || name.contains("null Bernoulli(.05)")
        else { return false }
        let isNormal = name.contains("N(0,1)")
        let seed = Repetitions.seed(MonteCarloVectors.seed, name)
        let alarms = Repetitions.run(Int(repetitions), seed: seed) { random -> Int in
            func draw(_ random: inout SeededRandom) -> Double {
                isNormal ? random.normal() : random.bernoulli(0.05) ? 1 : 0
            }
            switch detector {
            case .adaptiveWindow: return count(AdaptiveWindow(), length, &random, draw)
            case .pageHinkley(let one): return count(one, length, &random, draw)
            case .window:
                var window = KolmogorovSmirnovWindow()
                var alarms = 0
                for _ in 0..<length {
                    let value = draw(&random)
                    if window.update(value, &random) { alarms += 1 }
                }
                return alarms
            }
        }
        report.check(name) { one in
            one.expectRate(
                "any", Estimate(rateOf: alarms.map { $0 > 0 }), cell["frac_any"],
                theirs: repetitions)
            // Alarms are counted as Poisson's are, so a few of them say little.
            let mean = Estimate(meanOf: alarms.map(Double.init))
            let expected = cell["mean_alarms"]?.double ?? .nan
            let error = ((max(mean.value, expected) + 0.05) * 2 / repetitions).squareRoot()
            one.expectSimulated("mean", mean.value, cell["mean_alarms"], allowance: 4 * error)
        }
        return true
    }

    private static func detector(_ name: String) -> Detector? {
        if name.hasPrefix("river ADWIN delta=.002 ") { return .adaptiveWindow }
        if name.hasPrefix("river KSWIN alpha=.005 ") { return .window }
        if name.hasPrefix("river PageHinkley default ") { return .pageHinkley(PageHinkley()) }
        if name.hasPrefix("river PageHinkley delta=.005 thr=50 mode=up ") {
            return .pageHinkley(PageHinkley(direction: .up))
        }
        return nil
    }

    private static func count(
        _ detector: some ChangeDetector, _ length: Int, _ random: inout SeededRandom,
        _ draw: (inout SeededRandom) -> Double
    ) -> Int {
        var detector = detector
        var alarms = 0
        for _ in 0..<length where detector.update(draw(&random)) == .drift { alarms += 1 }
        return alarms
    }
}
