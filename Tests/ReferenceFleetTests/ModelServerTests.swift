import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import RolloutCore
import Testing

@testable import ReferenceFleet

/// Over real sockets.
@Suite struct ModelServerTests {
    private static let features = "[14.5,4.0,0.3,0,0,97.2,10.2,0.7,7.5,150]"

    private func infer(_ features: String, datatype: String = "FP64", shape: String = "[1,10]")
        -> String
    {
        """
        {"id":"a-\\"7\\"","inputs":[{"name":"features","shape":\(shape),\
        "datatype":"\(datatype)","data":\(features)}]}
        """
    }

    private func serving(
        _ versions: [String], _ body: (HTTPTarget) async throws -> Void
    ) async throws {
        let server = try await ModelServer.start(try versions.map(Repository.load))
        let target = try #require(HTTPTarget("http://127.0.0.1:\(server.port)"))
        try await body(target)
        try await server.shutdown()
    }

    @Test func oneServerServesSeveralVersions() async throws {
        try await serving(["2.3.1", "2.4.0", "rules-1"]) { target in
            var connection = HTTPConnection(target: target, deadline: .seconds(5))
            defer { connection.close() }
            for version in ["2.3.1", "2.4.0", "rules-1"] {
                let answer = try await connection.send(
                    .POST, "/v2/models/compression-selector/versions/\(version)/infer",
                    body: ByteBuffer(string: infer(Self.features)))
                #expect(answer.status == .ok)
                let response = try JSONDecoder().decode(
                    InferenceProtocol.Response.self, from: answer.body)
                let model = try Repository.load(version)
                #expect(response.id == "a-\"7\"")
                #expect(response.model_version == version)
                #expect(response.parameters.digest == model.reference.digest.hex)
                let expected = try #require(
                    model.answer([14.5, 4.0, 0.3, 0, 0, 97.2, 10.2, 0.7, 7.5, 150]))
                guard case .bytes("label", let label) = response.outputs[0],
                    case .numbers("confidence", let confidence) = response.outputs[1],
                    case .numbers("probabilities", let probabilities) = response.outputs[2]
                else {
                    Issue.record("unexpected outputs \(response.outputs)")
                    continue
                }
                #expect(label == [expected.label])
                #expect(confidence == [expected.confidence])
                #expect(probabilities == expected.probabilities)
            }
        }
    }

    @Test func badRequestsGetAnErrorAndTheConnectionLives() async throws {
        try await serving(["2.4.0"]) { target in
            var connection = HTTPConnection(target: target, deadline: .seconds(5))
            defer { connection.close() }
            let base = "/v2/models/compression-selector"
            let one = "\(base)/versions/2.4.0/infer"
            let cases: [(String, String, HTTPResponseStatus)] = [
                (one, "{", .badRequest),
                (one, infer("[1,2]"), .badRequest),
                (one, infer(Self.features, datatype: "FP32"), .badRequest),
                (one, infer(Self.features, shape: "[10]"), .badRequest),
                (one, infer("[14.5,4.0,0.3,0,0,97.2,10.2,0.7,7.5,NaN]"), .badRequest),
                ("\(base)/infer", infer(Self.features), .badRequest),
                ("\(base)/versions/9.9.9/infer", infer(Self.features), .notFound),
                ("/v2/models/other/versions/2.4.0/infer", infer(Self.features), .notFound),
                ("/", "", .notFound),
                (one, infer(Self.features), .ok),
            ]
            for (path, body, status) in cases {
                let answer = try await connection.send(
                    .POST, path, body: ByteBuffer(string: body))
                #expect(answer.status == status, "\(path) \(body)")
                if status != .ok { #expect(String(buffer: answer.body).contains("\"error\"")) }
            }
        }
    }

    @Test func readinessAndMetadata() async throws {
        try await serving(["2.3.1", "2.4.0"]) { target in
            func get(_ path: String) async throws -> (Int, String) {
                var connection = HTTPConnection(target: target, deadline: .seconds(5))
                defer { connection.close() }
                let answer = try await connection.send(.GET, path)
                return (Int(answer.status.code), String(buffer: answer.body))
            }
            #expect(try await get("/v2/health/ready").0 == 200)
            #expect(try await get("/v2/models/compression-selector/versions/2.4.0/ready").0 == 200)
            #expect(try await get("/v2/models/compression-selector/versions/2.5.0/ready").0 == 404)
            let (status, text) = try await get("/v2/models/compression-selector")
            #expect(status == 200)
            #expect(text.contains(#""versions":["2.3.1","2.4.0"]"#))
            #expect(text.contains(#""names":["payload_log2_bytes","entropy_bits""#))
        }
    }
}
