import Evidence
import Foundation

/// Distances between two samples: a document with `data` and `cases`, each with the `call` of
/// SciPy, numpy, Evidently or NannyML that made it.
package enum DriftVectors: VectorFamily {
    package static func recognises(_ document: VectorValue) -> Bool {
        guard let cases = document["cases"]?.list, let data = document["data"]?.object else {
            return false
        }
        let hasSamples = data.keys.contains { $0 == "ref" || $0.hasPrefix("ref_") }
        return hasSamples && cases.allSatisfy { $0["call"]?.string != nil }
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        if let edges = document["evidently_sturges_edges"] {
            report.check("evidently_sturges_edges") { one in
                let data = DriftSamples(document["data"], nil)
                guard let first = data.numbers("ref"), let second = data.numbers("cur") else {
                    one.isUnknown("no numeric samples `ref` and `cur`")
                    return
                }
                one.expect(
                    "edges",
                    EvidentlyTest.sturgesEdges(first, second, integers: false) ?? [], edges)
            }
        }
        for (index, one) in (document["cases"]?.list ?? []).enumerated() {
            let text = one["call"]?.string ?? ""
            report.check("\(index) \(text)") { found in
                let call = DriftCall(text, one)
                let samples = DriftSamples(document["data"], one)
                guard let answer = DriftAnswers.answer(call, samples, one) else {
                    found.isUnknown("no function for this call")
                    return
                }
                compare(answer, with: one, &found)
            }
        }
    }

    /// Members that say what was asked rather than what came out.
    private static let inputs: Set<String> = [
        "call", "inner_edges", "alternative", "method", "mode", "data", "args", "note", "base",
        "feature_type", "threshold", "n_bins", "bins", "rule", "floor", "desc", "description",
        "ref", "cur", "reference", "current", "x", "y", "data1", "data2", "correction", "cdf",
        "feel_zeroes", "sample", "samples", "ddof", "integers", "dtype", "columns",
    ]

    private static func compare(
        _ answer: DriftAnswer, with one: VectorValue, _ found: inout VectorCase
    ) {
        for (key, expected) in (one.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            if let list = answer.lists[key] {
                found.expect(key, list, expected)
            } else if let number = answer.numbers[key] {
                found.expect(key, number, expected, within: answer.tolerance)
            } else if let flag = answer.flags[key] {
                found.expectSame(key, flag, expected.bool)
            } else if !inputs.contains(key), expected.double != nil || expected.list != nil {
                found.isUnknown("no value for \(key)")
            }
        }
    }
}

/// What we have to say to a call, by the names under which a case may ask for it.
struct DriftAnswer {
    var numbers: [String: Double] = [:]
    var lists: [String: [Double]] = [:]
    var flags: [String: Bool] = [:]
    var tolerance = Tolerance.closedForm

    mutating func set(_ value: Double, _ names: String...) {
        for name in names { numbers[name] = value }
    }
}

/// The call that made a case, as words.
struct DriftCall {
    let text: String
    private let one: VectorValue

    init(_ text: String, _ one: VectorValue) {
        self.text = text.lowercased()
        self.one = one
    }

    func says(_ words: String...) -> Bool { words.contains(where: text.contains) }

    /// A member of the case, or `name=value` in the text.
    func option(_ name: String) -> String? {
        if let value = one[name] {
            return value.string ?? value.double.map { "\($0)" } ?? value.bool.map { "\($0)" }
        }
        guard let range = text.range(of: name + "=") else { return nil }
        let rest = text[range.upperBound...].drop { "'\"".contains($0) }
        return String(rest.prefix { $0.isLetter || $0.isNumber || "-_.+".contains($0) })
    }

    func number(_ name: String) -> Double? { option(name).flatMap(Double.init) }

    /// The number that follows `words`.
    func number(after words: String) -> Double? {
        guard let range = text.range(of: words) else { return nil }
        let rest = text[range.upperBound...].drop { $0 == " " }
        return Double(rest.prefix { $0.isNumber || "-+.e".contains($0) })
    }

    /// The whole number just before `words`.
    func count(before words: String) -> Int? {
        guard let range = text.range(of: words) else { return nil }
        return text[..<range.lowerBound].split(separator: " ").last.flatMap { Int($0) }
    }

    var alternative: SampleKolmogorovSmirnov.Alternative? {
        switch option("alternative")?.lowercased() {
        case "two-sided", "two_sided", "two-tailed": .twoSided
        case "less", "l": .less
        case "greater", "g": .greater
        case .some: nil
        case nil: says("greater") ? .greater : says("less") ? .less : .twoSided
        }
    }

    /// `auto`, `exact`, `asymp` or `approx`.
    var method: String {
        if let option = option("method") ?? option("mode") { return option }
        return says("exact")
            ? "exact" : says("asymp") ? "asymp" : says("approx") ? "approx" : "auto"
    }
}

/// The samples of a document or of one case.
struct DriftSamples {
    private let document: VectorValue?
    private let one: VectorValue?

    init(_ document: VectorValue?, _ one: VectorValue?) {
        self.document = document
        self.one = one
    }

    func value(_ name: String) -> VectorValue? {
        one?["data"]?[name] ?? one?[name] ?? document?[name]
    }

    func numbers(_ name: String) -> SortedSample? {
        value(name)?.doubles.map { SortedSample($0) }
    }

    private static let firsts = ["ref", "x", "reference", "data1"]
    private static let seconds = ["cur", "y", "current", "data2"]

    /// The names in the parentheses of a call, where they are of samples: `f(ref, cur)`.
    private func arguments(_ call: DriftCall) -> [String] {
        guard let open = call.text.firstIndex(of: "(") else { return [] }
        let inside = call.text[call.text.index(after: open)...].prefix { $0 != ")" }
        return inside.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { value($0)?.list != nil }
    }

    /// Names of the two samples that a call is about.
    func names(_ call: DriftCall, suffix: String) -> (String, String)? {
        let arguments = arguments(call)
        if arguments.count >= 2 { return (arguments[0], arguments[1]) }
        let first = Self.firsts.map { $0 + suffix }.first { value($0)?.list != nil }
        let second = Self.seconds.map { $0 + suffix }.first { value($0)?.list != nil }
        guard let first, let second else { return nil }
        return (first, second)
    }

    func pair(_ call: DriftCall) -> (SortedSample, SortedSample)? {
        guard let names = names(call, suffix: ""), let first = numbers(names.0),
            let second = numbers(names.1)
        else { return nil }
        return (first, second)
    }

    /// The sample that a one-sample call names first.
    func single(_ call: DriftCall) -> SortedSample? {
        if let name = arguments(call).first { return numbers(name) }
        return Self.firsts.lazy.compactMap { numbers($0) }.first
    }

    /// Counts of categories, whatever they are written as.
    func categories(_ call: DriftCall) -> CategoryCounts? {
        guard let names = names(call, suffix: "_cat") ?? names(call, suffix: ""),
            let first = value(names.0)?.list, let second = value(names.1)?.list
        else { return nil }
        return CategoryCounts(reference: Self.tally(first), current: Self.tally(second))
    }

    private static func tally(_ values: [VectorValue]) -> [String: Int] {
        var tally: [String: Int] = [:]
        for value in values {
            switch value {
            case .string(let text): tally[text, default: 0] += 1
            case .number(let number) where number.isFinite: tally["\(number)", default: 0] += 1
            case .bool(let bool): tally["\(bool)", default: 0] += 1
            default: continue
            }
        }
        return tally
    }
}
