import HTTPTypes
import Hummingbird
import NIOCore
import RolloutCore

/// One request: its connection is kept, so that a caller who talks on can be cut off.
struct ControlContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Who asks, as far as wrong tokens are counted.
    var source: String { AttemptLimit.source(channel.remoteAddress) }

    /// The rollout that the path names.
    func rollout() throws(APIError) -> RolloutName {
        let text = parameters.get("name") ?? ""
        guard let name = try? RolloutName(text) else {
            throw APIError(.badRequest, "\"\(text.quotable)\" is not the name of a rollout")
        }
        return name
    }
}

/// Turns every error into `{"error": …}`.
struct AnswerErrors: RouterMiddleware {
    let lingerSeconds: Int64

    func handle(
        _ request: Request, context: ControlContext,
        next: @concurrent (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let error = APIError(error, logger: context.logger)
            var response = Response.json(
                (try? ["error": error.message].encoded) ?? [], status: error.status)
            if error.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
            if error.status == .tooManyRequests {
                response.headers[.retryAfter] = "\(AttemptLimit.span.components.seconds)"
            }
            if hasUnreadBody(error.status) {
                response.headers[.connection] = "close"
                // Time for the answer to arrive; then the rest of the body is not our business.
                let channel = context.channel
                channel.eventLoop.scheduleTask(in: .seconds(lingerSeconds)) {
                    channel.close(promise: nil)
                }
            }
            return response
        }
    }

    private func hasUnreadBody(_ status: HTTPResponse.Status) -> Bool {
        [
            .contentTooLarge, .requestTimeout, .unauthorized, .forbidden, .tooManyRequests,
            .unsupportedMediaType,
        ]
        .contains(status)
    }
}

extension Response {
    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        make(ByteBuffer(bytes: bytes), "application/json", status)
    }

    static func text(
        _ text: String, status: HTTPResponse.Status = .ok,
        type: String = "text/plain; charset=utf-8"
    ) -> Response {
        make(ByteBuffer(string: text), type, status)
    }

    private static func make(
        _ body: ByteBuffer, _ type: String, _ status: HTTPResponse.Status
    ) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            ], body: ResponseBody(byteBuffer: body))
    }
}

extension HTTPField.Name {
    static var hubSignature: Self { named("X-Hub-Signature-256") }
    static var giteaSignature: Self { named("X-Gitea-Signature") }
    static var gitlabToken: Self { named("X-Gitlab-Token") }

    private static func named(_ text: String) -> Self {
        guard let name = Self(text) else { preconditionFailure("not a header name: \(text)") }
        return name
    }
}
