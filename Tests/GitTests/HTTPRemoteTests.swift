import Foundation
import Git
import Secrets
import Testing

@Suite struct HTTPRemoteTests {
    private let bench: Workbench
    private let seed: ObjectID
    private let scratchName: ReferenceName
    private let token = "t0ken-of-the-robot"

    init() async throws {
        bench = try Workbench()
        seed = try await bench.seededRepository("origin.git")
        try bench.git("-C", bench.path("origin.git"), "config", "http.receivepack", "true")
        scratchName = try ReferenceName(scratch)
        _ = try GitRepository(openingOrCreatingBareAt: bench.path("local.git"))
    }

    private func remote(
        _ server: ServerProcess, token: String?, folder: String = ""
    ) throws -> GitRemote {
        try GitRemote(
            url: "http://127.0.0.1:\(server.port)\(folder)/origin.git", branch: "main",
            credential: token.map { .token(user: "robot", token: Secret($0)) } ?? .none)
    }

    @Test func tokenLetsUsFetchAndPush() async throws {
        let server = try bench.startHTTP(token: token)
        let remote = try remote(server, token: token)
        let worker = try RemoteWorker.ofThisBuild()
        let found = try await worker.fetch(
            repositoryPath: bench.path("local.git"), remote: remote, into: scratchName)
        #expect(found == .tip(seed, previous: nil, change: .first))
        let ours = try await bench.commit(
            ["a": "1"], in: "local.git", onto: seed, reference: "refs/heads/main",
            expecting: .some(nil))
        let tip = try await worker.pushAcknowledged(
            repositoryPath: bench.path("local.git"), remote: remote, commit: ours,
            expecting: seed, fetchingInto: scratchName)
        #expect(tip == ours)
    }

    /// Tokens of a forge's apps end after an hour; whoever renews them writes a file.
    @Test("A20: a renewed token is used at once")
    func aRenewedTokenIsUsedAtOnce() async throws {
        let server = try bench.startHTTP(token: token)
        try bench.write("expired-t0ken\n", to: "token")
        let remote = try GitRemote(
            url: "http://127.0.0.1:\(server.port)/origin.git", branch: "main",
            credential: .token(
                user: "robot", token: Secret(try LiveSecret(file: bench.path("token")))))
        let worker = try RemoteWorker.ofThisBuild()
        func fetch() async throws -> FetchOutcome {
            try await worker.fetch(
                repositoryPath: bench.path("local.git"), remote: remote, into: scratchName)
        }
        let failure = await #expect(throws: RemoteFailure.self) { try await fetch() }
        guard case .unauthorised = failure else {
            throw Trouble("expected unauthorised, found \(String(describing: failure))")
        }
        try bench.write(token + "\n", to: "token")
        #expect(try await fetch() == .tip(seed, previous: nil, change: .first))
        try FileManager.default.removeItem(atPath: bench.path("token"))
        let gone = await #expect(throws: RemoteFailure.self) { try await fetch() }
        guard case .misconfigured(let text) = gone else {
            throw Trouble("expected misconfigured, found \(String(describing: gone))")
        }
        #expect(text.contains("the token of") && text.contains("cannot be read"))
    }

    // A20
    @Test("A20, H11: bad token is unauthorised and not shown", arguments: ["expired-t0ken", nil])
    func badTokenIsUnauthorisedAndNotShown(_ bad: String?) async throws {
        let server = try bench.startHTTP(token: token)
        let failure = await #expect(throws: RemoteFailure.self) {
            try await RemoteWorker.ofThisBuild().fetch(
                repositoryPath: bench.path("local.git"), remote: remote(server, token: bad),
                into: scratchName)
        }
        guard case .unauthorised(let text) = failure else {
            throw Trouble("expected unauthorised, found \(String(describing: failure))")
        }
        #expect(!text.contains("expired-t0ken"))
        #expect(!text.contains(Data("robot:expired-t0ken".utf8).base64EncodedString()))
    }

    @Test("H5: redirects are not followed")
    func redirectsAreNotFollowed() async throws {
        let other = try SilentServer()
        let server = try bench.startHTTP(token: token, elsewhere: other.port)
        let failure = await #expect(throws: RemoteFailure.self) {
            try await RemoteWorker.ofThisBuild(deadline: .seconds(10)).fetch(
                repositoryPath: bench.path("local.git"),
                remote: remote(server, token: token, folder: "/elsewhere"), into: scratchName)
        }
        guard case .unreachable = failure else {
            throw Trouble("expected unreachable, found \(String(describing: failure))")
        }
    }

    @Test("H12: self signed certificate is refused")
    func selfSignedCertificateIsRefused() async throws {
        _ = try bench.run(
            "/usr/bin/env",
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", bench.path("key.pem"),
                "-out", bench.path("certificate.pem"),
            ])
        let server = try bench.startHTTP(token: token, withTLS: true)
        let remote = try GitRemote(
            url: "https://127.0.0.1:\(server.port)/origin.git", branch: "main",
            credential: .token(user: "robot", token: Secret(token)))
        let failure = await #expect(throws: RemoteFailure.self) {
            try await RemoteWorker.ofThisBuild().fetch(
                repositoryPath: bench.path("local.git"), remote: remote, into: scratchName)
        }
        guard case .rejectedCertificate = failure else {
            throw Trouble("expected a rejected certificate, found \(String(describing: failure))")
        }
    }
}
