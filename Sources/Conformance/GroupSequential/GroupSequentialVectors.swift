import Evidence

/// Bounds and crossing probabilities of group-sequential designs, by key: how many looks, which
/// level and which spending stand in the keys' text.
package enum GroupSequentialVectors: VectorFamily {
    /// The reference says of itself that its bounds are good to about 1e-6.
    private static let tolerance = Tolerance.relative(2e-6, absolute: 2e-6)

    private static func isTable(_ key: String) -> Bool {
        key == "bounds" || key.hasPrefix("armitage") || key.hasPrefix("jennison_turnbull")
            || key.hasPrefix("lan_demets")
    }

    package static func recognises(_ document: VectorValue) -> Bool {
        (document.object ?? [:]).contains { key, value in
            isTable(key) && (value.object != nil || value.list != nil)
        }
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        for (key, table) in (document.object ?? [:]).sorted(by: { $0.key < $1.key })
        where key != "provenance" {
            if key.hasPrefix("lan_demets") {
                report.check(key) { checkPublished(key, table, &$0) }
                continue
            }
            guard isTable(key), let rows = table.object else {
                report.skip(key, because: "not a table of bounds that is known")
                continue
            }
            for (name, row) in rows.sorted(by: { $0.key < $1.key }) {
                report.check("\(key): \(name)") { vector in
                    if key == "bounds" {
                        checkBounds(name, row, &vector)
                    } else if key.hasPrefix("armitage") {
                        checkCrossing(key, name, row, &vector)
                    } else {
                        checkConstants(key, name, row, &vector)
                    }
                }
            }
        }
    }

    /// `two_sided_5pct`, `one_sided_025`, `alpha_05`: a share in percent or the digits after a
    /// point.
    private static func level(_ key: String) -> Double? {
        let parts = key.lowercased().split(separator: "_").map(String.init)
        for (index, part) in parts.enumerated() {
            if part.hasSuffix("pct"), let percent = Double(part.dropLast(3)) {
                return percent / 100
            }
            if part.hasPrefix("0"), part.count > 1, index > 0,
                ["sided", "alpha"].contains(parts[index - 1])
            {
                return Double("0." + part)
            }
        }
        return nil
    }

    private static func isTwoSided(_ key: String) -> Bool? {
        if key.contains("two_sided") || key.contains("two-sided") { return true }
        return key.contains("one_sided") || key.contains("one-sided") ? false : nil
    }

    private static func checkCrossing(
        _ table: String, _ name: String, _ row: VectorValue, _ vector: inout VectorCase
    ) {
        guard let looks = Int(name), (1...1_000).contains(looks), let level = level(table) else {
            return vector.isUnknown("no number of looks, or no level")
        }
        let isTwoSided = isTwoSided(table) ?? true
        let bound = NormalDistribution.upperQuantile(isTwoSided ? level / 2 : level)
        let found = GroupSequentialDesign.crossing(
            bounds: Array(repeating: bound, count: looks),
            times: GroupSequentialDesign.evenTimes(looks), isTwoSided: isTwoSided)
        vector.expect("computed", found, row["computed"], within: tolerance)
        if let published = row["published"] {
            // Printed to three digits, and cut off in places.
            vector.expect("published", found, published, within: .absolute(1.1e-3))
        }
    }

    private static func checkConstants(
        _ table: String, _ name: String, _ row: VectorValue, _ vector: inout VectorCase
    ) {
        guard let looks = Int(name), (1...1_000).contains(looks) else {
            return vector.isUnknown("no number of looks")
        }
        for (word, shape) in [
            ("pocock", GroupSequentialDesign.Shape.pocock), ("obf", .obrienFleming),
        ] {
            guard let computed = row["\(word)_computed"] else { continue }
            let found = GroupSequentialDesign.constant(
                shape, looks: looks, alpha: level(table) ?? 0.05,
                isTwoSided: isTwoSided(table) ?? true)
            vector.expect(word, found, computed, within: tolerance)
            if let published = row["\(word)_published"] {
                vector.expect(
                    "\(word) published", found, published, within: .absolute(6e-4))
            }
        }
    }

    private static func checkPublished(
        _ key: String, _ published: VectorValue, _ vector: inout VectorCase
    ) {
        guard let expected = published.doubles, !expected.isEmpty, let level = level(key),
            let spending: GroupSequentialDesign.Spending = key.contains("obf")
                ? .obrienFleming : key.contains("pocock") ? .pocock : nil
        else { return vector.isUnknown("no level, or another way of spending") }
        let design = GroupSequentialDesign(
            times: GroupSequentialDesign.evenTimes(expected.count), alpha: level,
            spending: spending, isTwoSided: isTwoSided(key) ?? false)
        vector.expect("z", design?.bounds ?? [], published, within: .absolute(2e-4))
    }

    /// `K=5,alpha=0.025,power-family phi=1 (linear) one-sided`
    private static func checkBounds(
        _ key: String, _ value: VectorValue, _ vector: inout VectorCase
    ) {
        let word = key.lowercased()
        let spending: GroupSequentialDesign.Spending
        if word.contains("obf") || word.contains("fleming") {
            spending = .obrienFleming
        } else if word.contains("pocock") {
            spending = .pocock
        } else if let gamma = word.number(after: "gamma=") {
            spending = .exponential(gamma)
        } else if let phi = word.number(after: "phi=") ?? word.number(after: "rho=") {
            spending = .power(phi)
        } else if word.contains("linear") {
            spending = .power(1)
        } else {
            return vector.isUnknown("another way of spending")
        }
        guard let alpha = word.number(after: "alpha=") else { return vector.isUnknown("no level") }
        let looks = word.number(after: "k=").flatMap { Int(exactly: $0) }
        guard let expected = value["z"]?.doubles ?? value.doubles,
            let times = value["t"]?.doubles
                ?? looks.map({ GroupSequentialDesign.evenTimes(min(max($0, 1), 1_000)) })
        else { return vector.isUnknown("no times or no bounds") }
        if let looks { vector.expectSame("looks", times.count, looks) }
        vector.expectSame("bounds", expected.count, times.count)
        let design = GroupSequentialDesign(
            times: times, alpha: alpha, spending: spending, isTwoSided: isTwoSided(word) ?? false)
        vector.expect("z", design?.bounds ?? [], value["z"] ?? value, within: tolerance)
    }
}
