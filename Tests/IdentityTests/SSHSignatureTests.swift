import Crypto
import Foundation
import Testing

@testable import Identity

@Suite struct SSHSignatureTests {
    static let types: [(name: String, arguments: [String])] = [
        ("ed25519", ["-t", "ed25519"]),
        ("p256", ["-t", "ecdsa", "-b", "256"]),
        ("p384", ["-t", "ecdsa", "-b", "384"]),
        ("p521", ["-t", "ecdsa", "-b", "521"]),
        ("rsa", ["-t", "rsa", "-b", "2048"]),
    ]

    @Test(arguments: types.map(\.name))
    func readsWhatKeygenWrites(_ name: String) throws {
        let keygen = try Keygen()
        defer { keygen.remove() }
        let arguments = try #require(Self.types.first { $0.name == name }).arguments
        let key = try keygen.make(name, arguments)
        // Numbers in ECDSA signatures are one byte shorter now and then.
        for round in 0..<8 {
            let message = Array("message \(round)".utf8)
            let armored = try keygen.sign(message, by: name, namespace: Namespace.approval)
            let signature = try SSHSignature(armored: armored)
            #expect(signature.publicKey == key)
            #expect(signature.armored == armored)
            try signature.verify(message, namespace: Namespace.approval)
            #expect(
                code { try signature.verify(message, namespace: "git") } == .wrongNamespace)
            #expect(
                code { try signature.verify(message + [0], namespace: Namespace.approval) }
                    == .badSignature)
        }
        let listed = try keygen.run("ssh-keygen", ["-l", "-f", keygen.path("\(name).pub")])
        #expect(listed.split(separator: " ").dropFirst().first.map(String.init) == key.fingerprint)
    }

    @Test func keygenReadsWhatWeWrite() throws {
        let keygen = try Keygen()
        defer { keygen.remove() }
        let key = try PrivateKey.generate()
        let message = Array("advance to canary".utf8)
        let signature = try SSHSignature(message, namespace: "git", by: key)
        try signature.verify(message, namespace: "git")
        #expect(
            try keygen.verifies(
                signature.armored, of: message, by: key.publicKey, namespace: "git"))
        #expect(
            try !keygen.verifies(
                signature.armored, of: message + [0], by: key.publicKey, namespace: "git"))
        #expect(try SSHSignature(message, namespace: "git", by: key) == signature)
        // Its file is one that ssh-keygen reads, and theirs is one that we read.
        try keygen.write("controller", Array(key.openSSH(comment: "controller").utf8))
        let line = try keygen.run("ssh-keygen", ["-y", "-f", keygen.path("controller")])
        #expect(line.hasPrefix(key.publicKey.openSSH))
        let theirs = try keygen.make("theirs", ["-t", "ed25519"])
        #expect(try PrivateKey(openSSH: keygen.text("theirs")).publicKey == theirs)
    }

    @Test func keysThatAControllerCannotUseSayWhy() throws {
        let keygen = try Keygen()
        defer { keygen.remove() }
        try keygen.make("rsa", ["-t", "rsa", "-b", "2048"])
        #expect(code { _ = try PrivateKey(openSSH: keygen.text("rsa")) } == .unsupported)
        try keygen.run(
            "ssh-keygen",
            ["-q", "-t", "ed25519", "-N", "secret", "-f", keygen.path("locked")])
        #expect(code { _ = try PrivateKey(openSSH: keygen.text("locked")) } == .unsupported)
        #expect(code { _ = try PrivateKey(openSSH: "nothing") } == .malformed)
    }

    // MARK: Security keys

    @Test func securityKeysNeedATouch() throws {
        let keygen = try Keygen()
        defer { keygen.remove() }
        let message = Array("approve".utf8)
        for isCurve in [false, true] {
            let device = try SecurityKey(isCurve: isCurve)
            let touched = try device.sign(message, namespace: "git", flags: 0x01)
            let signature = try SSHSignature(blob: touched)
            try signature.verify(message, namespace: "git")
            #expect(
                try keygen.verifies(
                    signature.armored, of: message, by: signature.publicKey, namespace: "git"))
            let untouched = try SSHSignature(
                blob: device.sign(message, namespace: "git", flags: 0x00))
            #expect(code { try untouched.verify(message, namespace: "git") } == .unsupported)
            // The counter is part of what the device signs.
            var forged = touched
            forged[forged.count - 1] ^= 1
            #expect(
                code { try SSHSignature(blob: forged).verify(message, namespace: "git") }
                    == .badSignature)
        }
    }

    // MARK: One form only

    @Test func anotherFormOfTheSameSignatureIsRefused() throws {
        let key = try PrivateKey.generate()
        let message = Array("approve".utf8)
        let good = try SSHSignature(message, namespace: "git", by: key)
        let blob = good.blob
        #expect(try SSHSignature(blob: blob) == good)
        let text = good.armored
        let lines = text.split(separator: "\n").map(String.init)
        let body = lines.dropFirst().dropLast().joined()
        let variants: [(String, String)] = [
            ("wrapped at 40", wrapped(body, 40)), ("one line", wrapped(body, 10_000)),
            ("spaces", text.replacingOccurrences(of: "\n", with: " \n")),
            ("CRLF", text.replacingOccurrences(of: "\n", with: "\r\n")),
            ("empty line", lines[0] + "\n\n" + lines.dropFirst().joined(separator: "\n")),
            ("twice", text + text), ("text behind", text + "x\n"), ("text before", "x\n" + text),
            (
                "other header",
                text.replacingOccurrences(of: "SSH SIGNATURE", with: "SSH2 SIGNATURE")
            ),
            ("no padding", text.replacingOccurrences(of: "=", with: "")),
            ("empty", ""), ("nothing in it", lines[0] + "\n" + lines[lines.count - 1]),
        ]
        for (what, variant) in variants where variant != text {
            #expect(code { _ = try SSHSignature(armored: variant) } == .malformed, "\(what)")
        }
        _ = try SSHSignature(armored: wrapped(body, 76))

        var trailing = blob
        trailing.append(0)
        #expect(code { _ = try SSHSignature(blob: trailing) } == .malformed)
        for count in 0..<blob.count {
            #expect(code { _ = try SSHSignature(blob: Array(blob.prefix(count))) } != nil)
        }
        var version = blob
        version[9] = 2
        #expect(code { _ = try SSHSignature(blob: version) } == .unsupported)
    }

    @Test func everyFlippedBitIsNoticed() throws {
        let key = try PrivateKey.generate()
        let message = Array("approve".utf8)
        let blob = try SSHSignature(message, namespace: "git", by: key).blob
        for index in blob.indices {
            for bit in 0..<8 {
                var flipped = blob
                flipped[index] ^= 1 << bit
                let found = code {
                    try SSHSignature(blob: flipped).verify(message, namespace: "git")
                }
                #expect(found != nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func aKeyThatVerifiesAnythingIsRefused() {
        var points = [[UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31)]
        // p, p + 1 and −1: forms of 0, 1 and a point of order two; then with the sign of x.
        for low in [0xec, 0xed, 0xee] as [UInt8] {
            points.append([low] + [UInt8](repeating: 0xff, count: 30) + [0x7f])
        }
        for point in points.flatMap({ [$0, $0.dropLast() + [($0.last ?? 0) | 0x80]] }) {
            var blob: [UInt8] = []
            blob.append(string: "ssh-ed25519".utf8)
            blob.append(string: point)
            #expect(code { _ = try PublicKey(blob: blob) } == .malformed, "\(point)")
        }
    }

    @Test func keysThatAreTooWeakOrStrangeAreRefused() throws {
        let keygen = try Keygen()
        defer { keygen.remove() }
        #expect(
            code { _ = try keygen.make("weak", ["-t", "rsa", "-b", "1024"]) } == .unsupported)
        for line in ["", "ssh-ed25519", "ssh-dss AAAAB3NzaC1kc3M=", "ssh-ed25519 !!!!"] {
            #expect(code { _ = try PublicKey(openSSH: line) } != nil, "\(line)")
        }
        let key = try keygen.make("good", ["-t", "ecdsa", "-b", "256"])
        var offCurve = key.blob
        offCurve[offCurve.count - 1] ^= 1
        #expect(code { _ = try PublicKey(blob: offCurve) } == .malformed)
        let renamed = key.openSSH.replacingOccurrences(of: "ecdsa-sha2-nistp256", with: "ssh-rsa")
        #expect(code { _ = try PublicKey(openSSH: renamed) } == .malformed)
    }

    @Test func rsaWithSHA1IsRefused() throws {
        let keygen = try Keygen()
        defer { keygen.remove() }
        try keygen.make("rsa", ["-t", "rsa", "-b", "2048"])
        let message = Array("approve".utf8)
        let good = try SSHSignature(armored: keygen.sign(message, by: "rsa", namespace: "git"))
        let name = Array("rsa-sha2-512".utf8)
        let blob = good.blob
        let place = try #require(blob.indices.first { blob[$0...].starts(with: name) })
        var old: [UInt8] = []
        old.append(string: "ssh-rsa".utf8)
        old += blob[(place + name.count)...]
        var outer = Array(blob[..<(place - 8)])
        outer.append(string: old)
        #expect(
            code { try SSHSignature(blob: outer).verify(message, namespace: "git") }
                == .unsupported)
    }

    private func wrapped(_ body: String, _ width: Int) -> String {
        var lines = ["-----BEGIN SSH SIGNATURE-----"]
        var rest = body[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(width)))
            rest = rest.dropFirst(width)
        }
        return (lines + ["-----END SSH SIGNATURE-----"]).joined(separator: "\n") + "\n"
    }
}

/// A security key in software: what a real one would send back.
private struct SecurityKey {
    let isCurve: Bool
    let point = Curve25519.Signing.PrivateKey()
    let curve = P256.Signing.PrivateKey()

    init(isCurve: Bool) throws { self.isCurve = isCurve }

    private var type: String {
        isCurve ? "sk-ecdsa-sha2-nistp256@openssh.com" : "sk-ssh-ed25519@openssh.com"
    }

    private var publicBlob: [UInt8] {
        var blob: [UInt8] = []
        blob.append(string: type.utf8)
        if isCurve { blob.append(string: "nistp256".utf8) }
        blob.append(
            string: isCurve
                ? Array(curve.publicKey.x963Representation)
                : Array(point.publicKey.rawRepresentation))
        blob.append(string: "ssh:".utf8)
        return blob
    }

    func sign(_ message: [UInt8], namespace: String, flags: UInt8) throws -> [UInt8] {
        let data = SSHSignature.signedData(message, namespace: namespace, hash: .sha512)
        var outer = Hash.sha256.of(Array("ssh:".utf8)) + [flags]
        outer.append(number: 77)
        outer += Hash.sha256.of(data)
        var inner: [UInt8] = []
        inner.append(string: type.utf8)
        if isCurve {
            let raw = Array(try curve.signature(for: outer).rawRepresentation)
            var numbers: [UInt8] = []
            for half in [raw[..<32], raw[32...]] {
                let short = Array(half.drop { $0 == 0 })
                numbers.append(string: (short.first ?? 0) >= 0x80 ? [0] + short : short)
            }
            inner.append(string: numbers)
        } else {
            inner.append(string: Array(try point.signature(for: outer)))
        }
        inner.append(flags)
        inner.append(number: 77)
        var blob = SSHSignature.magic
        blob.append(number: 1)
        blob.append(string: publicBlob)
        blob.append(string: namespace.utf8)
        blob.append(string: [])
        blob.append(string: "sha512".utf8)
        blob.append(string: inner)
        return blob
    }
}
