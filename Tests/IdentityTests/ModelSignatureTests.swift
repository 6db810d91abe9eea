import Crypto
import Foundation
import RolloutCore
import RolloutFiles
import Testing

@testable import Identity

@Suite struct ModelSignatureTests {
    private let bench = SigningBench()

    private static func sha256(_ text: String) -> String { Hash.sha256.of(Array(text.utf8)).hex }

    // Bundles and keys of model_signing 1.1.1; the files that were signed are in these tests.
    @Test(arguments: ["p256", "p384"]) func whatModelSigningWritesIsTaken(_ curve: String) throws {
        let key = try SigningBench.fixture("\(curve).pub")
        let bundle = try SigningBench.fixture("single-\(curve).sigstore.json")
        let model = Self.sha256("{\"trees\":[1,2]}\n")
        #expect(try bench.problem(bundle, keys: [key], artifact: model) == nil)
        #expect(try bench.problem(bundle, keys: [bench.key, key], artifact: model) == nil)
        let other = try bench.problem(bundle, keys: [bench.key], artifact: model)
        #expect(other?.contains("another key") == true)
        let wrong = try bench.problem(bundle, keys: [key], artifact: Self.sha256("x"))
        #expect(wrong?.contains("another artifact: 756279b79105…") == true)
    }

    // Its paths compare part by part: a/b comes before a-b, though "-" comes before "/".
    @Test func aModelOfSeveralFilesIsTheDigestOfTheirDigests() throws {
        let key = try SigningBench.fixture("p256.pub")
        let bundle = try SigningBench.fixture("several-p256.sigstore.json")
        let parts = ["card\n", "right\n", "left\n"].flatMap { bytes(hex: Self.sha256($0)) }
        let model = Hash.sha256.of(parts).hex
        #expect(try bench.problem(bundle, keys: [key], artifact: model) == nil)
        let one = try bench.problem(bundle, keys: [key], artifact: Self.sha256("card\n"))
        #expect(one?.contains("another artifact") == true)
    }

    @Test func ourOwnBundlesAreTaken() throws {
        #expect(try bench.problem(bench.bundle()) == nil)
        let other = try bench.bundle(sign: {
            try Array($0.p384.signature(for: $1).derRepresentation)
        })
        #expect(try bench.problem(other, keys: [bench.key, bench.key384]) == nil)
    }

    struct Attack: Sendable, CustomTestStringConvertible {
        let name: String
        let words: String
        let make: @Sendable (SigningBench) throws -> String?

        init(
            _ name: String, _ words: String,
            _ make: @escaping @Sendable (SigningBench) throws -> String?
        ) { (self.name, self.words, self.make) = (name, words, make) }

        /// A sound bundle, signed by the right key, of parts that are not.
        init(
            _ name: String, _ words: String,
            parts change: @escaping @Sendable (inout SigningBench.Parts) -> Void
        ) {
            self.init(name, words) { bench in
                var parts = SigningBench.Parts()
                change(&parts)
                return try bench.bundle(parts)
            }
        }

        var testDescription: String { name }
    }

    private static let evil = sha256("evil")

    static let attacks = [
        Attack("no signature", "is not signed") { _ in nil },
        Attack("empty", "cannot be read") { _ in "" },
        Attack("no JSON", "cannot be read") { _ in "signed, honestly" },
        Attack("another key", "another key") {
            try $0.bundle(sign: { _, message in
                try Array(P256.Signing.PrivateKey().signature(for: message).derRepresentation)
            })
        },
        Attack("another curve", "another key") {
            try $0.bundle(sign: { try Array($0.p384.signature(for: $1).derRepresentation) })
        },
        Attack("the right key with the wrong hash", "another key") {
            try $0.bundle(sign: {
                try Array($0.p256.signature(for: SHA384.hash(data: $1)).derRepresentation)
            })
        },
        Attack("the payload alone is signed, without its type", "another key") { bench in
            let body = SigningBench.Parts().statement
            return try bench.bundle(sign: { bench, _ in
                try Array(bench.p256.signature(for: body).derRepresentation)
            })
        },
        Attack("r and s without DER", "another key") {
            try $0.bundle(sign: { try Array($0.p256.signature(for: $1).rawRepresentation) })
        },
        Attack("bytes after the signature", "another key") {
            try $0.bundle(sign: {
                try Array($0.p256.signature(for: $1).derRepresentation) + [0]
            })
        },
        Attack("a signature of zeros", "another key") {
            try $0.bundle(sign: { _, _ in [0x30, 6, 2, 1, 0, 2, 1, 0] })
        },
        Attack("an empty signature", "not base64") { try $0.bundle(sign: { _, _ in [] }) },
        Attack("another artifact", "another artifact", parts: { $0.resources[0].digest = evil }),
        Attack(
            "the artifact's digest as the subject alone", "not that of the files",
            parts: {
                $0.resources[0].digest = evil
                $0.subject = SigningBench.artifact
            }),
        Attack(
            "an extra file", "another artifact",
            parts: { $0.resources.append(("zzz.bin", evil)) }),
        Attack(
            "an extra file that the subject leaves out", "not that of the files",
            parts: {
                $0.subject = Hash.sha256.of(bytes(hex: SigningBench.artifact)).hex
                $0.resources.append(("zzz.bin", evil))
            }),
        Attack(
            "files out of order", "not in the order",
            parts: { $0.resources.append(("a.bin", evil)) }),
        Attack(
            "a file twice", "not in the order",
            parts: { $0.resources.append($0.resources[0]) }),
        Attack("no file", "names no file", parts: { $0.resources = [] }),
        Attack(
            "a digest in capitals", "no sha256 digest",
            parts: { $0.resources[0].digest = SigningBench.artifact.uppercased() }),
        Attack("no subject", "exactly one subject", parts: { $0.subjects = 0 }),
        Attack("two subjects", "exactly one subject", parts: { $0.subjects = 2 }),
        Attack("another payload type", "another type", parts: { $0.payloadType = "text/plain" }),
        Attack(
            "another statement", "another type",
            parts: { $0.type = "https://in-toto.io/Statement/v0.1" }),
        Attack(
            "provenance is no signature of a model", "another type",
            parts: { $0.predicateType = "https://slsa.dev/provenance/v1" }),
        Attack(
            "the type of before version 1", "another type",
            parts: { $0.predicateType = "https://model_signing/Digests/v0.1" }),
        Attack("shards", "another type", parts: { $0.method = "shards" }),
        Attack("another hash", "another type", parts: { $0.hashType = "blake2b" }),
        Attack("another hash of a file", "no sha256", parts: { $0.algorithm = "blake2b" }),
        Attack(
            "a certificate in place of a key", "no public key",
            parts: { $0.material = ["certificate": ["rawBytes": "MIIB"]] }),
        Attack("no signature in the envelope", "exactly one signature") {
            try $0.bundle(signatures: { _ in [] })
        },
        Attack("the good signature behind another one", "exactly one signature") {
            try $0.bundle(signatures: {
                [["sig": "MAYCAQACAQA="], ["sig": .string(Base64.text($0))]]
            })
        },
        Attack("base64 with a line break", "not base64") {
            try $0.bundle(signatures: { [["sig": .string(Base64.text($0) + "\n")]] })
        },
        Attack("base64 of the URL's alphabet", "not base64") {
            try $0.bundle(signatures: { bytes in
                [["sig": .string(Base64.text(bytes + [255, 255, 255]).replacing("/", with: "_"))]]
            })
        },
        Attack("a key of the bundle twice", "is written twice") {
            try $0.bundle().replacing("\"mediaType\"", with: "\"mediaType\":\"x\",\"mediaType\"")
        },
        Attack("a key of the statement twice", "is written twice") { bench in
            let honest = String(decoding: SigningBench.Parts().statement, as: UTF8.self)
            let twice = honest.replacing(
                "\"name\": \"model.json\"",
                with: "\"name\": \"x\",\n\"name\": \"model.json\"")
            return try bench.bundle(payload: Array(twice.utf8))
        },
        Attack("bytes behind the bundle", "cannot be read") { try $0.bundle() + "{}" },
        Attack("bytes behind the statement", "cannot be read") {
            try $0.bundle(payload: SigningBench.Parts().statement + Array("{}".utf8))
        },
        Attack("too large", "cannot be read") {
            try $0.bundle() + String(repeating: " ", count: ModelSignature.bytesMax)
        },
    ]

    @Test(arguments: attacks) func isRefusedInWords(_ attack: Attack) throws {
        let problem = try bench.problem(attack.make(bench))
        #expect(problem?.contains(attack.words) == true, "\(problem ?? "it was taken")")
    }

    // The signature stays and what it signs is changed, one byte at a time.
    @Test func everyChangedByteOfThePayloadIsNoticed() throws {
        let honest = try bench.bundle()
        let payload = Base64.text(SigningBench.Parts().statement)
        let start = try #require(honest.range(of: payload))
        for offset in stride(from: 0, to: payload.count, by: 7) {
            var changed = Array(payload)
            changed[offset] = changed[offset] == "A" ? "B" : "A"
            let bundle = honest.replacingCharacters(in: start, with: String(changed))
            #expect(try bench.problem(bundle) != nil, "character \(offset)")
        }
    }

    @Test func theHintOnlyChoosesTheWords() throws {
        var parts = SigningBench.Parts()
        let hint = Self.sha256(bench.key)
        parts.material = ["publicKey": ["hint": .string(hint)]]
        let bundle = try bench.bundle(parts, sign: { _, _ in [0x30, 6, 2, 1, 1, 2, 1, 1] })
        #expect(try bench.problem(bundle)?.contains("it was changed") == true)
        // A hint of another key does not make a good signature bad: nobody signed the hint.
        parts.material = ["publicKey": ["hint": "ab"]]
        #expect(try bench.problem(bench.bundle(parts)) == nil)
    }

    // Both forms verify (FIPS 186-5 §6.4.2). A signature names nothing here, so that a second form
    // of the same one is no second of anything.
    @Test func theOtherHalfOfTheCurveIsTakenToo() throws {
        let order = bytes(
            hex: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        let bundle = try bench.bundle(sign: { bench, message in
            let raw = Array(try bench.p256.signature(for: message).rawRepresentation)
            var (other, borrow) = ([UInt8](repeating: 0, count: 32), 0)
            for index in (0..<32).reversed() {
                let digit = Int(order[index]) - Int(raw[32 + index]) - borrow
                borrow = digit < 0 ? 1 : 0
                other[index] = UInt8(digit + borrow * 256)
            }
            let twin = try P256.Signing.ECDSASignature(rawRepresentation: raw[..<32] + other)
            return Array(twin.derRepresentation)
        })
        #expect(try bench.problem(bundle) == nil)
    }

    @Test func aKeyThatCannotBeUsedRefusesEverything() throws {
        let text = try #require(SigningKeyText(pem: bench.key))
        // The last byte of y is another: no such point on the curve.
        let off = Data(text.bytes.dropLast() + [(text.bytes.last ?? 0) ^ 1]).base64EncodedString()
        let pem = "-----BEGIN PUBLIC KEY-----\n\(off)\n-----END PUBLIC KEY-----\n"
        let problem = try bench.problem(bench.bundle(), keys: [bench.key, pem])
        #expect(
            problem?.hasSuffix(
                "key 2 of signedBy cannot be used: its point is not on its curve") == true)
        #expect(try bench.problem(bench.bundle(), keys: []) != nil)
    }

    @Test func preAuthenticationCountsBytes() {
        // The example of the protocol's text.
        let made = ModelSignature.preAuthentication(
            type: "http://example.com/HelloWorld", body: Array("hello world".utf8))
        #expect(made == Array("DSSEv1 29 http://example.com/HelloWorld 11 hello world".utf8))
    }
}
