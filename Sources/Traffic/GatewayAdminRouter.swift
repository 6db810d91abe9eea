package import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
package import RolloutCore
package import Secrets

/// Routes through gateways elsewhere, by the admin API of each region.
package struct GatewayAdminRouter: TrafficRouter {
    /// The admin API of one region.
    package struct Site: Sendable {
        /// `http://host:port` or `https://host:port`
        package let url: String
        package let token: LiveSecret?

        package init(url: String, token: LiveSecret?) {
            self.url = url
            self.token = token
        }
    }

    /// An outside query takes this long at the most.
    package static let timeoutMax = TimeSpan.seconds(10)
    /// 10,000 routes of about 1 KiB each, and as much again.
    private static let answerBytesMax = 20 * 1024 * 1024

    /// For the client given to `init`: a redirect would carry the token to another host.
    package static var clientConfiguration: HTTPClient.Configuration {
        HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(3), read: .seconds(10)))
    }

    private struct Routes: Decodable {
        let routes: [Route]
        let tableVersion: Int
    }

    private struct Current: Decodable { let current: Route? }
    private struct Refusal: Decodable { let error: String }

    private let sites: [RegionName: Site]
    private let client: HTTPClient
    private let timeout: TimeSpan

    /// - Parameter client: made with `clientConfiguration`; the caller shuts it down.
    package init(
        sites: [RegionName: Site], client: HTTPClient,
        timeout: TimeSpan = GatewayAdminRouter.timeoutMax
    ) {
        self.sites = sites
        self.client = client
        self.timeout = min(timeout, Self.timeoutMax)
    }

    package func readBack(
        _ rollout: RolloutName, in region: RegionName
    ) async -> RouteReadBack {
        do throws(RouterFailure) {
            let (status, body) = try await ask(region, .GET, "/\(rollout)")
            if status == 404 {
                // Another server's 404 is no news of a route: only the gateway's own error counts.
                guard refusal(body) != nil else {
                    return .unknown(reason: "404 from something that is no gateway")
                }
                return .nothing
            }
            let route: Route = try read(body, status)
            guard route.rollout == rollout, route.region == region else {
                return .unknown(
                    reason: "asked for \(rollout) in \(region), answered \(route.rollout) in "
                        + "\(route.region)")
            }
            return .serving(route)
        } catch {
            return .unknown(reason: error.description)
        }
    }

    package func readBackAll(in region: RegionName) async -> RegionReadBack {
        do throws(RouterFailure) {
            let (status, body) = try await ask(region, .GET, "")
            let answer: Routes = try read(body, status)
            if let stranger = answer.routes.first(where: { $0.region != region }) {
                return .unknown(
                    reason: "asked for region \(region), answered \(stranger.region)")
            }
            return .serving(
                Dictionary(answer.routes.map { ($0.rollout, $0) }) { first, _ in first })
        } catch {
            return .unknown(reason: error.description)
        }
    }

    package func apply(
        _ route: Route, onlyLowering: Bool
    ) async throws(RouterFailure) -> Route {
        let encoded: Data
        do { encoded = try JSONEncoder().encode(route) } catch { throw .rejected("\(error)") }
        let path = "/\(route.rollout)\(onlyLowering ? "?onlyLowering=true" : "")"
        let (status, body) = try await ask(route.region, .PUT, path, encoded)
        return try read(body, status)
    }

    package func withdraw(
        _ rollout: RolloutName, from region: RegionName, generation: Int
    ) async throws(RouterFailure) {
        let path = "/\(rollout)?generation=\(generation)"
        let (status, body) = try await ask(region, .DELETE, path)
        struct Nothing: Decodable {}
        let _: Nothing = try read(body, status)
    }

    private func ask(
        _ region: RegionName, _ method: HTTPMethod, _ path: String, _ body: Data? = nil
    ) async throws(RouterFailure) -> (status: UInt, body: ByteBuffer) {
        guard let site = sites[region] else {
            let known = sites.keys.sorted().map(\.rawValue).joined(separator: ", ")
            throw .rejected("no gateway is configured for region \(region); there are \(known)")
        }
        var request = HTTPClientRequest(url: site.url + "/admin/v1/routes" + path)
        request.method = method
        if let token = site.token?.text {
            request.headers.add(name: "authorization", value: "Bearer \(token)")
        }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(body)
        }
        do {
            let answer = try await client.execute(
                request, timeout: .milliseconds(timeout.milliseconds))
            let whole = try await answer.body.collect(upTo: Self.answerBytesMax)
            return (answer.status.code, whole)
        } catch {
            throw .unreachable("\(site.url): \(error)")
        }
    }

    private func read<Value: Decodable>(
        _ body: ByteBuffer, _ status: UInt
    ) throws(RouterFailure) -> Value {
        switch status {
        case 200:
            do {
                return try JSONDecoder().decode(Value.self, from: Data(body.readableBytesView))
            } catch {
                throw .unreachable("an answer that is not understood: \(error)")
            }
        case 409, 412:
            guard
                let answer = try? JSONDecoder().decode(
                    Current.self, from: Data(body.readableBytesView))
            else {
                throw .rejected("\(status) without a route")
            }
            throw status == 409
                ? .refusedStale(current: answer.current) : .refusedRaise(current: answer.current)
        // The server's own trouble may pass.
        case 408, 429, 500...599: throw .unreachable("\(status): \(refusal(body) ?? "")")
        default: throw .rejected("\(status): \(refusal(body) ?? "")")
        }
    }

    private func refusal(_ body: ByteBuffer) -> String? {
        (try? JSONDecoder().decode(Refusal.self, from: Data(body.readableBytesView)))?.error
    }
}
