import Foundation
import RolloutFiles
import Testing

@testable import Identity
@testable import Ledger
@testable import RolloutCore

/// One sound approval file by Sam, and what an attacker makes of it.
struct ApprovalForgery {
    let sam: PrivateKey
    let lena: PrivateKey
    let eve: PrivateKey
    let approval: Approval
    let file: ApprovalFile
    let now = Timestamp(milliseconds: 1_790_000_000_000)

    init() throws {
        (sam, lena, eve) = (try .generate(), try .generate(), try .generate())
        let digest = RecordFile.digest(Array("x".utf8))
        let name = try RolloutName("selector")
        func version(_ text: String) throws -> VersionReference {
            VersionReference(version: try VersionName(text), digest: digest)
        }
        approval = Approval(
            answer: .approve, rollout: name, run: RunID(rollout: name, firstDecision: 2),
            runDigest: digest, candidate: try version("2.0.0"), baseline: try version("1.0.0"),
            fromStage: .canary, toStage: .gradual, regions: [try RegionName("eu")],
            maxShare: .all, specDigest: digest, policyDigest: digest,
            baseCommit: String(repeating: "a", count: 40), hotfix: false,
            notAfter: now + .seconds(3_600), nonce: "0123456789abcdef", comment: "looked")
        file = try Self.sign(approval, sam)
    }

    static func sign(
        _ approval: Approval, _ key: PrivateKey, namespace: String = Namespace.approval
    ) throws -> ApprovalFile {
        let signature = try SSHSignature(
            ApprovalFile.message(approval), namespace: namespace, by: key)
        return ApprovalFile(approval: approval, signature: signature.armored)
    }

    var json: [String: CanonicalJSON] {
        get throws {
            guard case .object(let members) = try CanonicalJSON.encode(file) else { return [:] }
            return members
        }
    }

    func signers(
        _ options: String = "namespaces=\"\(Namespace.approval)\"", revoked: String = "sequence 1",
        more: String = ""
    ) -> SignerFiles {
        let text = "sam@x \(options) \(sam.publicKey.openSSH)\n\(more)"
        return SignerFiles(signers: Array(text.utf8), revoked: Array(revoked.utf8))
    }

    /// What a controller makes of a file; a text when it is refused as a file already.
    func outcome(
        _ bytes: [UInt8], _ signers: SignerFiles? = nil, before: RunOrigin.Before? = nil,
        isKnown: Bool = true
    ) throws -> (principal: String?, problem: String?) {
        let file: ApprovalFile
        do throws(InvalidIdentity) { file = try ApprovalFile(bytes) } catch {
            return (nil, error.message)
        }
        let seen = try FoundApproval(path: "p", file, isKnownCommit: isKnown)
            .seen(signers ?? self.signers(), before: before, firstSeen: now)
        return (seen.principal, seen.problem)
    }
}

@Suite struct ApprovalFileAttackTests {
    private let forgery: ApprovalForgery

    init() throws { forgery = try ApprovalForgery() }

    private func expectRefused(
        _ name: String, _ outcome: (principal: String?, problem: String?), _ why: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.principal == nil, "\(name)", sourceLocation: sourceLocation)
        #expect(
            outcome.problem.map { why.isEmpty || $0.contains(why) } == true,
            "\(name): \(outcome.problem ?? "counted")",
            sourceLocation: sourceLocation)
    }

    @Test func aSoundOneCounts() throws {
        let outcome = try forgery.outcome(RecordFile.bytes(forgery.file))
        #expect(outcome.principal == "sam@x" && outcome.problem == nil)
    }

    /// Whatever is changed after it was signed, the signature is not one of that.
    @Test func noFieldCanBeChanged() throws {
        let other = String(repeating: "b", count: 64)
        let changes: [(String, CanonicalJSON)] = [
            ("answer", "reject"), ("rollout", "other"),
            ("run", ["rollout": "selector", "firstDecision": 9]), ("runDigest", .string(other)),
            ("candidate", ["version": "2.0.1", "digest": .string(other)]),
            ("candidate", ["version": "2.0.0", "digest": .string(other)]),
            ("baseline", ["version": "0.9.0", "digest": .string(other)]),
            ("fromStage", "shadow"), ("toStage", "full"), ("regions", ["us"]),
            ("regions", ["eu", "us"]), ("regions", .array([])), ("maxShare", 1),
            ("specDigest", .string(other)), ("policyDigest", .string(other)),
            ("baseCommit", .string(String(repeating: "b", count: 40))), ("hotfix", true),
            ("notAfter", "2030-01-01T00:00:00.000Z"), ("nonce", "fedcba9876543210"),
            ("comment", "yes"), ("schema", 2),
        ]
        for (field, value) in changes {
            var members = try forgery.json
            guard case .object(var approval)? = members["approval"] else { return }
            #expect(approval[field] != nil && approval[field] != value, "\(field)")
            approval[field] = value
            members["approval"] = .object(approval)
            expectRefused(
                "\(field) = \(value)", try forgery.outcome(CanonicalJSON.object(members).pretty),
                "is not one of these bytes")
        }
    }

    /// One form only, so that nothing can be read in two ways.
    @Test("G3: no other form is read")
    func noOtherFormIsRead() throws {
        let good = String(decoding: try RecordFile.bytes(forgery.file), as: UTF8.self)
        let forms: [(String, String)] = [
            (
                "compact",
                String(decoding: CanonicalJSON.object(try forgery.json).compact, as: UTF8.self)
            ),
            ("no line end", String(good.dropLast())), ("two line ends", good + "\n"),
            ("a second object", good + good), ("a space before", " " + good),
            ("CRLF", good.replacing("\n", with: "\r\n")),
            (
                "a key twice",
                good.replacing("\"hotfix\": false", with: "\"hotfix\": false, \"hotfix\": true")
            ),
            (
                "a key more",
                good.replacing("\"hotfix\": false", with: "\"hotfix\": false,\n    \"iota\": 1")
            ),
            ("a key less", good.replacing("    \"hotfix\": false,\n", with: "")),
            ("a key in capitals", good.replacing("\"hotfix\"", with: "\"Hotfix\"")),
            (
                "a number as text",
                good.replacing("\"maxShare\": 10000", with: "\"maxShare\": \"10000\"")
            ),
            ("a decimal", good.replacing("\"maxShare\": 10000", with: "\"maxShare\": 10000.0")),
            ("an escape", good.replacing("\"looked\"", with: "\"\\u006cooked\"")),
            ("an array around it", "[" + good + "]"), ("nothing", ""), ("no JSON", "approve"),
            ("a byte order mark", "\u{FEFF}" + good),
        ]
        for (name, text) in forms {
            #expect(text != good, "\(name) changes nothing")
            expectRefused(name, try forgery.outcome(Array(text.utf8)), "")
        }
        let long = [UInt8](repeating: UInt8(ascii: " "), count: ApprovalFile.bytesMax + 1)
        expectRefused("too long", try forgery.outcome(long), "")
    }

    @Test("G8: no other signature is taken")
    func noOtherSignatureIsTaken() throws {
        let armored = forgery.file.signature
        let lines = armored.split(separator: "\n").map(String.init)
        let body = lines.dropFirst().dropLast().joined()
        let other = try ApprovalForgery.sign(forgery.approval, forgery.sam, namespace: "git")
        let file = try ApprovalForgery.sign(forgery.approval, forgery.sam, namespace: "file")
        let prefix = try ApprovalForgery.sign(
            forgery.approval, forgery.sam, namespace: "approval.v1@gatewright.evil")
        let elsewhere = try SSHSignature(
            Array("another text".utf8), namespace: Namespace.approval, by: forgery.sam)
        let signatures: [(String, String, String)] = [
            ("of a commit", other.signature, "made for git, not for approval.v1@gatewright"),
            ("of a file", file.signature, "made for file, not for"),
            ("of a longer namespace", prefix.signature, "made for approval.v1@gatewright.evil"),
            ("of other words", elsewhere.armored, "is not one of these bytes"),
            ("none", "", "not in the form"),
            (
                "a PGP one", "-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\n",
                "not in the form"
            ),
            (
                "wrapped at 60",
                ([lines[0], String(body.prefix(60)), String(body.dropFirst(60))] + [
                    lines[lines.count - 1]
                ]).joined(separator: "\n"), "not in the form"
            ),
            (
                "on one line", [lines[0], body, lines[lines.count - 1]].joined(separator: "\n"),
                "not in the form"
            ),
            ("twice", armored + armored, "not in the form"),
            ("with spaces", armored.replacing("\n", with: " \n"), "not in the form"),
            ("without its end", lines.dropLast().joined(separator: "\n"), "not in the form"),
            (
                "cut",
                [lines[0], String(body.prefix(40)), lines[lines.count - 1]].joined(separator: "\n"),
                ""
            ),
            (
                "with bytes behind", try Self.armor(SSHSignature(armored: armored).blob + [0]),
                "followed by more bytes"
            ),
            ("of version 2", try Self.armor(Self.changed(armored, 9, to: 2)), "has version 2"),
            ("of another key's mathematics", try Self.armor(Self.changed(armored, 40, to: 1)), ""),
        ]
        for (name, signature, why) in signatures {
            let bytes = try RecordFile.bytes(
                ApprovalFile(approval: forgery.approval, signature: signature))
            expectRefused(name, try forgery.outcome(bytes), why)
        }
    }

    @Test("G4, G7: no other key is taken")
    func noOtherKeyIsTaken() throws {
        let good = try RecordFile.bytes(forgery.file)
        let eve = try RecordFile.bytes(try ApprovalForgery.sign(forgery.approval, forgery.eve))
        let print = forgery.sam.publicKey.fingerprint
        let key = "namespaces=\"\(Namespace.approval)\""
        func signers(_ text: String, revoked: String? = "sequence 1") -> SignerFiles {
            SignerFiles(signers: Array(text.utf8), revoked: revoked.map { Array($0.utf8) })
        }
        let line = "sam@x \(key) \(forgery.sam.publicKey.openSSH)\n"
        let cases: [(String, [UInt8], SignerFiles, String)] = [
            ("of a stranger", eve, forgery.signers(), "is not in policies/signers"),
            ("for commits only", good, forgery.signers("namespaces=\"git\""), "may sign git, not"),
            (
                "expired", good, forgery.signers(key + ",valid-before=\"20200101Z\""),
                "was valid until"
            ),
            (
                "not valid yet", good, forgery.signers(key + ",valid-after=\"20990101Z\""),
                "is valid from"
            ),
            (
                "revoked by fingerprint", good, forgery.signers(revoked: "sequence 2\n\(print)"),
                "was revoked"
            ),
            (
                "revoked by key", good,
                forgery.signers(revoked: "sequence 2\n\(forgery.sam.publicKey.openSSH)"),
                "was revoked"
            ),
            ("a list without its sequence", good, forgery.signers(revoked: print), "sequence N"),
            ("an empty list of revoked keys", good, forgery.signers(revoked: ""), "sequence N"),
            ("no list of revoked keys", good, signers(line, revoked: nil), "there is no such file"),
            (
                "no signers", good, SignerFiles(signers: nil, revoked: Array("sequence 1".utf8)),
                "there is no such file"
            ),
            (
                "a wildcard", good,
                forgery.signers(more: "*@x \(key) \(forgery.lena.publicKey.openSSH)"),
                "is not one person"
            ),
            ("a line that is broken", good, forgery.signers(more: "lena@x"), "there is no key"),
            (
                "one key for two people", good,
                forgery.signers(more: "eve@x \(key) \(forgery.sam.publicKey.openSSH)"),
                "belongs to one line"
            ),
            (
                "a certificate authority", good, forgery.signers("cert-authority,\(key)"),
                "is not taken"
            ),
            (
                "a time without zone", good, forgery.signers(key + ",valid-before=\"20990101\""),
                "is not a time"
            ),
            ("every namespace", good, forgery.signers("namespaces=\"*\""), "wildcard"),
        ]
        for (name, bytes, signers, why) in cases {
            expectRefused(name, try forgery.outcome(bytes, signers), why)
        }
        let before = RunOrigin.Before(keys: [forgery.lena.publicKey], terms: nil)
        expectRefused(
            "that came with the change", try forgery.outcome(good, before: before),
            "who could before it")
        expectRefused(
            "that names another history", try forgery.outcome(good, isKnown: false),
            "a commit that this history does not have")
    }

    private static func changed(_ armored: String, _ index: Int, to byte: UInt8) throws -> [UInt8] {
        var blob = try SSHSignature(armored: armored).blob
        blob[index] = byte
        return blob
    }

    private static func armor(_ blob: [UInt8]) -> String {
        var lines = ["-----BEGIN SSH SIGNATURE-----"]
        var rest = Base64.text(blob)[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(70)))
            rest = rest.dropFirst(70)
        }
        return (lines + ["-----END SSH SIGNATURE-----", ""]).joined(separator: "\n")
    }
}
