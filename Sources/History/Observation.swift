package import RolloutCore

/// One thing that was seen: an answer, a number measured with it, or the late truth about it.
///
/// In JSON it is the fields of its value and `"kind"`: `prediction`, `measurement` or `label`.
package enum Observation: Sendable, Hashable {
    case prediction(Prediction)
    case measurement(Measurement)
    case label(Label)

    /// The prediction that it speaks of.
    package var prediction: String {
        switch self {
        case .prediction(let value): value.prediction
        case .measurement(let value): value.prediction
        case .label(let value): value.prediction
        }
    }

    /// `nil`, or what breaks the limits that storage relies on.
    package var problem: String? {
        guard Self.acceptsPrediction(prediction) else {
            return "prediction is not 1 to 64 of a-z 0-9 -"
        }
        switch self {
        case .prediction(let value):
            if value.generation < 0 { return "generation is below 0" }
            if value.latencyMicroseconds < 0 { return "latencyMicroseconds is below 0" }
            if let output = value.output, output.utf8.count > StorageLimits.outputBytes {
                return "output is longer than \(StorageLimits.outputBytes) bytes"
            }
            if let confidence = value.confidence?.value, !(0...1).contains(confidence) {
                return "confidence is not 0 to 1"
            }
        case .measurement(let value):
            guard Identifier<Measurement>.accepts(value.metric) else {
                return "metric is not 1 to 63 of a-z 0-9 . _ -"
            }
        case .label(let value):
            guard (1...StorageLimits.truths).contains(value.truth.count) else {
                return "truth is not 1 to \(StorageLimits.truths) answers"
            }
            guard value.truth.allSatisfy({ $0.utf8.count <= StorageLimits.outputBytes }) else {
                return "truth is longer than \(StorageLimits.outputBytes) bytes"
            }
        }
        return nil
    }

    /// Whether the text is 1 to 64 of a-z 0-9 -.
    package static func acceptsPrediction(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "-")
            }
    }
}

extension Observation: Codable {
    private enum Kind: String, Codable {
        case prediction, measurement, label
    }

    private enum Key: String, CodingKey {
        case kind
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        switch try container.decode(Kind.self, forKey: .kind) {
        case .prediction: self = .prediction(try Prediction(from: decoder))
        case .measurement: self = .measurement(try Measurement(from: decoder))
        case .label: self = .label(try Label(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .prediction(let value):
            try container.encode(Kind.prediction, forKey: .kind)
            try value.encode(to: encoder)
        case .measurement(let value):
            try container.encode(Kind.measurement, forKey: .kind)
            try value.encode(to: encoder)
        case .label(let value):
            try container.encode(Kind.label, forKey: .kind)
            try value.encode(to: encoder)
        }
    }
}
