import Evidence

/// What planned looks cost and how much repeated looks do harm, computed rather than simulated,
/// beside the numbers in the books.
package enum PlannedLooksStudy: Study {
    package static let name = "planned-looks"
    package static let summary = "repeated tests and planned designs, beside published tables"

    /// Repeated two-sided tests at 5 %: probability of a false claim by number of looks
    /// (Armitage, McPherson and Rowe 1969, table 2).
    static let repeated = [
        (1, 0.050), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142), (10, 0.193), (20, 0.248),
        (50, 0.320),
    ]
    /// Constants at two-sided 5 % (Jennison and Turnbull 2000, tables 2.1 and 2.3).
    static let constants: [(looks: Int, pocock: Double, obrienFleming: Double)] = [
        (2, 2.178, 1.977), (3, 2.289, 2.004), (4, 2.361, 2.024), (5, 2.413, 2.040),
        (10, 2.555, 2.087),
    ]
    /// O'Brien-Fleming-like spending, one-sided 2.5 %, five looks (Lan and DeMets 1983).
    static let spending = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        let rejections = repeated.map { looks, published in
            figure(
                "\(looks) looks", "z at 5 % each look", "false-claim", falseClaims(looks: looks),
                published: published, within: 0.001)
        }
        let shapes = constants.flatMap { row in
            [
                (GroupSequentialDesign.Shape.pocock, "Pocock", row.pocock),
                (.obrienFleming, "O'Brien-Fleming", row.obrienFleming),
            ].map { shape, rule, published in
                figure(
                    "\(row.looks) looks", rule, "constant",
                    GroupSequentialDesign.constant(shape, looks: row.looks, alpha: 0.05) ?? .nan,
                    published: published, within: 0.001)
            }
        }
        let bounds = spendingBounds()
        let looks = spending.indices.map { index in
            figure(
                "look \(index + 1) of 5", "Lan-DeMets", "bound",
                bounds.indices.contains(index) ? bounds[index] : .nan,
                published: spending[index], within: 0.000_15)
        }
        return rejections + shapes + looks
    }

    static func falseClaims(looks: Int) -> Double {
        GroupSequentialDesign.crossing(
            bounds: Array(repeating: NormalDistribution.upperQuantile(0.025), count: looks),
            times: GroupSequentialDesign.evenTimes(looks), isTwoSided: true)
    }

    static func spendingBounds() -> [Double] {
        GroupSequentialDesign(
            times: GroupSequentialDesign.evenTimes(5), alpha: 0.025, spending: .obrienFleming)?
            .bounds ?? []
    }

    /// Promised to be what was published, up to one in its last digit.
    private static func figure(
        _ scenario: String, _ rule: String, _ measure: String, _ value: Double,
        published: Double, within slack: Double
    ) -> StudyFigure {
        StudyFigure(
            study: name, scenario: scenario, rule: rule, measure: measure, value: value,
            standardError: nil, repetitions: 0,
            promise: .init(atMost: published + slack, atLeast: published - slack))
    }
}
