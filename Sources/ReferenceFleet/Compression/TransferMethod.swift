/// How a payload is sent. The raw value is the label that a model answers.
package enum TransferMethod: String, Sendable, Hashable, CaseIterable, Codable {
    /// Delta against the fleet's dictionary and the previous version.
    case hde
    /// Split into streams that are compressed and sent side by side.
    case amst
    case zstd
    /// As it is.
    case none

    /// The number of streams of `amst`: one for each core that a transfer may use.
    package static let streams = 4

    /// The part of the bandwidth that is left under loss (a fraction of packets).
    ///
    /// One stream: 1 − loss, as the fleet's owners publish it. k streams: a lost packet stalls
    /// the stream that it belongs to, a k-th of the flow, so 1 − loss / k.
    func efficiency(loss: Double) -> Double {
        self == .amst ? 1 - loss / Double(TransferMethod.streams) : 1 - loss
    }
}
