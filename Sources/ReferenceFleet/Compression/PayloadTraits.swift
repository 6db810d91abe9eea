import Foundation

/// What a node learns of a payload in microseconds, before it chooses a method.
package struct PayloadTraits: Sendable, Hashable {
    /// log2 of the size in bytes.
    package let logSize: Double
    /// Shannon entropy of the byte histogram of 4,096 sampled bytes: 0 to 8 bits.
    package let entropy: Double
    /// How far zstd at level 1 shrinks the first 4 KiB: size after ÷ size before.
    package let probeRatio: Double
    /// The fraction of 128 sampled blocks of 32 bytes that the previous version has at the same
    /// place; 0 without one.
    package let similarity: Double
    package let hasPrevious: Bool

    init(
        of payload: Payload, probe: inout ZstdCompressor
    ) throws(ZstdError) {
        let head = payload.bytes.prefix(4_096)
        logSize = log2(Double(max(payload.bytes.count, 1)))
        entropy = Self.entropy(payload.bytes)
        probeRatio =
            Double(try probe.compress(head, level: 1).count) / Double(max(head.count, 1))
        similarity = payload.previous.map { Self.similarity(payload.bytes, $0) } ?? 0
        hasPrevious = payload.previous != nil
    }

    private static func entropy(_ bytes: [UInt8]) -> Double {
        // An odd step: an even one would read the same columns of every row.
        let step = max(1, bytes.count / 4_096) | 1
        var (counts, total) = ([Int](repeating: 0, count: 256), 0.0)
        for position in stride(from: 0, to: bytes.count, by: step) {
            counts[Int(bytes[position])] += 1
            total += 1
        }
        return counts.reduce(0) { sum, count in
            count == 0 ? sum : sum - Double(count) / total * log2(Double(count) / total)
        }
    }

    private static func similarity(_ bytes: [UInt8], _ previous: [UInt8]) -> Double {
        let blocks = min(bytes.count, previous.count) / 32
        guard blocks > 0 else { return 0 }
        let sampled = min(blocks, 128)
        let same = (0..<sampled).count(where: {
            let start = $0 * blocks / sampled * 32
            return bytes[start..<(start + 32)] == previous[start..<(start + 32)]
        })
        return Double(same) / Double(sampled)
    }
}
