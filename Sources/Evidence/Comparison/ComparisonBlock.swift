/// What both arms did between two looks. How many trials an arm has must not depend on how they
/// turn out, so a request counts when it starts and one that never ends is a failure.
package struct ComparisonBlock: Codable, Sendable, Hashable {
    package let candidateTrials: Int
    package let candidateFailures: Int
    package let stableTrials: Int
    package let stableFailures: Int

    package init(
        candidateTrials: Int, candidateFailures: Int, stableTrials: Int, stableFailures: Int
    ) {
        self.candidateTrials = candidateTrials
        self.candidateFailures = candidateFailures
        self.stableTrials = stableTrials
        self.stableFailures = stableFailures
    }

    static let empty = ComparisonBlock(
        candidateTrials: 0, candidateFailures: 0, stableTrials: 0, stableFailures: 0)

    func validated() throws(InvalidEvidence) -> ComparisonBlock {
        guard (0...max(0, candidateTrials)).contains(candidateFailures), candidateTrials >= 0 else {
            throw .counts(trials: candidateTrials, failures: candidateFailures)
        }
        guard (0...max(0, stableTrials)).contains(stableFailures), stableTrials >= 0 else {
            throw .counts(trials: stableTrials, failures: stableFailures)
        }
        return self
    }

    func adding(_ other: ComparisonBlock) throws(InvalidEvidence) -> ComparisonBlock {
        // Failures are at most trials: their sums fit when those of the trials do.
        ComparisonBlock(
            candidateTrials: try Counter.sum(candidateTrials, other.candidateTrials),
            candidateFailures: try Counter.sum(candidateFailures, other.candidateFailures),
            stableTrials: try Counter.sum(stableTrials, other.stableTrials),
            stableFailures: try Counter.sum(stableFailures, other.stableFailures))
    }
}
