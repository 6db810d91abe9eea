import HTTPTypes
import History
import Hummingbird
import Logging

/// An answer other than success: a status and a sentence, sent as `{"error": …}`.
struct APIError: Error {
    let status: HTTPResponse.Status
    let message: String

    init(_ status: HTTPResponse.Status, _ message: String) {
        self.status = status
        self.message = message
    }

    /// The content of the request is wrong.
    static func invalid(_ message: String) -> APIError { APIError(.badRequest, message) }

    /// There is more than a limit allows.
    static func tooLarge(_ message: String) -> APIError { APIError(.contentTooLarge, message) }

    /// Known errors say what to do; the text of any other could hold a secret, so it stays here.
    init(_ error: any Error, logger: Logger) {
        switch error {
        case let error as APIError: self = error
        case let error as HistoryError: self.init(error)
        case let error as ControlFailure: self.init(error)
        case let error as HTTPError where error.status == .notFound:
            self.init(.notFound, "there is nothing at this path")
        case let error as HTTPError:
            self.init(error.status, error.status.reasonPhrase.lowercased())
        default:
            logger.error("request failed", metadata: ["error": "\("\(error)".quotable)"])
            self.init(.internalServerError, "this failed inside; the controller's log says why")
        }
    }

    private init(_ error: HistoryError) {
        switch error {
        case .storageFull: self.init(.init(code: 507), error.description)
        case .busy: self.init(.serviceUnavailable, error.description)
        case .refused: self.init(.badRequest, error.description)
        default: self.init(.internalServerError, error.description)
        }
    }

    private init(_ failure: ControlFailure) {
        switch failure {
        case .invalid(let text): self.init(.badRequest, text)
        case .conflict(let text): self.init(.conflict, text)
        case .unavailable(let text): self.init(.serviceUnavailable, text)
        }
    }
}
