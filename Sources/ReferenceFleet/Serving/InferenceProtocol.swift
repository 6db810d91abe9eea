/// The part of the Open Inference Protocol v2 that the fleet speaks.
enum InferenceProtocol {
    struct Request: Decodable {
        let id: String?
        let inputs: [Input]

        struct Input: Decodable {
            let name: String
            let shape: [Int]
            let datatype: String
            let data: [Double]
        }
    }

    struct Response: Codable {
        let model_name: String
        let model_version: String
        let id: String?
        let parameters: Parameters
        let outputs: [Output]
    }

    struct Parameters: Codable {
        let model_version: String
        /// The SHA-256 of the artifact that answered.
        let digest: String
    }

    enum Output: Codable {
        case bytes(name: String, data: [String])
        case numbers(name: String, data: [Double])

        private enum Key: String, CodingKey { case name, shape, datatype, data }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            switch self {
            case .bytes(let name, let data):
                try container.encode(name, forKey: .name)
                try container.encode([data.count], forKey: .shape)
                try container.encode("BYTES", forKey: .datatype)
                try container.encode(data, forKey: .data)
            case .numbers(let name, let data):
                try container.encode(name, forKey: .name)
                try container.encode([data.count], forKey: .shape)
                try container.encode("FP64", forKey: .datatype)
                try container.encode(data, forKey: .data)
            }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            let name = try container.decode(String.self, forKey: .name)
            if try container.decode(String.self, forKey: .datatype) == "BYTES" {
                self = .bytes(name: name, data: try container.decode([String].self, forKey: .data))
            } else {
                self = .numbers(
                    name: name, data: try container.decode([Double].self, forKey: .data))
            }
        }
    }

    struct ModelMetadata: Encodable {
        let name: String
        let versions: [String]
        let platform: String
        let inputs: [Tensor]
        let outputs: [Tensor]
    }

    struct Tensor: Encodable {
        let name: String
        let datatype: String
        let shape: [Int]
        var parameters: [String: [String]]?
    }

    struct ServerMetadata: Encodable {
        let name = "gatewright-reference-fleet"
        let version = "1"
        let extensions: [String] = []
    }

    struct Failure: Encodable { let error: String }
}
