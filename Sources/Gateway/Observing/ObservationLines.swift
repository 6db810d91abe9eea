import Foundation
import NIOCore
import RolloutCore

/// Predictions as NDJSON: each line is a prediction's fields and `"kind":"prediction"`.
enum ObservationLines {
    private struct Line: Encodable {
        let prediction: Prediction

        private enum Keys: String, CodingKey { case kind }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode("prediction", forKey: .kind)
            try prediction.encode(to: encoder)
        }
    }

    static func body(of batch: [Prediction]) -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var body = ByteBufferAllocator().buffer(capacity: batch.count * 400)
        for prediction in batch {
            // Every field is finite text or a number, so encoding cannot fail.
            guard let line = try? encoder.encode(Line(prediction: prediction)) else { continue }
            body.writeBytes(line)
            body.writeInteger(UInt8(ascii: "\n"))
        }
        return body
    }
}
