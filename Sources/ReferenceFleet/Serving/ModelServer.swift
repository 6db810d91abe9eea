import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import RolloutCore

/// Serves versions of models over the Open Inference Protocol v2.
///
/// `POST /v2/models/NAME/versions/VERSION/infer` takes one FP64 tensor `features` of shape
/// [1, n] in the artifact's feature order; it answers `label`, `confidence` and `probabilities`,
/// echoes `id`, and names the version and artifact digest in `parameters`. A request that names no
/// version is refused: which version answers is never the server's choice.
package struct ModelServer: Sendable {
    private let listener: HTTPListener

    /// Port 0 asks for any free port. A version that is given twice is served as given last.
    package static func start(
        _ models: [ServedModel], host: String = "127.0.0.1", port: Int = 0
    ) async throws -> ModelServer {
        let catalogue = Catalogue(models)
        return ModelServer(
            listener: try await HTTPListener.start(host: host, port: port) {
                catalogue.respond(to: $0)
            })
    }

    package var port: Int { listener.port }

    package func shutdown() async throws { try await listener.shutdown() }
}

/// What is served, and the answer to each path.
private struct Catalogue: Sendable {
    private let models: [String: [String: ServedModel]]

    init(_ served: [ServedModel]) {
        models = served.reduce(into: [:]) {
            $0[$1.name.rawValue, default: [:]][$1.reference.version.rawValue] = $1
        }
    }

    func respond(to request: HTTPListener.Request) -> HTTPListener.Response {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: true)
        do throws(Refusal) {
            switch (request.method, parts.count) {
            case (.GET, 3) where parts.starts(with: ["v2", "health"]):
                return HTTPListener.Response(status: .ok)
            case (.GET, 1) where parts == ["v2"]:
                return json(InferenceProtocol.ServerMetadata())
            case (.GET, 3) where parts.starts(with: ["v2", "models"]):
                return json(try metadata(of: versions(of: parts[2]).values.map { $0 }))
            case (.GET, 5) where parts.starts(with: ["v2", "models"]):
                return json(metadata(of: [try model(parts[2], parts[4])]))
            case (.GET, 6) where parts.starts(with: ["v2", "models"]) && parts[5] == "ready":
                _ = try model(parts[2], parts[4])
                return HTTPListener.Response(status: .ok)
            case (.POST, 6) where parts.starts(with: ["v2", "models"]) && parts[5] == "infer":
                return try infer(request.body, by: model(parts[2], parts[4]))
            case (.POST, 4) where parts.starts(with: ["v2", "models"]):
                throw Refusal(.badRequest, "name the version: …/versions/VERSION/infer")
            default:
                throw Refusal(.notFound, "there is nothing at \(request.method) \(request.path)")
            }
        } catch {
            return json(InferenceProtocol.Failure(error: error.message), status: error.status)
        }
    }

    private func versions(of name: Substring) throws(Refusal) -> [String: ServedModel] {
        guard let versions = models[String(name)] else {
            throw Refusal(.notFound, "no model \(name); served: \(models.keys.sorted())")
        }
        return versions
    }

    private func model(_ name: Substring, _ version: Substring) throws(Refusal) -> ServedModel {
        let versions = try versions(of: name)
        guard let model = versions[String(version)] else {
            throw Refusal(.notFound, "no version \(version); served: \(versions.keys.sorted())")
        }
        return model
    }

    private func infer(
        _ body: ByteBuffer, by model: ServedModel
    ) throws(Refusal) -> HTTPListener.Response {
        let request: InferenceProtocol.Request
        do {
            request = try JSONDecoder().decode(InferenceProtocol.Request.self, from: body)
        } catch {
            throw Refusal(.badRequest, "the body is not an inference request: \(error)")
        }
        let count = model.featureNames.count
        guard request.inputs.count == 1, let input = request.inputs.first,
            input.name == "features", input.datatype == "FP64", input.shape == [1, count],
            let answer = model.answer(input.data)
        else {
            throw Refusal(
                .badRequest, "one input is needed: features, FP64, shape [1, \(count)], finite")
        }
        let version = model.reference.version.rawValue
        let fate = model.fault.fate(of: request.id ?? "", version: version)
        let label = fate.isWrong ? model.leastLikely(answer) : answer.label
        let response = InferenceProtocol.Response(
            model_name: model.name.rawValue, model_version: version,
            id: request.id,
            parameters: InferenceProtocol.Parameters(
                model_version: version,
                digest: model.reference.digest.hex),
            outputs: [
                .bytes(name: "label", data: [label]),
                .numbers(name: "confidence", data: [answer.confidence]),
                .numbers(name: "probabilities", data: answer.probabilities),
            ])
        return json(response, delay: .microseconds(Int64(min(fate.milliseconds, 60_000) * 1_000)))
    }

    private func metadata(of models: [ServedModel]) -> InferenceProtocol.ModelMetadata {
        let names = models.first?.featureNames ?? []
        let classes = models.first?.classes ?? []
        return InferenceProtocol.ModelMetadata(
            name: models.first?.name.rawValue ?? "",
            versions: models.map(\.reference.version.rawValue).sorted(),
            platform: "gatewright_reference_fleet",
            inputs: [
                .init(
                    name: "features", datatype: "FP64", shape: [1, names.count],
                    parameters: ["names": names])
            ],
            outputs: [
                .init(name: "label", datatype: "BYTES", shape: [1]),
                .init(name: "confidence", datatype: "FP64", shape: [1]),
                .init(
                    name: "probabilities", datatype: "FP64", shape: [classes.count],
                    parameters: ["names": classes]),
            ])
    }

    private func json(
        _ value: some Encodable, status: HTTPResponseStatus = .ok, delay: TimeAmount = .zero
    ) -> HTTPListener.Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let body = try? encoder.encodeAsByteBuffer(value, allocator: ByteBufferAllocator())
        else { return HTTPListener.Response(status: .internalServerError) }
        return HTTPListener.Response(
            status: status, headers: ["content-type": "application/json"], body: body,
            delay: delay)
    }
}

/// A request that gets an error for an answer.
private struct Refusal: Error {
    let status: HTTPResponseStatus
    let message: String

    init(_ status: HTTPResponseStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}
