internal import COpenSSL
internal import Foundation
package import RolloutCore

/// The answer of a time-stamping authority (RFC 3161 §2.4.2), and what its token says. None of it
/// counts before `verify`.
package struct TimestampResponse: Hashable, Sendable {
    /// Tokens with a chain of certificates have some 6 KiB.
    package static let bytesMax = 64 << 10

    /// TimeStampResp, as it came.
    package let bytes: [UInt8]
    /// Whole seconds.
    package let time: Timestamp
    /// The authority's policy: an object identifier, in dots.
    package let policy: String
    /// Of the token, in hexadecimal digits.
    package let serial: String

    /// - Throws: `InvalidIdentity`: `malformed`, and `unsupported` when the authority granted
    ///   nothing.
    package init(_ bytes: [UInt8]) throws(InvalidIdentity) {
        guard bytes.count <= Self.bytesMax else {
            throw InvalidIdentity(
                .malformed, "the answer has \(bytes.count) bytes; at most \(Self.bytesMax) are read"
            )
        }
        let response = try Self.read(bytes)
        defer { response.keep() }
        try Self.requireGranted(response)
        guard let info = TS_RESP_get_tst_info(response.raw),
            let time = Self.moment(TS_TST_INFO_get_time(info)),
            let serial = TS_TST_INFO_get_serial(info)
        else { throw InvalidIdentity(.malformed, "the answer holds no token that can be read") }
        self.bytes = bytes
        self.time = time
        self.serial =
            UnsafeBufferPointer(
                start: ASN1_STRING_get0_data(serial), count: Int(ASN1_STRING_length(serial))
            ).hex
        var text = [CChar](repeating: 0, count: 128)
        OBJ_obj2txt(&text, Int32(text.count), TS_TST_INFO_get_policy_id(info), 1)
        policy = String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Checks that this answers the request: the same imprint and nonce, and a certificate with it.
    /// Who signed it is not looked at.
    ///
    /// - Throws: `InvalidIdentity` with `badSignature`.
    package func check(answering request: TimestampRequest) throws(InvalidIdentity) {
        let response = try Self.read(bytes)
        defer { response.keep() }
        // Without a checked signature there is no signer whose name could be compared:
        // TS_VFY_SIGNER would compare with none.
        try Self.verify(response, request, TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_NONCE, nil)
        guard let token = TS_RESP_get_token(response.raw),
            let signers = PKCS7_get0_signers(token, nil, 0)
        else {
            ERR_clear_error()
            throw InvalidIdentity(
                .malformed, "the token comes without the certificate that was asked for")
        }
        OPENSSL_sk_free(signers)
    }

    /// Checks that an authority signed that this text was there at `time`.
    ///
    /// Certificates count as they did at `time`: a token outlives the key that made it. Whoever
    /// gets that key after it expired can make old tokens, which only a newer stamp shows.
    /// - Throws: `InvalidIdentity` with `badSignature`.
    package func verify(
        _ text: [UInt8], by authorities: TimestampAuthorities
    ) throws(InvalidIdentity) {
        try Self.verify(
            Self.read(bytes), TimestampRequest(of: text, nonce: nil),
            TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_SIGNATURE | TS_VFY_SIGNER,
            authorities.store(at: time))
    }

    private static func verify(
        _ response: Owned, _ request: TimestampRequest, _ flags: UInt32, _ store: Owned?
    ) throws(InvalidIdentity) {
        ERR_clear_error()
        // Takes the hash function along, so that no token over a weaker one is taken.
        let made = try request.make()
        let context = try Owned(
            TS_REQ_to_TS_VERIFY_CTX(made.raw, nil), "a check", free: { TS_VERIFY_CTX_free($0) })
        defer {
            made.keep()
            context.keep()
            store?.keep()
        }
        _ = TS_VERIFY_CTX_set_flags(context.raw, Int32(flags))
        if let store {
            X509_STORE_up_ref(store.raw)
            _ = TS_VERIFY_CTX_set_store(context.raw, store.raw)
        }
        guard TS_RESP_verify_response(context.raw, response.raw) == 1 else {
            throw InvalidIdentity(.badSignature, "the token does not count: \(lastReason())")
        }
    }

    private static func read(_ bytes: [UInt8]) throws(InvalidIdentity) -> Owned {
        ERR_clear_error()
        var consumed = 0
        let raw = bytes.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            let raw = d2i_TS_RESP(nil, &cursor, buffer.count)
            if let cursor, let start = buffer.baseAddress { consumed = cursor - start }
            return raw
        }
        let response = try Owned(
            raw, "this is no answer of a time-stamping authority", free: { TS_RESP_free($0) })
        guard consumed == bytes.count else {
            throw InvalidIdentity(.malformed, "there are bytes behind the answer")
        }
        return response
    }

    private static func requireGranted(_ response: Owned) throws(InvalidIdentity) {
        guard let info = TS_RESP_get_status_info(response.raw) else {
            throw InvalidIdentity(.malformed, "the answer has no status")
        }
        let status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(info))
        guard status != Int(TS_STATUS_GRANTED), status != Int(TS_STATUS_GRANTED_WITH_MODS) else {
            return
        }
        throw InvalidIdentity(.unsupported, "the authority refused: \(words(info))")
    }

    /// The status as OpenSSL prints it, in one line.
    private static func words(_ info: OpaquePointer) -> String {
        guard let output = BIO_new(BIO_s_mem()) else { return "it does not say why" }
        defer { BIO_free(output) }
        TS_STATUS_INFO_print_bio(output, info)
        var text = [UInt8](repeating: 0, count: 500)
        let count = Int(BIO_read(output, &text, Int32(text.count)))
        let printable = text.prefix(max(0, count)).map { (32..<127).contains($0) ? $0 : 32 }
        return printable.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
            .joined(separator: " ")
    }

    private static func moment(_ time: UnsafePointer<ASN1_GENERALIZEDTIME>?) -> Timestamp? {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        let seconds = timegm(&parts)
        guard seconds > 0 else { return nil }
        return Timestamp(milliseconds: Int64(seconds) * 1_000)
    }
}
