import Calibration
import Evidence

/// Cells about means: of scores between 0 and 1, and of skewed measurements.
enum BoundedCells {
    private static let seed = MonteCarloVectors.seed

    /// `bounded betting null Beta mean .9 alpha=0.05 20000 obs`, `bounded betting mean=0.89 …`
    static func check(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard name.hasPrefix("bounded betting "), let alpha = name.number(after: "alpha="),
            alpha > 0, alpha < 0.5
        else { return false }
        if name.hasPrefix("bounded betting null Beta mean .9 ") {
            let times = BoundedMeanStudy.alarms(
                mean: BoundedMeanStudy.limit, alpha: alpha, horizon: 20_000, seed: seed,
                repetitions: 200)
            report.check(name) { one in
                one.expectRate("rate", Estimate(rateOf: times.map { $0 != nil }), cell)
            }
            return true
        }
        guard let mean = name.number(after: "mean="), mean > 0.5, mean < BoundedMeanStudy.limit
        else { return false }
        let gain = BoundedMeanStudy.gain(mean: mean)
        let bound = -LogDomain.log(alpha) / gain.information
        let times = BoundedMeanStudy.alarms(
            mean: mean, alpha: alpha, horizon: Int(bound * 20) + 1_000, tick: 5,
            seed: seed,
            repetitions: 100)
        report.check(name) { one in
            one.expectRate("power", Estimate(rateOf: times.map { $0 != nil }), cell["power"])
            one.expectMean(
                "mean", Estimate(meanOf: times.compactMap { $0.map(Double.init) }), cell["meanN"])
            one.expect("bound", bound, cell["bound"], within: .relative(1e-6))
            one.expect("bet", gain.bet, cell["lambda_star"], within: .relative(1e-4))
            one.expect(
                "ratio", (cell["meanN"]?.double ?? .nan) / bound, cell["ratio"],
                within: .relative(1e-6))
        }
        return true
    }
}
