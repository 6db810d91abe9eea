import Evidence
import Foundation

/// Bounds and crossing probabilities of group-sequential designs, by key: how many looks, which
/// level and which spending stand in the keys' text.
package enum GroupSequentialVectors: VectorFamily {
    private static let known: Set<String> = [
        "provenance", "armitage_mcpherson_rowe_1969_two_sided_5pct",
        "jennison_turnbull_tables_2_1_2_3", "lan_demets_obf_published_K5_one_sided_025", "bounds",
    ]
    /// The reference says of itself that its bounds are good to about 1e-6.
    private static let tolerance = Tolerance.relative(2e-6, absolute: 2e-6)

    package static func recognises(_ document: VectorValue) -> Bool {
        document["bounds"]?.object != nil || document["jennison_turnbull_tables_2_1_2_3"] != nil
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        let armitage = document["armitage_mcpherson_rowe_1969_two_sided_5pct"]?.object ?? [:]
        for (key, value) in armitage.sorted(by: { $0.key < $1.key }) {
            report.check("repeated two-sided 5 % tests, K=\(key)") { vector in
                guard let looks = Int(key) else { return vector.isUnknown("K is no number") }
                let bound = NormalDistribution.upperQuantile(0.025)
                let found = GroupSequentialDesign.crossing(
                    bounds: Array(repeating: bound, count: looks),
                    times: GroupSequentialDesign.evenTimes(looks), isTwoSided: true)
                vector.expect("computed", found, value["computed"], within: tolerance)
                vector.expect("published", found, value["published"], within: .absolute(1.1e-3))
            }
        }
        let tables = document["jennison_turnbull_tables_2_1_2_3"]?.object ?? [:]
        for (key, value) in tables.sorted(by: { $0.key < $1.key }) {
            report.check("Jennison and Turnbull, K=\(key)") { vector in
                guard let looks = Int(key) else { return vector.isUnknown("K is no number") }
                for (name, shape) in [
                    ("pocock", GroupSequentialDesign.Shape.pocock), ("obf", .obrienFleming),
                ] {
                    let found = GroupSequentialDesign.constant(shape, looks: looks, alpha: 0.05)
                    vector.expect(name, found, value["\(name)_computed"], within: tolerance)
                    vector.expect(
                        "\(name) published", found, value["\(name)_published"],
                        within: .absolute(6e-4))
                }
            }
        }
        checkPublished(document["lan_demets_obf_published_K5_one_sided_025"], &report)
        for (key, value) in (document["bounds"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            report.check(key) { vector in checkBounds(key, value, &vector) }
        }
        for key in (document.object ?? [:]).keys.sorted() where !known.contains(key) {
            report.skip(key, because: "not a table of bounds that is known")
        }
    }

    private static func checkPublished(_ published: VectorValue?, _ report: inout VectorReport) {
        guard let published, let looks = published.doubles?.count else { return }
        report.check("Lan and DeMets, K=\(looks), one-sided 2.5 %") { vector in
            let design = GroupSequentialDesign(
                times: GroupSequentialDesign.evenTimes(looks), alpha: 0.025,
                spending: .obrienFleming)
            vector.expect("z", design?.bounds ?? [], published, within: .absolute(2e-4))
        }
    }

    /// `K=5,alpha=0.025,power-family phi=1 (linear) one-sided`
    private static func checkBounds(
        _ key: String, _ value: VectorValue, _ vector: inout VectorCase
    ) {
        func number(after mark: String) -> Double? {
            key.range(of: mark).flatMap { String(key[$0.upperBound...]).numbers.first?.value }
        }
        let spending: GroupSequentialDesign.Spending
        if key.contains("OBF") {
            spending = .obrienFleming
        } else if key.contains("power"), let phi = number(after: "phi=") {
            spending = .power(phi)
        } else {
            return vector.isUnknown("another way of spending")
        }
        guard let alpha = number(after: "alpha="), let times = value["t"]?.doubles else {
            return vector.isUnknown("no level or no times")
        }
        let design = GroupSequentialDesign(
            times: times, alpha: alpha, spending: spending, isTwoSided: key.contains("two-sided"))
        vector.expect("z", design?.bounds ?? [], value["z"], within: tolerance)
    }
}
