import Gateway
import History
import Logging
import RolloutCore
import Signals
import Synchronization
import Traffic

/// Gateways inside the controller's process, one a region: the set-up without any file.
enum EmbeddedGateways {
    /// Predictions that wait for the disk; beyond this the oldest are kept and new ones dropped.
    private static let waitingMax = 100_000
    private static let batchMax = 1_000

    /// - Parameter firstPort: of the first region by name; the next ones follow.
    static func start(
        regions: [RegionName], firstPort: Int, stateDirectory: String, observatory: Observatory,
        log: Logger
    ) async throws -> ([GatewayServer], EmbeddedGatewayRouter) {
        let sink = ClosureSink(intake(observatory, log))
        var servers: [GatewayServer] = []
        var tables: [RegionName: EmbeddedGatewayRouter.Table] = [:]
        for (index, region) in regions.enumerated() {
            let server = try GatewayServer(
                GatewayServer.Configuration(
                    region: region, port: firstPort + index, adminPort: 0,
                    statePath: "\(stateDirectory)/routes-\(region).json"),
                sink: sink, logger: log)
            try await server.start()
            servers.append(server)
            tables[region] = .of(server.table)
        }
        return (servers, EmbeddedGatewayRouter(tables: tables))
    }

    /// Hands predictions over in batches, so that the data plane never waits for the disk.
    private static func intake(
        _ observatory: Observatory, _ log: Logger
    ) -> @Sendable (Prediction) -> Void {
        let waiting = Waiting()
        Task {
            while true {
                try? await Task.sleep(for: .milliseconds(100))
                var rest = waiting.takeAll()[...]
                while !rest.isEmpty {
                    let batch = rest.prefix(batchMax).map { Observation.prediction($0) }
                    rest = rest.dropFirst(batchMax)
                    do {
                        _ = try await observatory.ingest(batch)
                    } catch {
                        log.error("observations are lost", metadata: ["error": "\(error)"])
                    }
                }
            }
        }
        return { waiting.add($0) }
    }

    private final class Waiting: Sendable {
        private let predictions = Mutex<[Prediction]>([])

        func add(_ prediction: Prediction) {
            predictions.withLock { waiting in
                if waiting.count < waitingMax { waiting.append(prediction) }
            }
        }

        func takeAll() -> [Prediction] {
            predictions.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
        }
    }
}

extension EmbeddedGatewayRouter.Table {
    static func of(_ table: RouteTable) -> EmbeddedGatewayRouter.Table {
        EmbeddedGatewayRouter.Table(
            read: { table.contents.routes },
            apply: { route, onlyLowering in
                do throws(RouteRefusal) {
                    return .success(try await table.apply(route, onlyLowering: onlyLowering))
                } catch {
                    return .failure(RouterFailure(error))
                }
            },
            withdraw: { rollout, generation in
                do throws(RouteRefusal) {
                    return .success(try await table.withdraw(rollout, generation: generation))
                } catch {
                    return .failure(RouterFailure(error))
                }
            })
    }
}

extension RouterFailure {
    fileprivate init(_ refusal: RouteRefusal) {
        switch refusal {
        case .stale(let current, _): self = .refusedStale(current: current)
        case .raises(let current): self = .refusedRaise(current: current)
        case .invalid(let text): self = .rejected(text)
        case .unsaved(let text): self = .unreachable(text)
        }
    }
}
