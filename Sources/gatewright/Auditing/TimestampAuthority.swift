import ArgumentParser
import AsyncHTTPClient
import Foundation
import Identity
import NIOCore
import NIOHTTP1

/// A time-stamping authority, asked over HTTP (RFC 3161 §3.4).
struct TimestampAuthority: ExpressibleByArgument {
    /// Why there is no stamp. Nothing was changed then.
    struct Failure: Error, CustomStringConvertible { let description: String }

    private static let timeout = Duration.seconds(10)

    let url: String
    let host: String

    init?(argument: String) {
        guard let parts = URLComponents(string: argument), let host = parts.host, !host.isEmpty,
            parts.scheme == "http" || parts.scheme == "https"
        else { return nil }
        self.host = host
        url = argument
    }

    /// The answer to a request, compared with it.
    func stamp(_ text: [UInt8]) async throws -> TimestampResponse {
        let request = TimestampRequest(of: text)
        let bytes = try request.bytes
        var settings = HTTPClient.Configuration()
        settings.redirectConfiguration = .disallow
        settings.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        let answer: [UInt8]
        do {
            answer = try await within(Self.timeout) { try await post(bytes, by: client) }
        } catch {
            try? await client.shutdown()
            throw error
        }
        try? await client.shutdown()
        do throws(InvalidIdentity) {
            let response = try TimestampResponse(answer)
            try response.check(answering: request)
            return response
        } catch {
            throw Failure(description: "the answer of \(host) is no stamp: \(error)")
        }
    }

    private func post(_ bytes: [UInt8], by client: HTTPClient) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/timestamp-query")
        request.headers.add(name: "accept", value: "application/timestamp-reply")
        request.headers.add(name: "user-agent", value: Build.software)
        request.body = .bytes(ByteBuffer(bytes: bytes))
        let response: HTTPClientResponse
        do {
            response = try await client.execute(
                request, timeout: .seconds(Self.timeout.components.seconds))
        } catch {
            throw Failure(
                description: "\(host) cannot be reached (\(error)); try again later: nothing was "
                    + "changed")
        }
        guard response.status == .ok else {
            throw Failure(description: "\(host) answered \(response.status); nothing was changed")
        }
        do {
            return Array(
                try await response.body.collect(upTo: TimestampResponse.bytesMax).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Failure(
                description:
                    "\(host) answered more than \(TimestampResponse.bytesMax) bytes, which "
                    + "is no stamp; nothing was changed")
        } catch {
            throw Failure(
                description: "the answer of \(host) broke off (\(error)); nothing was changed")
        }
    }

    /// An answer may also come so slowly that it never ends.
    private func within(
        _ limit: Duration, _ work: @escaping @Sendable () async throws -> [UInt8]
    ) async throws -> [UInt8] {
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { try await work() }
            group.addTask { [host] in
                try await Task.sleep(for: limit)
                throw Failure(
                    description: "\(host) did not answer within \(limit.components.seconds) s; "
                        + "nothing was changed")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }
}
