import Testing

@testable import Git

@Suite struct RemoteAddressTests {
    @Test(
        arguments: [
            ("https://git.example.org/a/b.git", "git.example.org", nil),
            ("ssh://git@Git.Example.org:2222/a", "git.example.org", 2_222),
            ("git@git.example.org:org/repo.git", "git.example.org", nil),
            ("git://[::1]:9418/a", "::1", 9_418),
            ("/srv/git/a.git", "", nil), ("file:///srv/git/a.git", "", nil),
        ] as [(String, String, Int?)])
    func takes(_ url: String, _ host: String, _ port: Int?) throws {
        let address = try RemoteAddress(GitRemote(url: url, branch: "main"))
        #expect(address.host == host)
        #expect(address.port == port)
    }

    @Test(arguments: [
        "", "relative/path", "ext::sh -c id", "ftp://h/a", "https://user:hunter2@h/a",
        "ssh://-oProxyCommand=id/a", "ssh://h/a';id'", "ssh://h:0/a", "ssh://h:x/a", "https://h",
        "git@h:-x", "https://h/a b", "https://h/a\n",
    ])
    func refuses(_ url: String) {
        let error = #expect(throws: GitError.self) { try GitRemote(url: url, branch: "main") }
        #expect(error?.code == .invalidName)
        #expect("\(error.map { "\($0)" } ?? "")".contains("hunter2") == false)
    }

    @Test("H12: tokens do not travel in the clear")
    func tokensDoNotTravelInTheClear() throws {
        let token = GitCredential.token(user: "robot", token: Secret("s3cret"))
        #expect(throws: GitError.self) {
            try GitRemote(url: "http://git.example.org/a", branch: "main", credential: token)
        }
        let remote = try GitRemote(url: "http://127.0.0.1:1/a", branch: "main", credential: token)
        #expect(!"\(remote)".contains("s3cret"))
        #expect(!String(reflecting: remote).contains("s3cret"))
        var dumped = ""
        dump(remote, to: &dumped)
        #expect(!dumped.contains("s3cret"))
        // "robot:s3cret" in base64, as a header would hold it.
        let scrubbed = SecretScrubber(remote).scrub("a s3cret b cm9ib3Q6czNjcmV0 c")
        #expect(scrubbed == "a ••• b ••• c")
    }
}
