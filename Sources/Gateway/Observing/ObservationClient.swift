import NIOCore
import NIOHTTP1
import Secrets

/// The connection over which an `ObservationSender` speaks to its controller.
final class ObservationClient: Sendable {
    private let loop: any EventLoop
    private let token: LiveSecret?
    private let limits: GatewayLimits
    private let pool: NIOLoopBoundBox<UpstreamPool?>
    private let endpoint: Endpoint

    init(endpoint: Endpoint, token: LiveSecret?, limits: GatewayLimits, loop: any EventLoop) {
        self.loop = loop
        self.endpoint = endpoint
        self.limits = limits
        self.token = token
        pool = NIOLoopBoundBox.makeBoxSendingValue(nil, eventLoop: loop)
    }

    func deliver(_ body: ByteBuffer) async -> ObservationSender.Delivery {
        let result: UpstreamResult
        do {
            result = try await loop.flatSubmit {
                let promise = self.loop.makePromise(of: UpstreamResult.self)
                self.send(body) { promise.succeed($0) }
                return promise.futureResult
            }.get()
        } catch {
            return .failed("\(error)")
        }
        switch result {
        case .success(let answer) where (200..<300).contains(Int(answer.status.code)):
            return .taken
        case .success(let answer) where [400, 413, 422].contains(Int(answer.status.code)):
            return .refused
        case .success(let answer): return .failed("the controller answered \(answer.status)")
        case .failure(let failure): return .failed("\(failure)")
        }
    }

    private func send(_ body: ByteBuffer, done: @escaping (UpstreamResult) -> Void) {
        let pool = pool.value ?? makePool()
        self.pool.value = pool
        var headers = HTTPHeaders([("content-type", "application/x-ndjson")])
        if let token = token?.text { headers.add(name: "authorization", value: "Bearer \(token)") }
        pool.send(
            UpstreamRequest(
                method: .POST, path: "/v1/observations", headers: headers, body: body,
                deadline: .now() + limits.observationTime.amount,
                answerBytesMax: limits.adminBodyBytes), done: done)
    }

    private func makePool() -> UpstreamPool {
        UpstreamPool(
            loop: loop, endpoint: endpoint,
            limits: .init(
                connections: 1, queue: 4, queueBytes: .max,
                connectTime: limits.connectTime.amount, idleTime: limits.upstreamIdleTime.amount))
    }
}
