import NIOCore
import NIOHTTP1

/// A request with its whole body.
struct WholeRequest {
    var head: HTTPRequestHead
    var body: ByteBuffer?
    var arrived: NIODeadline
}

/// An answer with its whole body.
struct WholeResponse {
    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: ByteBuffer

    init(_ status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: ByteBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    init(_ status: HTTPResponseStatus, json: String) {
        self.init(
            status, headers: ["content-type": "application/json"], body: ByteBuffer(string: json))
    }

    /// The protocol's error object.
    static func error(_ status: HTTPResponseStatus, _ message: String) -> WholeResponse {
        WholeResponse(status, json: "{\"error\":\(quoted(message))}")
    }

    /// A JSON string.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<"\u{20}": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
