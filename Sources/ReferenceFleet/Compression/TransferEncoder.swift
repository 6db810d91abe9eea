/// Turns payloads into what each method sends, and back.
struct TransferEncoder: ~Copyable {
    /// zstd's default: a stronger level would shift the choice towards CPU time, which differs
    /// from machine to machine.
    static let level: Int32 = 3

    private var compressor: ZstdCompressor

    init() throws(ZstdError) { compressor = try ZstdCompressor() }

    /// The streams that the method sends, one for each compressed part.
    mutating func encode(
        _ payload: Payload, by method: TransferMethod
    ) throws(ZstdError) -> [[UInt8]] {
        var streams: [[UInt8]] = []
        let prefix = method == .hde ? Self.prefix(of: payload) : nil
        for part in Self.parts(of: payload, by: method) {
            streams.append(Array(try encode(part, by: method, prefix: prefix)))
        }
        return streams
    }

    /// Bytes on the wire and CPU seconds.
    ///
    /// The time is the calling thread's CPU time and the least of `runs`, so that neighbours on
    /// the machine do not change labels. Streams are timed one after another and the slowest
    /// counts, as when each has a core of its own.
    mutating func measure(
        _ payload: Payload, by method: TransferMethod, runs: Int
    ) throws(ZstdError) -> TransferCost {
        let prefix = method == .hde ? Self.prefix(of: payload) : nil
        var (bytes, slowest) = (0, 0.0)
        for part in Self.parts(of: payload, by: method) where method != .none {
            var (size, best) = (0, Double.infinity)
            for _ in 0..<max(runs, 1) {
                let start = ThreadClock.seconds()
                size = try encode(part, by: method, prefix: prefix).count
                best = min(best, ThreadClock.seconds() - start)
            }
            bytes += size
            slowest = max(slowest, best)
        }
        return method == .none
            ? TransferCost(bytes: payload.bytes.count, cpuSeconds: 0)
            : TransferCost(bytes: bytes, cpuSeconds: slowest)
    }

    /// The payload again, from what `encode` returned and the receiver's previous version.
    static func decode(
        _ streams: [[UInt8]], of payload: Payload, by method: TransferMethod
    ) throws(ZstdError) -> [UInt8] {
        if method == .none { return streams.flatMap { $0 } }
        var bytes: [UInt8] = []
        for stream in streams {
            bytes += try zstdDecompress(
                stream[...], prefix: method == .hde ? prefix(of: payload) : nil,
                limit: payload.bytes.count)
        }
        return bytes
    }

    private mutating func encode(
        _ part: ArraySlice<UInt8>, by method: TransferMethod, prefix: [UInt8]?
    ) throws(ZstdError) -> ArraySlice<UInt8> {
        switch method {
        case .none: part
        case .hde, .amst, .zstd:
            try compressor.compress(part, level: Self.level, prefix: prefix)
        }
    }

    private static func prefix(of payload: Payload) -> [UInt8] {
        FleetDictionary.bytes + (payload.previous ?? [])
    }

    private static func parts(
        of payload: Payload, by method: TransferMethod
    ) -> [ArraySlice<UInt8>] {
        let count = method == .amst ? TransferMethod.streams : 1
        let length = (payload.bytes.count + count - 1) / count
        return (0..<count).map {
            let start = min($0 * length, payload.bytes.count)
            return payload.bytes[start..<min(start + length, payload.bytes.count)]
        }
    }
}
