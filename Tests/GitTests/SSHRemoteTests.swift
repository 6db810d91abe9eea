import Foundation
import Git
import Testing

@Suite struct SSHRemoteTests {
    private let bench: Workbench
    private let server: ServerProcess
    private let seed: ObjectID
    private let scratchName: ReferenceName

    init() async throws {
        bench = try Workbench()
        seed = try await bench.seededRepository("origin.git")
        server = try bench.startSSH()
        scratchName = try ReferenceName(scratch)
        _ = try GitRepository(openingOrCreatingBareAt: bench.path("local.git"))
    }

    private func fetch(pinning key: String?, client: String = "client", passphrase: String? = nil)
        async throws -> FetchOutcome
    {
        if let key {
            let line = try String(contentsOfFile: bench.path(key + ".pub"), encoding: .utf8)
            try bench.write("[127.0.0.1]:\(server.port) \(line)", to: "known_hosts")
        }
        let remote = try GitRemote(
            url: "ssh://127.0.0.1:\(server.port)\(bench.path("origin.git"))", branch: "main",
            credential: .sshKey(
                user: NSUserName(), keyPath: bench.path(client),
                passphrase: passphrase.map { Secret($0) }),
            knownHosts: key.map { _ in bench.path("known_hosts") })
        return try await RemoteWorker.ofThisBuild().fetch(
            repositoryPath: bench.path("local.git"), remote: remote, into: scratchName)
    }

    // The server has both kinds of key and shows the pinned one, whichever that is.
    @Test(arguments: ["host_ed25519", "host_ecdsa"])
    func pinnedKeyWorks(_ key: String) async throws {
        let found = try await fetch(pinning: key)
        #expect(found == .tip(seed, previous: nil, change: .first))
    }

    @Test("H12: another key or none is refused", arguments: ["client", nil])
    func anotherKeyOrNoneIsRefused(_ key: String?) async throws {
        let failure = await #expect(throws: RemoteFailure.self) { try await fetch(pinning: key) }
        guard case .rejectedHostKey(let text) = failure else {
            throw Trouble("expected a rejected host key, found \(String(describing: failure))")
        }
        #expect(text.contains(key == nil ? "no known_hosts file is configured" : "SHA256:"))
    }

    @Test func unknownClientKeyIsUnauthorised() async throws {
        let failure = await #expect(throws: RemoteFailure.self) {
            try await fetch(pinning: "host_ed25519", client: "host_ed25519")
        }
        guard case .unauthorised = failure else {
            throw Trouble("expected unauthorised, found \(String(describing: failure))")
        }
    }

    @Test func lockedKeyNeedsItsPassphrase() async throws {
        let found = try await fetch(
            pinning: "host_ed25519", client: "locked", passphrase: "pass phrase")
        #expect(found == .tip(seed, previous: nil, change: .first))
        let failure = await #expect(throws: RemoteFailure.self) {
            try await fetch(pinning: "host_ed25519", client: "locked", passphrase: "wr0ng")
        }
        #expect(!"\(failure.map { "\($0)" } ?? "wr0ng")".contains("wr0ng"))
    }
}
