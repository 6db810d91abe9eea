import Foundation
import NIOCore
import NIOHTTP1
import RolloutCore
import Secrets

/// The admin API: routes in and out, and metrics. It answers on a listener of its own.
///
/// | Request | Answer |
/// |---|---|
/// | `GET /admin/v1/routes` | `{"routes":[Route], "tableVersion": n}` |
/// | `GET /admin/v1/routes/{rollout}` | the route, or 404 |
/// | `PUT /admin/v1/routes/{rollout}` | the route then served; 409 with `current` when stale |
/// | `PUT …?onlyLowering=true` | the same; 412 with `current` when the candidate would get more; older calls are refused then (`Route.fence`) |
/// | `DELETE /admin/v1/routes/{rollout}?generation=n` | `{}`; 409 with `current` when stale |
/// | `GET /metrics` | Prometheus text |
final class AdminPlane: Sendable {
    private struct Routes: Encodable {
        let routes: [Route]
        let tableVersion: Int
        let region: RegionName
    }

    private struct Stale: Encodable {
        let error: String
        let current: Route?
        let generation: Int
    }

    private struct Raise: Encodable {
        let error: String
        let current: Route?
    }

    private let table: RouteTable
    private let token: LiveSecret?
    private let metricsText: @Sendable () -> String

    init(table: RouteTable, token: LiveSecret?, metricsText: @escaping @Sendable () -> String) {
        self.table = table
        self.token = token
        self.metricsText = metricsText
    }

    func answer(
        _ request: WholeRequest, on loop: any EventLoop, _ reply: @escaping (WholeResponse) -> Void
    ) {
        guard isAuthorized(request.head.headers) else {
            var refusal = WholeResponse.error(.unauthorized, "this API needs the bearer token")
            refusal.headers.add(name: "www-authenticate", value: "Bearer")
            return reply(refusal)
        }
        let parts = request.head.uri.split(separator: "?", maxSplits: 1).map(String.init)
        let path = parts.first?.split(separator: "/").map(String.init) ?? []
        let query = parts.dropFirst().first ?? ""
        switch (request.head.method, path.count) {
        case (.GET, 1) where path == ["metrics"]:
            return reply(
                WholeResponse(
                    .ok, headers: ["content-type": "text/plain; version=0.0.4"],
                    body: ByteBuffer(string: metricsText())))
        case (.GET, 3) where path == ["admin", "v1", "routes"]: return reply(routes())
        case (_, 4) where path.starts(with: ["admin", "v1", "routes"]):
            guard let rollout = try? RolloutName(path[3]) else {
                return reply(.error(.badRequest, "\"\(path[3])\" is not the name of a rollout"))
            }
            switch request.head.method {
            case .GET: return reply(route(rollout))
            case .PUT:
                let body = request.body ?? ByteBuffer()
                guard query.isEmpty || query == Self.onlyLowering else {
                    return reply(.error(.badRequest, "the only option is ?\(Self.onlyLowering)"))
                }
                later(on: loop, reply) {
                    await self.put(rollout, body, onlyLowering: !query.isEmpty)
                }
            case .DELETE: later(on: loop, reply) { await self.delete(rollout, query) }
            default: return reply(.error(.methodNotAllowed, "GET, PUT or DELETE"))
            }
        default: return reply(.error(.notFound, "no such path"))
        }
    }

    /// Changes wait for the disk, so they are answered from a task.
    private func later(
        on loop: any EventLoop, _ reply: @escaping (WholeResponse) -> Void,
        _ work: @escaping @Sendable () async -> WholeResponse
    ) {
        let bound = NIOLoopBound(reply, eventLoop: loop)
        Task {
            let response = await work()
            loop.execute { bound.value(response) }
        }
    }

    private func isAuthorized(_ headers: HTTPHeaders) -> Bool {
        guard let token else { return true }
        guard let text = token.text, !text.isEmpty else { return false }
        let (given, wanted) = (headers.first(name: "authorization") ?? "", "Bearer \(text)")
        // Every byte is compared, so that the time says nothing about the token.
        var difference = given.utf8.count ^ wanted.utf8.count
        for (left, right) in zip(given.utf8, wanted.utf8) { difference |= Int(left ^ right) }
        return difference == 0
    }

    private func routes() -> WholeResponse {
        let contents = table.contents
        return json(
            .ok,
            Routes(
                routes: contents.routes.values.sorted { $0.rollout < $1.rollout },
                tableVersion: contents.version, region: table.region))
    }

    private func route(_ rollout: RolloutName) -> WholeResponse {
        guard let route = table.route(rollout) else {
            return .error(.notFound, "no route for \(rollout) in region \(table.region)")
        }
        return json(.ok, route)
    }

    private static let onlyLowering = "onlyLowering=true"

    private func put(
        _ rollout: RolloutName, _ body: ByteBuffer, onlyLowering: Bool
    ) async -> WholeResponse {
        let route: Route
        do {
            route = try JSONDecoder().decode(Route.self, from: Data(body.readableBytesView))
        } catch {
            return .error(.unprocessableEntity, "the body is not a route: \(error)")
        }
        guard route.rollout == rollout else {
            return .error(
                .unprocessableEntity, "the path says \(rollout) and the body \(route.rollout)")
        }
        do {
            return json(.ok, try await table.apply(route, onlyLowering: onlyLowering))
        } catch {
            return refusal(error)
        }
    }

    private func delete(_ rollout: RolloutName, _ query: String) async -> WholeResponse {
        let name = "generation="
        guard query.hasPrefix(name), let generation = Int(query.dropFirst(name.count)),
            generation >= 0
        else { return .error(.badRequest, "say which decision withdraws it: ?generation=NUMBER") }
        do {
            try await table.withdraw(rollout, generation: generation)
            return WholeResponse(.ok, json: "{}")
        } catch {
            return refusal(error)
        }
    }

    private func refusal(_ refusal: RouteRefusal) -> WholeResponse {
        switch refusal {
        case .stale(let current, let generation):
            json(
                .conflict,
                Stale(error: refusal.description, current: current, generation: generation))
        case .raises(let current):
            json(.preconditionFailed, Raise(error: refusal.description, current: current))
        case .invalid(let message): .error(.unprocessableEntity, message)
        case .unsaved(let message): .error(.insufficientStorage, message)
        }
    }

    private func json(_ status: HTTPResponseStatus, _ value: some Encodable) -> WholeResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            return .error(.internalServerError, "the answer cannot be encoded")
        }
        return WholeResponse(
            status, headers: ["content-type": "application/json"], body: ByteBuffer(bytes: data))
    }
}
