/// A detector of changes in a stream, for watching what is in full service.
///
/// These are not calibrated for a rollout: they raise false alarms at a rate of their own for ever,
/// so they inform and never roll back. After a change the next value begins a new stream.
package protocol ChangeDetector: Codable, Sendable {
    /// Takes in one value, and says what is known after it.
    mutating func update(_ value: Double) -> Change
}

package enum Change: String, Codable, Sendable, Hashable {
    case none, warning, drift
}

/// A mean that is updated value by value.
struct RunningMean: Codable, Sendable, Hashable {
    private(set) var count = 0.0
    private(set) var mean = 0.0

    mutating func add(_ value: Double) {
        count += 1
        // In river's order of rounding: alarms at ties depend on the last bit.
        mean += 1 / count * (value - mean)
    }
}
