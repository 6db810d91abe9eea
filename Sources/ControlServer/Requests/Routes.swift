import Foundation
import HTTPTypes
import History
import Hummingbird
import NIOCore
import RolloutCore

/// What is served under which path.
struct Routes: Sendable {
    let backend: ControlBackend
    let limits: ServerLimits
    let bell: WakeBell
    let gate: IngestGate
    let access: Access
    let attempts: AttemptLimit

    func router() -> Router<ControlContext> {
        let router = Router(context: ControlContext.self)
        router.add(middleware: AnswerErrors(lingerSeconds: limits.lingerSeconds))
        router.get("health/live") { _, _ in Response.text("alive\n") }
        router.get("health/ready") { _, _ in try await ready() }
        router.get("metrics") { _, _ in
            Response.text(
                try await backend.metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
        router.get("v1/status") { _, _ in Response.json(try await backend.status()) }
        router.get("v1/rollouts/:name") { _, context in
            Response.json(try found(try await backend.rollout(context.rollout()), context))
        }
        router.get("v1/rollouts/:name/why") { _, context in
            Response.text(try found(try await backend.why(context.rollout()), context) + "\n")
        }
        router.get("v1/rollouts/:name/history") { request, context in
            let rows = try historyRows(request)
            return Response.json(
                try found(try await backend.history(context.rollout(), rows), context))
        }
        router.post("v1/observations") { request, context in
            try await ingest(request, .observations, context)
        }
        router.post("v1/labels") { request, context in
            try await ingest(request, .labels, context)
        }
        router.post("v1/webhook") { request, context in try await webhook(request, context) }
        router.post("v1/rollouts/:name/orders") { request, context in
            try await order(request, context)
        }
        router.post("v1/rollouts/:name/approvals") { request, context in
            try await approval(request, context)
        }
        return router
    }

    private func ready() async throws -> Response {
        if let reason = await backend.unready() { throw APIError(.serviceUnavailable, reason) }
        return .text("ready\n")
    }

    private func ingest(
        _ request: Request, _ feed: ObservationReader.Feed, _ context: ControlContext
    ) async throws -> Response {
        try checkCaller(request, context)
        let format = try format(of: request)
        let result = try await gate.run {
            let body = try await request.bytes(
                upTo: limits.ingestBytes, within: limits.bodySeconds)
            let reader = ObservationReader(feed: feed, itemLimit: limits.items)
            return try await backend.ingest(try reader.read(body, as: format))
        }
        return .json(try IngestAnswer(result).encoded, status: .accepted)
    }

    private func format(of request: Request) throws -> ObservationReader.Format {
        switch mediaType(of: request) {
        case "application/json", "": return .json
        case "application/x-ndjson", "application/ndjson", "application/jsonl": return .lines
        case let type:
            throw APIError(
                .unsupportedMediaType,
                "found content type \(type.quotable), expected application/json or "
                    + "application/x-ndjson")
        }
    }

    private func mediaType(of request: Request) -> String {
        (request.headers[.contentType] ?? "").prefix { $0 != ";" }.lowercased()
            .trimmingCharacters(in: .whitespaces)
    }

    /// The body is checked, then thrown away: whatever it says, the loop looks for itself.
    private func webhook(_ request: Request, _ context: ControlContext) async throws -> Response {
        let body = try await request.bytes(upTo: limits.webhookBytes, within: limits.bodySeconds)
        try attempts.check(context.source, isAttempt: true) { () throws(APIError) in
            try access.checkWebhook(request, body: body)
        }
        bell.ring()
        return .text("the loop will look\n", status: .accepted)
    }

    private func order(_ request: Request, _ context: ControlContext) async throws -> Response {
        try checkCaller(request, context)
        let rollout = try context.rollout()
        guard mediaType(of: request) == "application/json" else {
            throw APIError(.unsupportedMediaType, "send an order as application/json")
        }
        let body = try await request.bytes(upTo: limits.orderBytes, within: limits.bodySeconds)
        let order = try OrderReader.read(body, rollout: rollout)
        let message = try found(try await backend.submit(rollout, order), context)
        return .json(
            try OrderAnswer(order: order.name, message: message).encoded, status: .accepted)
    }

    private func approval(_ request: Request, _ context: ControlContext) async throws -> Response {
        let person = try attempts.check(context.source, isAttempt: request.hasToken) {
            () throws(APIError) in try access.person(request)
        }
        let rollout = try context.rollout()
        guard mediaType(of: request) == "application/json" else {
            throw APIError(.unsupportedMediaType, "send an approval as application/json")
        }
        let body = try await request.bytes(upTo: limits.orderBytes, within: limits.bodySeconds)
        let answer = try PageAnswerReader.read(body, rollout: rollout)
        let message = try found(try await backend.answer(rollout, answer, person), context)
        return .json(try ApprovalAnswer(by: person, message: message).encoded, status: .accepted)
    }

    private func checkCaller(_ request: Request, _ context: ControlContext) throws(APIError) {
        try attempts.check(context.source, isAttempt: request.hasToken) { () throws(APIError) in
            try access.checkCaller(request)
        }
    }

    private func historyRows(_ request: Request) throws -> Int {
        guard let text = request.uri.queryParameters["limit"] else {
            return min(50, limits.historyRows)
        }
        guard let rows = Int(String(text)), (1...limits.historyRows).contains(rows) else {
            throw APIError(
                .badRequest,
                "limit: found \(String(text).quotable), expected 1 to \(limits.historyRows)")
        }
        return rows
    }

    private func found<Value>(_ value: Value?, _ context: ControlContext) throws -> Value {
        guard let value else {
            throw APIError(.notFound, "there is no rollout \(try context.rollout())")
        }
        return value
    }
}

extension Request {
    fileprivate var hasToken: Bool { headers[.authorization] != nil }
}

private struct IngestAnswer: Encodable {
    let accepted: Int
    let duplicates: Int
    let corrected: Int
    let waiting: Int
    let expired: Int

    init(_ result: IngestResult) {
        accepted = result.accepted
        duplicates = result.duplicates
        corrected = result.corrected
        waiting = result.waiting
        expired = result.expired
    }
}

private struct ApprovalAnswer: Encodable {
    let by: String
    let message: String
}

private struct OrderAnswer: Encodable {
    let order: String
    let message: String
}

extension Encodable {
    /// Compact JSON with sorted keys.
    var encoded: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(self))
        }
    }
}
