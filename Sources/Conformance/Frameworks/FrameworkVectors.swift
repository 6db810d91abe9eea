import Calibration
import Evidence

/// Frameworks for repeated tests side by side, simulated elsewhere and again here: by effect, then
/// by `framework|looks`, a `rate` of crossings and the mean number of pairs.
///
/// A number agrees within four standard errors of both simulations.
package enum FrameworkVectors: VectorFamily {
    private static let seed: UInt64 = 8_163
    private static let repetitions = 10_000

    package static func recognises(_ document: VectorValue) -> Bool {
        (document["results"]?.object ?? [:]).contains { effect, cells in
            Double(effect) != nil
                && (cells.object ?? [:]).contains {
                    $0.key.contains("|") && $0.value["rate"] != nil
                }
        }
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        let text = document["provenance"]?["design"]?.string ?? ""
        let design = FrameworkDesign(
            pairs: text.number(after: "N=").flatMap { Int(exactly: $0) } ?? 500,
            deviation: text.number(after: "sigma=") ?? text.number(after: "sigma ") ?? 1,
            alpha: text.number(after: "alpha=") ?? 0.05)
        guard (2...100_000).contains(design.pairs), design.deviation > 0 else {
            return report.skip("design", because: "no sample size or deviation")
        }
        let theirs = repetitions(in: text) ?? 100_000
        // At most 5 million values, whatever the size of the sample.
        let paths = design.paths(min(repetitions, 5_000_000 / design.pairs), seed: seed)
        var bounds: [String: [Double]] = [:]
        for (effectName, cells) in (document["results"]?.object ?? [:]).sorted(by: {
            $0.key < $1.key
        }) {
            for (name, cell) in (cells.object ?? [:]).sorted(by: { $0.key < $1.key }) {
                let label = "effect \(effectName): \(name)"
                let parts = name.split(separator: "|")
                guard let effect = Double(effectName), parts.count == 2,
                    let boundary = boundary(String(parts[0])),
                    parts[1] == "stream" || Int(parts[1]).map({ $0 > 0 }) == true
                else {
                    report.skip(label, because: "another framework, or other looks")
                    continue
                }
                let looks = design.looks(boundary == .fixed ? 1 : Int(parts[1]))
                if bounds[name] == nil {
                    bounds[name] = boundary.bounds(
                        looks: looks, pairs: design.pairs, alpha: design.alpha)
                }
                guard let limits = bounds[name] else {
                    report.skip(label, because: "no bounds for this level or these looks")
                    continue
                }
                report.check(label) { vector in
                    let found = design.outcome(
                        of: limits, at: looks, effect: effect, on: paths)
                    vector.expect("rate", found.rate, cell["rate"], theirs: theirs)
                    if let pairs = cell["mean_n"] {
                        // Where nothing crossed here, three in as many may have there.
                        let unseen = boundary == .fixed ? 0 : 3 / Double(paths.count)
                        vector.expect(
                            "mean n", found.pairs, pairs, theirs: theirs,
                            atLeast: unseen * Double(design.pairs))
                    }
                }
            }
        }
    }

    /// `GAVI250`, `mSPRTphi25`, `GST phi=3`, `CAA(Statsig)` and the like.
    static func boundary(_ name: String) -> FrameworkBoundary? {
        let word = name.lowercased()
        let parameter = word.firstIndex(where: \.isNumber).flatMap { Double(word[$0...]) }
        if word.hasPrefix("gavi") {
            return parameter.map { .alwaysValid(tightestAt: $0) }
        }
        if word.hasPrefix("msprt") {
            return parameter.map { .mixture(precision: precision($0)) }
        }
        if word.hasPrefix("gst"), !word.contains("sampled") {
            return word == "gst" ? .spending(power: 1) : parameter.map { .spending(power: $0) }
        }
        if word.hasPrefix("caa") || word.hasPrefix("statsig") { return .correctedAlpha }
        if word.hasPrefix("yeast") || word.hasPrefix("sst") { return .maximumOfSum }
        if word.hasPrefix("bonferroni") { return .bonferroni }
        if word.hasPrefix("naive") { return .naive }
        return word.hasPrefix("fixed") ? .fixed : nil
    }

    /// A precision is 1/effect² for effects in tenths, but is named without its fraction.
    private static func precision(_ named: Double) -> Double {
        let effect = (10 / named.squareRoot()).rounded() / 10
        let exact = 1 / (effect * effect)
        return exact.rounded() == named ? exact : named
    }

    /// `rep=1e5` or `1e5 reps`.
    private static func repetitions(in text: String) -> Double? {
        guard let range = text.firstRange(of: "rep=") else { return nil }
        return Double(text[range.upperBound...].prefix { $0.isNumber || "e.".contains($0) })
    }
}

extension VectorCase {
    /// Compares two simulated numbers; both have the spread that ours shows.
    fileprivate mutating func expect(
        _ what: String, _ found: Estimate, _ expected: VectorValue?, theirs repetitions: Double,
        atLeast unseen: Double = 0
    ) {
        let ours = Double(found.repetitions)
        let error = found.standardError * (1 + ours / max(repetitions, 1)).squareRoot()
        let slack = found.standardError == 0 ? unseen : 4 * error
        expectSimulated(what, found.value, expected, allowance: slack)
    }
}
