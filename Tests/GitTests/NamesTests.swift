import Testing

@testable import Git

@Suite struct NamesTests {
    @Test func objectIDKeepsItsDigits() throws {
        let hex = "0123456789abcdef0123456789abcdef01234567"
        let id = try #require(ObjectID(hex: hex))
        #expect(id.hex == hex)
        #expect(ObjectID(bytes: id.bytes) == id)
        let next = try #require(ObjectID(hex: "0123456789abcdef0123456789abcdef01234568"))
        #expect(id < next)
    }

    @Test(arguments: [
        "", "0123", "0123456789ABCDEF0123456789abcdef01234567",
        "0123456789abcdef0123456789abcdef0123456g", "0123456789abcdef0123456789abcdef012345678",
    ])
    func objectIDRefuses(_ text: String) { #expect(ObjectID(hex: text) == nil) }

    @Test(arguments: ["refs/heads/main", "refs/gatewright/fetched", "refs/heads/a/b-c_1.x+2"])
    func referenceNameTakes(_ text: String) throws {
        #expect(try ReferenceName(text).text == text)
    }

    // T15: git and libgit2 take most of these.
    @Test(arguments: [
        "", "HEAD", "refs/heads", "refs/heads/", "refs//main", "/refs/heads/main",
        "refs/heads/--upload-pack=x", "refs/heads/$(id)", "refs/heads/a\u{202e}b",
        "refs/heads/caf\u{e9}", "refs/heads/cafe\u{301}", "refs/heads/a..b", "refs/heads/a.lock",
        "refs/heads/.hidden", "refs/heads/a.", "refs/heads/a b", "refs/heads/a\nb",
        "refs/heads/a:b", "+refs/heads/a", "refs/heads/*",
    ])
    func referenceNameRefuses(_ text: String) {
        let error = #expect(throws: GitError.self) { try ReferenceName(text) }
        #expect(error?.code == .invalidName)
    }

    @Test(arguments: [
        "", "/", "a//b", "a/", "/a", "..", "a/../b", ".git/config", "a/.git", "git~1", "-rf",
        "a\nb", "a\0b", ".g\u{200c}it", "caf\u{e9}", "a b", "a\\b", "x.lock", "dir./f",
    ])
    func writablePathRefuses(_ path: String) {
        #expect(throws: GitError.self) { try partsOfWritablePath(path) }
    }

    @Test func writablePathTakesOurs() throws {
        #expect(
            try partsOfWritablePath("state/edge-1/0001_A.v2.json")
                == ["state", "edge-1", "0001_A.v2.json"])
    }

    @Test func ownerErrorNamesTheFix() {
        let error = #expect(throws: GitError.self) {
            try GitError.check(-36, "open the repository \"/srv/x\"")
        }
        #expect(error?.code == .foreignOwner)
        #expect("\(error.map { "\($0)" } ?? "")".contains("safe.directory"))
    }

    @Test func authorRefusesHeaderInjection() {
        #expect(throws: GitError.self) {
            try CommitAuthor(name: "A\nparent 0", email: "a@example.org")
        }
        #expect(throws: GitError.self) { try CommitAuthor(name: "A", email: "<a@example.org>") }
        #expect(throws: GitError.self) { try CommitAuthor(name: "", email: "a@example.org") }
    }
}
