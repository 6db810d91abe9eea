import ControlServer
import Crypto
import Foundation
import HTTPTypes
import History
import HummingbirdTesting
import Logging
import RolloutCore
import Secrets
import Synchronization
import Testing

@Suite struct AccessTests {
    private static let token = "0123456789abcdef0123456789abcdef"

    @Test("H10: an open server needs a token")
    func anOpenServerNeedsAToken() throws {
        let stand = try Stand()
        defer { stand.store.close() }
        for configuration in [
            ControlServer.Configuration(host: "0.0.0.0"),
            ControlServer.Configuration(host: "127.0.0.1.example.org"),
            ControlServer.Configuration(token: "short"),
        ] {
            #expect(throws: ControlServer.ConfigurationError.self) {
                try ControlServer(
                    configuration: configuration, backend: stand.backend,
                    logger: Logger(label: "test"))
            }
        }
    }

    @Test func C17_withATokenEveryWriterMustShowIt() async throws {
        try await serve(ControlServer.Configuration(token: LiveSecret(Self.token))) {
            client, stand in
            let body = Sample.prediction("p1")
            let right = try await client.post(
                "/v1/observations", body, headers: [.authorization: "Bearer \(Self.token)"])
            #expect(right.status == 202)
            #expect(try stand.store.newestFact() == 1)
        }
        for path in ["/v1/observations", "/v1/labels", "/v1/rollouts/compression-selector/orders"] {
            try await serve(ControlServer.Configuration(token: LiveSecret(Self.token))) {
                client, _ in
                let wrong = try await client.post(
                    path, "{}", headers: [.authorization: "Bearer \(Self.token)x"])
                #expect(wrong.status == 401)
                #expect(!wrong.text.contains(Self.token))
            }
        }
    }

    @Test("H10: an address that shows too many wrong tokens is not listened to")
    func tooManyWrongTokensAreRefused() async throws {
        var configuration = ControlServer.Configuration(token: LiveSecret(Self.token))
        configuration.limits.wrongTokensAMinute = 3
        // A wrong token ends its connection.
        try await serve(configuration, by: .ahc(.http)) { client, stand in
            func status(_ token: String?) async throws -> Int {
                try await client.post(
                    "/v1/observations", Sample.prediction("p1"),
                    headers: token.map { [.authorization: "Bearer \($0)"] } ?? [:]
                ).status
            }
            var answers: [Int] = []
            let (right, wrong) = (Self.token, "\(Self.token)x")
            // Who shows none guesses nothing. After three wrong ones not even the right one counts:
            // else the answer would tell which it is.
            for token in [nil, nil, nil, nil, wrong, wrong, right, "y", right, "z"] {
                answers.append(try await status(token))
            }
            #expect(answers == [401, 401, 401, 401, 401, 401, 202, 401, 429, 429])
            #expect(try stand.store.newestFact() == 1)
            #expect(try await client.get("/v1/status").status == 200)
        }
    }

    @Test("H8: another sites page is refused")
    func anotherSitesPageIsRefused() async throws {
        try await serve { client, _ in
            let answer = try await client.post(
                "/v1/observations", Sample.prediction("p1"),
                headers: [.origin: "https://evil.example"])
            #expect(answer.status == 403)
        }
    }

    @Test("H4: signed webhooks wake the loop and storms are one")
    func signedWebhooksWakeTheLoopAndStormsAreOne() async throws {
        var configuration = ControlServer.Configuration(webhookSecret: LiveSecret(Self.token))
        configuration.limits.wakePause = .seconds(3_600)
        try await serve(configuration) { client, stand in
            let key = SymmetricKey(data: Array(Self.token.utf8))
            let body = #"{"ref": "refs/heads/main", not even JSON"#
            let code = HMAC<SHA256>.authenticationCode(for: Array(body.utf8), using: key)
            let hex = code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let hub = try #require(HTTPField.Name("X-Hub-Signature-256"))
            let gitea = try #require(HTTPField.Name("X-Gitea-Signature"))
            let gitlab = try #require(HTTPField.Name("X-Gitlab-Token"))
            for headers: HTTPFields in [
                [hub: "sha256=\(hex)"], [gitea: hex], [gitlab: Self.token],
                [hub: "sha256=\(hex)", gitea: hex], [hub: "sha256=\(hex)"],
            ] {
                #expect(try await client.post("/v1/webhook", body, headers: headers).status == 202)
            }
            // The first rings at once, the others wait for the end of the pause.
            while stand.wakes.withLock({ $0 }) == 0 { await Task.yield() }
            #expect(stand.wakes.withLock { $0 } == 1)
        }
    }

    // H4: unsigned webhooks do nothing.
    @Test(arguments: [
        [:], ["X-Hub-Signature-256": "sha256=00"], ["X-Gitlab-Token": "wrong"],
        ["X-Gitea-Signature": String(repeating: "0", count: 64)],
    ])
    func unsignedWebhooksDoNothing(_ headers: [String: String]) async throws {
        try await serve(ControlServer.Configuration(webhookSecret: LiveSecret(Self.token))) {
            client, stand in
            var fields = HTTPFields()
            for (name, value) in headers {
                fields[try #require(HTTPField.Name(name))] = value
            }
            #expect(try await client.post("/v1/webhook", "{}", headers: fields).status == 401)
            #expect(stand.wakes.withLock { $0 } == 0)
        }
    }

    @Test("H2: a webhook body is capped")
    func aWebhookBodyIsCapped() async throws {
        var configuration = ControlServer.Configuration(webhookSecret: LiveSecret(Self.token))
        configuration.limits.webhookBytes = 1_000
        try await serve(configuration) { client, _ in
            let answer = try await client.post("/v1/webhook", String(repeating: "x", count: 1_001))
            #expect(answer.status == 413)
        }
    }
}
