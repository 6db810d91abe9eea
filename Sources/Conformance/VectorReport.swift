/// What became of the cases of one vector file.
package struct VectorReport: Codable, Sendable, Hashable {
    /// A number of a case that is not what the reference says.
    package struct Mismatch: Codable, Sendable, Hashable {
        package let label: String
        package let found: String
        package let expected: String
        /// `nil` when the two are not numbers.
        package let relativeError: Double?
    }

    /// A case that no function of ours answers.
    package struct Unknown: Codable, Sendable, Hashable {
        package let label: String
        package let reason: String
    }

    package let file: String
    package internal(set) var cases = 0
    package internal(set) var computed = 0
    package internal(set) var matched = 0
    /// The largest relative error of a number that matched; 0 when all agree to the last bit.
    package internal(set) var worstRelativeError = 0.0
    /// The largest |difference| of a simulated number, in parts of what chance may do: above 1 is a
    /// mismatch. `nil` when nothing was simulated.
    package internal(set) var worstShareOfAllowance: Double?
    package internal(set) var mismatches: [Mismatch] = []
    package internal(set) var unknown: [Unknown] = []

    package init(file: String) { self.file = file }

    package var isConforming: Bool { mismatches.isEmpty && matched == computed }

    /// Computes one case: `body` compares all of its numbers.
    package mutating func check(_ label: String, _ body: (inout VectorCase) throws -> Void) {
        cases += 1
        var one = VectorCase(label: label)
        do {
            try body(&one)
        } catch {
            one.fail(label, found: "error: \(error)", expected: "a value")
        }
        if let reason = one.unknownReason {
            unknown.append(Unknown(label: label, reason: reason))
            return
        }
        computed += 1
        if one.compared == 0 {
            one.fail(label, found: "nothing compared", expected: "at least one value")
        }
        worstRelativeError = max(worstRelativeError, one.worstRelativeError)
        if let share = one.worstShareOfAllowance {
            worstShareOfAllowance = max(worstShareOfAllowance ?? 0, share)
        }
        if one.mismatches.isEmpty { matched += 1 } else { mismatches += one.mismatches }
    }

    /// Counts a case that cannot be computed.
    package mutating func skip(_ label: String, because reason: String) {
        cases += 1
        unknown.append(Unknown(label: label, reason: reason))
    }
}

/// How near is near enough.
package struct Tolerance: Sendable, Hashable {
    package let relative: Double
    package let absolute: Double

    package static func relative(_ relative: Double, absolute: Double = 0) -> Tolerance {
        Tolerance(relative: relative, absolute: absolute)
    }

    package static func absolute(_ absolute: Double) -> Tolerance {
        Tolerance(relative: 0, absolute: absolute)
    }

    /// Closed forms, computed in double precision.
    package static let closedForm = Tolerance(relative: 1e-10, absolute: 1e-12)
    /// Roots that the reference library finds by bisection to 40 bits.
    package static let bisected = Tolerance(relative: 1e-9, absolute: 1e-12)
}

/// The comparisons of one case.
package struct VectorCase {
    let label: String
    private(set) var compared = 0
    private(set) var worstRelativeError = 0.0
    private(set) var worstShareOfAllowance: Double?
    private(set) var mismatches: [VectorReport.Mismatch] = []
    private(set) var unknownReason: String?

    init(label: String) { self.label = label }

    /// Compares a number with the reference. A `nil` on either side is a mismatch.
    package mutating func expect(
        _ what: String, _ found: Double?, _ expected: VectorValue?,
        within tolerance: Tolerance = .closedForm
    ) {
        expect(what, found, expected?.double, within: tolerance)
    }

    package mutating func expect(
        _ what: String, _ found: Double?, _ expected: Double?,
        within tolerance: Tolerance = .closedForm
    ) {
        compared += 1
        guard let found, let expected else {
            fail(
                what, found: found.map { "\($0)" } ?? "nothing",
                expected: expected.map { "\($0)" } ?? "nothing")
            return
        }
        if found == expected || (found.isNaN && expected.isNaN) { return }
        let error = abs(found - expected)
        let relative = error / max(abs(expected), .leastNormalMagnitude)
        if error <= max(tolerance.absolute, tolerance.relative * abs(expected)) {
            if error > tolerance.absolute {
                worstRelativeError = max(worstRelativeError, relative)
            }
        } else {
            fail(what, found: "\(found)", expected: "\(expected)", relativeError: relative)
        }
    }

    /// Compares a simulated number: its relative error says nothing, the allowance for chance does.
    package mutating func expectSimulated(
        _ what: String, _ found: Double, _ expected: VectorValue?, allowance: Double
    ) {
        compared += 1
        guard let expected = expected?.double else {
            fail(what, found: "\(found)", expected: "nothing")
            return
        }
        let share = found == expected ? 0 : abs(found - expected) / allowance
        // Not a number is never within.
        if !(share <= 1) { fail(what, found: "\(found)", expected: "\(expected) ± \(allowance)") }
        if share.isFinite { worstShareOfAllowance = max(worstShareOfAllowance ?? 0, share) }
    }

    /// Compares lists of numbers, element by element.
    package mutating func expect(
        _ what: String, _ found: [Double], _ expected: VectorValue?,
        within tolerance: Tolerance = .closedForm
    ) {
        guard let expected = expected?.doubles, expected.count == found.count else {
            compared += 1
            fail(what, found: "\(found.count) numbers", expected: "\(expected as Any)")
            return
        }
        for (index, pair) in zip(found, expected).enumerated() {
            expect("\(what)[\(index)]", pair.0, pair.1, within: tolerance)
        }
    }

    /// Compares what must be the same: indices, verdicts, words.
    package mutating func expectSame<T: Equatable>(_ what: String, _ found: T, _ expected: T?) {
        compared += 1
        if found != expected {
            fail(
                what, found: "\(found)", expected: expected.map { "\($0)" } ?? "nothing")
        }
    }

    /// Says that this case asks for something that we have no function for.
    package mutating func isUnknown(_ reason: String) { unknownReason = reason }

    mutating func fail(
        _ what: String, found: String, expected: String, relativeError: Double? = nil
    ) {
        mismatches.append(
            VectorReport.Mismatch(
                label: what == label ? label : "\(label): \(what)", found: found,
                expected: expected, relativeError: relativeError))
    }
}
