import Foundation
import Testing

@testable import Identity

@Suite struct SignedCommitTests {
    @Test func readsWhatGitSigns() throws {
        let keygen = try Keygen()
        defer { keygen.remove() }
        let key = try keygen.make("ana", ["-t", "ed25519"])
        let repository = try signedRepository(keygen)
        let raw = try keygen.rawCommit(repository)
        let commit = try SignedCommit(raw)
        #expect(commit.signature.publicKey == key)
        try commit.verify()
        let merge = try SignedCommit(keygen.rawCommit(repository, "merge"))
        try merge.verify()
    }

    @Test func everyChangedByteIsNoticed() throws {
        let keygen = try Keygen()
        defer { keygen.remove() }
        try keygen.make("ana", ["-t", "ed25519"])
        let raw = try keygen.rawCommit(signedRepository(keygen))
        for index in raw.indices {
            var changed = raw
            changed[index] ^= 1
            #expect(
                code { try SignedCommit(changed).verify() } != nil,
                "byte \(index), \(Character(Unicode.Scalar(raw[index])))")
        }
    }

    /// The four ways in which git still says `Good signature` of a commit with another id.
    @Test("G3: a signed commit has one form")
    func aSignedCommitHasOneForm() throws {
        let keygen = try Keygen()
        defer { keygen.remove() }
        try keygen.make("ana", ["-t", "ed25519"])
        let text = String(
            decoding: try keygen.rawCommit(signedRepository(keygen)), as: UTF8.self)
        let start = try #require(text.range(of: "gpgsig "))
        let end = try #require(text.range(of: "-----END SSH SIGNATURE-----\n"))
        let block = String(text[start.lowerBound..<end.upperBound])
        let variants: [(String, String)] = [
            ("two signatures", text.replacingOccurrences(of: block, with: block + block)),
            (
                "a junk gpgsig-sha256",
                text.replacingOccurrences(of: block, with: block + "gpgsig-sha256 junk\n")
            ),
            ("a line of one space", text.replacingOccurrences(of: block, with: block + " \n \n")),
            (
                "a mergetag",
                text.replacingOccurrences(of: block, with: "mergetag object 1\n" + block)
            ),
            (
                "an unknown header",
                text.replacingOccurrences(of: block, with: "encoding latin1\n" + block)
            ),
            (
                "the header behind",
                text.replacingOccurrences(of: block, with: block + "encoding latin1\n")
            ),
            (
                "wrapped otherwise",
                text.replacingOccurrences(
                    of: block,
                    with: block.replacingOccurrences(of: "\n U", with: "\n U\n "))
            ),
        ]
        for (what, variant) in variants where variant != text {
            #expect(code { _ = try SignedCommit(Array(variant.utf8)) } != nil, "\(what)")
        }
    }

    @Test func unsignedAndOtherSignaturesAreNamed() throws {
        let keygen = try Keygen()
        defer { keygen.remove() }
        let plain =
            "tree \(String(repeating: "a", count: 40))\nauthor A <a> 1 +0000\n"
            + "committer A <a> 1 +0000\n"
        #expect(code { _ = try SignedCommit(Array("\(plain)\nmessage\n".utf8)) } == .unsigned)
        let pgp =
            plain + "gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n"
            + " -----END PGP SIGNATURE-----\n\nmessage\n"
        #expect(code { _ = try SignedCommit(Array(pgp.utf8)) } == .unsupported)
        for broken in ["", "\n", "tree a", plain, "parent a\n" + plain + "\n"] {
            #expect(code { _ = try SignedCommit(Array(broken.utf8)) } != nil)
        }
    }

    @Test func gitTakesWhatWeSign() throws {
        let keygen = try Keygen()
        defer { keygen.remove() }
        try keygen.make("ana", ["-t", "ed25519"])
        let repository = try signedRepository(keygen)
        let signed = try SignedCommit(keygen.rawCommit(repository))
        let key = try PrivateKey(openSSH: keygen.text("ana"))
        // Ed25519 is deterministic: the same commit, the same signature.
        #expect(try SignedCommit.sign(signed.payload, by: key) == signed.signature.armored)
    }

    private func signedRepository(_ keygen: Keygen) throws -> String {
        let repository = keygen.path("repository")
        let settings = [
            "-C", repository, "-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c",
            "gpg.format=ssh", "-c", "user.signingkey=\(keygen.path("ana")).pub",
        ]
        try keygen.run("git", ["init", "--quiet", "--initial-branch=main", repository])
        let commit = ["commit", "--quiet", "--allow-empty", "-S", "-m"]
        try keygen.run("git", settings + commit + ["first"])
        try keygen.run("git", settings + ["checkout", "--quiet", "-b", "merge"])
        try keygen.run("git", settings + commit + ["side"])
        try keygen.run("git", settings + ["checkout", "--quiet", "main"])
        try keygen.run("git", settings + commit + ["compression-selector: 2.4.0\n\nwith a body"])
        try keygen.run(
            "git", settings + ["checkout", "--quiet", "merge"])
        try keygen.run(
            "git", settings + ["merge", "--quiet", "--no-ff", "-S", "-m", "merge", "main"])
        try keygen.run("git", settings + ["checkout", "--quiet", "main"])
        return repository
    }
}
