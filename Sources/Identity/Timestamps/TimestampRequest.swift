internal import COpenSSL

/// A request for a time stamp (RFC 3161 §2.4.1): the SHA-256 of a text, and a nonce that the answer
/// must repeat. It asks for the authority's certificate, so that the answer can be checked for ever.
package struct TimestampRequest: Sendable {
    /// `nil` for the request that a stored answer is compared with.
    private let nonce: UInt64?
    private let imprint: [UInt8]

    package init(of text: [UInt8]) { self.init(of: text, nonce: .random(in: 1 ... .max)) }

    init(of text: [UInt8], nonce: UInt64?) {
        imprint = Hash.sha256.of(text)
        self.nonce = nonce
    }

    /// TimeStampReq, distinguished encoding.
    package var bytes: [UInt8] {
        get throws(InvalidIdentity) {
            let request = try make()
            defer { request.keep() }
            var start: UnsafeMutablePointer<UInt8>?
            let count = Int(i2d_TS_REQ(request.raw, &start))
            guard count > 0, let start else { throw Self.failed }
            defer { CRYPTO_free(start, nil, 0) }
            return Array(UnsafeBufferPointer(start: start, count: count))
        }
    }

    private static var failed: InvalidIdentity {
        InvalidIdentity(.malformed, "the request cannot be made: \(lastReason())")
    }

    func make() throws(InvalidIdentity) -> Owned {
        let request = try Owned(TS_REQ_new(), "a request", free: { TS_REQ_free($0) })
        let message = try Owned(
            TS_MSG_IMPRINT_new(), "an imprint", free: { TS_MSG_IMPRINT_free($0) })
        defer { message.keep() }
        guard let algorithm = X509_ALGOR_new() else { throw Self.failed }
        defer { X509_ALGOR_free(algorithm) }
        var digest = imprint
        // The setters take copies.
        guard X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nil) == 1,
            TS_MSG_IMPRINT_set_algo(message.raw, algorithm) == 1,
            TS_MSG_IMPRINT_set_msg(message.raw, &digest, Int32(digest.count)) == 1,
            TS_REQ_set_version(request.raw, 1) == 1,
            TS_REQ_set_msg_imprint(request.raw, message.raw) == 1,
            TS_REQ_set_cert_req(request.raw, 1) == 1
        else { throw Self.failed }
        guard let nonce else { return request }
        let integer = ASN1_INTEGER_new()
        defer { ASN1_INTEGER_free(integer) }
        guard ASN1_INTEGER_set_uint64(integer, nonce) == 1,
            TS_REQ_set_nonce(request.raw, integer) == 1
        else { throw Self.failed }
        return request
    }
}
