import Evidence
import Foundation

/// Tests of SciPy and statsmodels: `samples` by name, and `cases` with a `call` each.
package enum ClassicalVectors: VectorFamily {
    package static func recognises(_ document: VectorValue) -> Bool {
        guard document["samples"]?.object != nil, let cases = document["cases"]?.list else {
            return false
        }
        return cases.contains { $0["call"]?.string != nil }
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        let samples = document["samples"]?.object ?? [:]
        for (index, one) in (document["cases"]?.list ?? []).enumerated() {
            let call = one["call"]?.string ?? "no call"
            report.check("cases[\(index)] \(call)") { vector in
                let input = ClassicalCase(one, call: call, samples: samples)
                if try !input.checkSamples(&vector), !input.checkCounts(&vector),
                    !input.checkTables(&vector)
                {
                    vector.isUnknown("no function for \(call) with these parameters")
                }
            }
        }
    }
}

/// One case with its parameters, which stand in members or in the text of the call.
struct ClassicalCase {
    let one: VectorValue
    let call: String
    private let samples: [String: VectorValue]

    init(_ one: VectorValue, call: String, samples: [String: VectorValue]) {
        self.one = one
        self.call = call
        self.samples = samples
    }

    func isCall(_ name: String) -> Bool { call.contains(name) }

    /// A sample by name, or written out.
    func sample(_ key: String) -> [Double]? {
        if let name = one[key]?.string { return samples[name]?.doubles }
        return one[key]?.doubles
    }

    /// SciPy's words and those of statsmodels; in the text of the call when there is no member.
    func alternative(default standard: Alternative = .twoSided) -> Alternative? {
        if let word = one["alternative"]?.string {
            switch word {
            case "larger": return .greater
            case "smaller": return .less
            case "2s": return .twoSided
            default: return Alternative(rawValue: word)
            }
        }
        if call.contains("two-sided") { return .twoSided }
        if call.contains("greater") || call.contains("larger") { return .greater }
        if call.contains("less") || call.contains("smaller") { return .less }
        return standard
    }

    /// `95%` in the call, or the members `confidence` and `alpha`.
    func confidence(default standard: Double = 0.95) -> Double {
        if let confidence = one["confidence"]?.double { return confidence }
        if let alpha = one["alpha"]?.double { return 1 - alpha }
        return call.numbers.last { $0.text.hasSuffix("%") }.map { $0.value / 100 } ?? standard
    }

    /// What follows `key=` or `key<=` in the call, or the member of that name.
    func parameter(_ key: String, after mark: String) -> Double? {
        if let value = one[key]?.double { return value }
        guard let range = call.range(of: mark) else { return nil }
        return String(call[range.upperBound...]).numbers.first?.value
    }
}

extension String {
    /// Numbers in a text, each with the character after it if that is a percent sign.
    var numbers: [(text: String, value: Double)] {
        var found: [(text: String, value: Double)] = []
        var digits = ""
        for character in self + " " {
            let isSign = character == "-" && digits.isEmpty
            if character.isNumber || character == "." || isSign {
                digits.append(character)
                continue
            }
            if let value = Double(digits) {
                found.append((character == "%" ? digits + "%" : digits, value))
            }
            digits = ""
        }
        return found
    }
}
