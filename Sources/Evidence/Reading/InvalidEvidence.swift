/// The error of input that no evidence can be built from; the process is left as it was.
package struct InvalidEvidence: Error, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// Counts that are negative, or more failures than trials.
        case counts
        /// A counter would pass the largest integer.
        case overflow
        /// A limit, share, level or budget outside of where it means anything.
        case outOfRange
        /// A measurement that is NaN, infinite or too large to square.
        case notFinite
        /// Two processes that do not test the same thing.
        case unmergeable
    }

    package let code: Code
    package let found: String
    package let expected: String

    package init(_ code: Code, found: String, expected: String) {
        self.code = code
        self.found = found
        self.expected = expected
    }

    package var description: String { "found \(found); expected \(expected)" }
}

/// Counters that cannot pass the largest integer unnoticed.
enum Counter {
    static func sum(_ left: Int, _ right: Int) throws(InvalidEvidence) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        guard !overflow else {
            throw InvalidEvidence(
                .overflow, found: "\(left) + \(right)",
                expected: "a sum of at most \(Int.max); start a new process")
        }
        return sum
    }
}

extension InvalidEvidence {
    static func counts(trials: Int, failures: Int) -> InvalidEvidence {
        InvalidEvidence(
            .counts, found: "\(failures) failures in \(trials) trials",
            expected: "0 or more trials and between 0 and as many failures")
    }

    static let differentLimits = InvalidEvidence(
        .unmergeable, found: "two processes with different limits",
        expected: "the same limits; a changed limit starts a new process")
}
