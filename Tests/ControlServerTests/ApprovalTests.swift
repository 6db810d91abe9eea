import Foundation
import HTTPTypes
import History
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import RolloutCore
import Secrets
import Synchronization
import Testing

@testable import ControlServer

@Suite struct ApprovalTests {
    static let sam = "sam-sam-sam-sam-sam"
    static let lena = "lena-lena-lena-lena"
    static let configuration = ControlServer.Configuration(
        token: "the-api-the-api-the-api",
        people: ["sam@example.org": LiveSecret(sam), "lena@example.org": LiveSecret(lena)])
    static let path = "/v1/rollouts/compression-selector/approvals"
    static let good =
        #"{"answer":"approve","run":"compression-selector-12","digest":"985755fe03d6","comment":"looked"}"#

    private func post(
        _ client: any TestClientProtocol, _ token: String?, _ body: String,
        path: String = path, origin: String? = nil, type: String = "application/json"
    ) async throws -> (Int, String) {
        var headers = HTTPFields()
        headers[.contentType] = type
        if let token { headers[.authorization] = "Bearer \(token)" }
        if let origin { headers[.origin] = origin }
        return try await client.execute(
            uri: path, method: .post, headers: headers, body: ByteBuffer(string: body)
        ) { ($0.status.code, String(buffer: $0.body)) }
    }

    @Test func aPersonIsKnownByTheirToken() async throws {
        try await serve(Self.configuration) { client, stand in
            for (token, person) in [(Self.sam, "sam@example.org"), (Self.lena, "lena@example.org")]
            {
                let (status, body) = try await post(client, token, Self.good)
                #expect(status == 202)
                #expect(body.contains(person))
                let last = try #require(stand.answers.withLock { $0.last })
                #expect(last.0 == person)
                #expect(last.1.digestPrefix == "985755fe03d6" && !last.1.hotfix)
            }
        }
    }

    /// The token of the API is nobody's: whoever may push observations may not approve.
    // H9: nobody else is taken for the owner of a token.
    @Test(arguments: [
        nil, "", "wrong-wrong-wrong-wrong", "the-api-the-api-the-api", sam + "x",
        String(sam.dropLast()),
    ])
    func nobodyElseIs(_ token: String?) async throws {
        try await serve(Self.configuration) { client, stand in
            let status = try await post(client, token, Self.good).0
            #expect(status == 401)
            let taken = stand.answers.withLock { $0.count }
            #expect(taken == 0)
        }
    }

    @Test("H8: pages of other sites and servers without people are refused")
    func pagesOfOtherSitesAndServersWithoutPeopleAreRefused() async throws {
        try await serve(Self.configuration) { client, _ in
            let status = try await post(
                client, Self.sam, Self.good, origin: "https://evil.example"
            ).0
            #expect(status == 403)
        }
        try await serve { client, _ in
            let status = try await post(client, Self.sam, Self.good).0
            #expect(status == 403)
        }
    }

    // H8: what is not plain is refused.
    @Test(arguments: [
        "", "{}", "[]", #"{"answer":"approve"}"#,
        good.replacing("approve", with: "maybe"),
        good.replacing("compression-selector-12", with: "other-12"),
        good.replacing("compression-selector-12", with: "compression-selector-0"),
        good.replacing("985755fe03d6", with: "985755"),
        good.replacing("985755fe03d6", with: "985755FE03D6"),
        good.replacing("985755fe03d6", with: ""),
        good.replacing("\"looked\"", with: "\"looked\\nRollout: x\""),
        good.replacing("\"looked\"", with: "7"),
        good.replacing("}", with: ",\"channel\":\"signed\"}"),
        good.replacing("}", with: ",\"principal\":\"lena@example.org\"}"),
        good.replacing("}", with: ",\"answer\":\"approve\"}"),
        good.replacing("}", with: ",\"hotfix\":\"yes\"}"),
    ])
    func whatIsNotPlainIsRefused(_ body: String) async throws {
        try await serve(Self.configuration) { client, stand in
            let status3 = try await post(client, Self.sam, body).0
            #expect(status3 == 400)
            let taken = stand.answers.withLock { $0.count }
            #expect(taken == 0)
        }
    }

    /// Whoever rotates tokens exchanges files, and expects the old one to be worth nothing.
    @Test("H9: a token that was exchanged or taken away is nobody's at once")
    func H9_anExchangedTokenIsNobodysAtOnce() async throws {
        let file = try SecretsOnDisk()
        try file.write(Self.sam, "sam")
        try file.write("the-api-the-api-the-api", "api")
        var configuration = Self.configuration
        configuration.token = try LiveSecret(file: file.path("api"))
        configuration.people["sam@example.org"] = try LiveSecret(file: file.path("sam"))
        // A refusal ends the connection, so each has a server of its own; the secrets stay.
        func isLetIn(_ token: String) async throws -> Bool {
            let status = Mutex(0)
            try await serve(configuration) { client, _ in
                let found = try await post(client, token, Self.good).0
                status.withLock { $0 = found }
            }
            return status.withLock { $0 } == 202
        }
        #expect(try await isLetIn(Self.sam))
        try file.write("new-new-new-new-new", "sam")
        #expect(try await !isLetIn(Self.sam))
        #expect(try await isLetIn("new-new-new-new-new"))
    }

    /// At the start such tokens are refused; files may come to hold them later.
    @Test("H9: a token that becomes short, somebody else's or the API's is nobody's")
    func aTokenThatBecomesUnusableIsNobodys() throws {
        let file = try SecretsOnDisk()
        try file.write(Self.sam, "sam")
        let access = Access(
            token: "the-api-the-api-the-api",
            people: [
                "sam@example.org": try LiveSecret(file: file.path("sam")),
                "lena@example.org": LiveSecret(Self.lena),
            ], webhookSecret: nil, checksHost: true)
        #expect(try access.person(bearer: Self.sam) == "sam@example.org")
        for text in ["short", "", Self.lena, "the-api-the-api-the-api"] {
            try file.write(text, "sam")
            #expect(throws: APIError.self, "\(text)") { try access.person(bearer: text) }
        }
        try file.remove("sam")
        for text in ["", Self.sam] {
            #expect(throws: APIError.self, "\(text)") { try access.person(bearer: text) }
        }
    }

    @Test func otherTypesAndRolloutsAreRefused() async throws {
        try await serve(Self.configuration) { client, _ in
            let status = try await post(client, Self.sam, Self.good, type: "text/plain").0
            #expect(status == 415)
        }
        try await serve(Self.configuration) { client, _ in
            let path = "/v1/rollouts/other/approvals"
            let body = Self.good.replacing("compression-selector", with: "other")
            let status = try await post(client, Self.sam, body, path: path).0
            #expect(status == 404)
        }
    }

    @Test("H10: shared or short tokens are not served")
    func sharedOrShortTokensAreNotServed() throws {
        let stand = try Stand()
        defer { stand.store.close() }
        for people in [
            ["a": Self.sam, "b": Self.sam], ["a": "short"], ["a": "x-x-x-x-x-x-x-x-x-x"],
        ] {
            #expect(throws: ControlServer.ConfigurationError.self) {
                try ControlServer(
                    configuration: ControlServer.Configuration(
                        token: "x-x-x-x-x-x-x-x-x-x", people: people.mapValues { LiveSecret($0) }),
                    backend: stand.backend, logger: Logger(label: "test"))
            }
        }
    }
}
