import ControlServer
import Foundation
import HTTPTypes
import History
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import RolloutCore
import Synchronization
import Testing

/// A server over a real store, with everything else answered by closures that remember.
final class Stand: Sendable {
    let store: HistoryStore
    let orders = Mutex<[Order]>([])
    let answers = Mutex<[(String, PageAnswer)]>([])
    let wakes = Mutex(0)
    let reason = Mutex<String?>(nil)
    let full = Mutex(false)

    init() throws { store = try HistoryStore.temporary() }

    var backend: ControlBackend {
        ControlBackend(
            ingest: { [self] batch in
                if full.withLock({ $0 }) { throw HistoryError.storageFull }
                return try store.ingest(batch)
            },
            status: { Array(#"{"rollouts":[]}"#.utf8) },
            rollout: { Self.knows($0) ? Array(#"{"name":"\#($0)"}"#.utf8) : nil },
            why: { Self.knows($0) ? "\($0) holds: soaking" : nil },
            history: { Self.knows($0) ? Array("[\($1)]".utf8) : nil },
            submit: { [self] rollout, order in
                guard Self.knows(rollout) else { return nil }
                if order.reason == "conflict" { throw ControlFailure.conflict("it has ended") }
                if order.reason == "secret" { throw SecretError() }
                orders.withLock { $0.append(order) }
                return "recorded with the next pass"
            },
            answer: { [self] rollout, answer, person in
                guard Self.knows(rollout) else { return nil }
                answers.withLock { $0.append((person, answer)) }
                return "taken"
            },
            wake: { [self] in wakes.withLock { $0 += 1 } },
            metrics: { "gatewright_up 1\n" },
            unready: { [self] in reason.withLock { $0 } })
    }

    private static func knows(_ rollout: RolloutName) -> Bool {
        rollout.rawValue == "compression-selector"
    }

    struct SecretError: Error {
        let token = "s3cr3t-token"
    }
}

/// Serves on a free port of loopback while the body runs.
func serve(
    _ configuration: ControlServer.Configuration = ControlServer.Configuration(),
    by client: TestingSetup = .live,
    _ body: @Sendable @concurrent (any TestClientProtocol, Stand) async throws -> Void
) async throws {
    let stand = try Stand()
    defer { stand.store.close() }
    var configuration = configuration
    configuration.port = 0
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = try ControlServer(
        configuration: configuration, backend: stand.backend, logger: logger)
    try await server.application().test(client) { client in try await body(client, stand) }
}

extension TestClientProtocol {
    func post(
        _ path: String, _ body: String, type: String = "application/json",
        headers: HTTPFields = [:]
    ) async throws -> (status: Int, text: String) {
        var headers = headers
        headers[.contentType] = type
        let response = try await execute(
            uri: path, method: .post, headers: headers, body: ByteBuffer(string: body))
        return (response.status.code, String(buffer: response.body))
    }

    func get(_ path: String) async throws -> (status: Int, text: String) {
        let response = try await execute(uri: path, method: .get)
        return (response.status.code, String(buffer: response.body))
    }
}

enum Sample {
    static let digest = String(repeating: "a", count: 64)

    static func prediction(_ id: String, arm: String = "stable", output: String = #""hde""#)
        -> String
    {
        """
        {"kind":"prediction","prediction":"\(id)","arm":"\(arm)","rollout":"compression-selector",\
        "region":"eu-west","generation":1,"version":{"version":"2.4.0","digest":"\(digest)"},\
        "at":"2026-11-20T14:02:11.250Z","latencyMicroseconds":6800,"output":\(output),\
        "unit":18446744073709551615}
        """
    }

    static func label(_ id: String, truth: String = #""hde""#) -> String {
        #"{"prediction":"\#(id)","truth":\#(truth),"at":"2026-11-20T15:00:00Z"}"#
    }
}
