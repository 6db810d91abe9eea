import AsyncHTTPClient
import Foundation
import Gateway
import NIOCore
import NIOHTTP1
import RolloutCore
import Synchronization

/// Plays the callers of every rollout, and the reports of gateways about them.
///
/// What a version answers depends on its number alone, so that a story ends the same way however
/// often it is interrupted. A report is sent again until a controller has taken it.
final class Callers: Sendable {
    private let gateways: [GatewayServer]
    private let controller: String
    private let work = Mutex<Task<Void, Never>?>(nil)
    private let sent = Atomic(0)
    /// Requests of one region between two reports.
    private static let burst = 6

    init(gateways: [GatewayServer], controller: String) {
        self.gateways = gateways
        self.controller = controller
    }

    /// - Parameter other: a second controller, which hears of everything too.
    func start(alsoTo other: String? = nil) {
        let controllers = [controller] + (other.map { [$0] } ?? [])
        let task = Task { await run(controllers) }
        work.withLock { $0 = task }
    }

    func cancel() { work.withLock { $0?.cancel() } }

    func stop() async {
        let task = work.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    private func run(_ controllers: [String]) async {
        while !Task.isCancelled {
            var predictions: [Prediction] = []
            for gateway in gateways {
                for route in gateway.table.contents.routes.values.sorted(by: Self.order) {
                    for _ in 0..<Self.burst { predictions += answers(route) }
                }
            }
            for controller in controllers { await deliver(predictions, to: controller) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private static func order(_ left: Route, _ right: Route) -> Bool {
        left.rollout < right.rollout
    }

    /// Odd majors are bad: 3.0.0 as soon as it is served, 5.0.0 from a share of a half on. 1.0.0
    /// was there first. The others are wrong on one request in twenty.
    private static func isWrong(_ version: VersionName, _ share: Share, _ request: Int) -> Bool {
        switch version.rawValue.first {
        case "1": false
        case "3" where share > .zero: request % 5 < 3
        case "5" where share.basisPoints >= 5_000: request % 5 < 3
        default: request % 20 == 0
        }
    }

    private func answers(_ route: Route) -> [Prediction] {
        let request = sent.add(1, ordering: .relaxed).newValue
        var arms: [(Arm, Route.Backend)] = []
        if let candidate = route.candidate, route.mirror > .zero {
            arms = [(.stable, route.stable), (.mirror, candidate)]
        } else if let candidate = route.candidate, route.share == .all || request % 2 == 0 {
            arms = [(.candidate, candidate)]
        } else {
            arms = [(.stable, route.stable)]
        }
        return arms.map { arm, backend in
            let wrong =
                arm != .stable
                && Self.isWrong(backend.reference.version, route.share, request / 2)
            return Prediction(
                prediction: "request-\(request)", arm: arm, rollout: route.rollout,
                region: route.region, generation: route.generation, version: backend.reference,
                at: .now, latencyMicroseconds: 1_000, output: wrong ? "wrong" : "right",
                confidence: nil, unit: UInt64(request))
        }
    }

    private struct Line<Value: Encodable>: Encodable {
        let kind: String
        let value: Value

        private enum Key: String, CodingKey { case kind }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(kind, forKey: .kind)
            try value.encode(to: encoder)
        }
    }

    private func deliver(_ predictions: [Prediction], to controller: String) async {
        guard !predictions.isEmpty else { return }
        let labels = Set(predictions.map(\.prediction)).sorted().map {
            Label(prediction: $0, truth: ["right"], at: .now)
        }
        let answers = predictions.map { Line(kind: "prediction", value: $0) }
        await post(answers, to: "\(controller)/v1/observations")
        let truths = labels.map { Line(kind: "label", value: $0) }
        await post(truths, to: "\(controller)/v1/labels")
    }

    private func post(_ lines: [some Encodable], to url: String) async {
        guard let body = try? JSONEncoder().encode(lines) else { return }
        while !Task.isCancelled {
            let status = try? await Web.post(url, Array(body)).status
            if status == 202 { return }
            try? await Task.sleep(for: .milliseconds(15))
        }
    }
}

/// Short requests to loopback servers.
enum Web {
    struct Answer {
        let status: Int
        let body: [UInt8]
        var text: String { String(validating: body, as: UTF8.self) ?? "" }
    }

    static func get(_ url: String) async throws -> Answer {
        try await ask(HTTPClientRequest(url: url))
    }

    static func post(
        _ url: String, _ body: [UInt8], token: String? = nil
    ) async throws -> Answer {
        try await send("POST", url, body, token: token)
    }

    static func send(
        _ method: String, _ url: String, _ body: [UInt8], token: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        request.headers.add(name: "content-type", value: "application/json")
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        request.body = .bytes(body)
        return try await ask(request)
    }

    private static func ask(_ request: HTTPClientRequest) async throws -> Answer {
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
        let body = try await answer.body.collect(upTo: 4 << 20)
        return Answer(status: Int(answer.status.code), body: Array(body.readableBytesView))
    }
}

extension Timestamp {
    static var now: Timestamp {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1_000).rounded()))
    }
}
