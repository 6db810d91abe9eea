internal import COpenSSL
internal import Foundation
import RolloutCore

/// The roots that time stamps are traced back to.
package struct TimestampAuthorities: Sendable {
    /// A bundle of all public roots has 250 KiB.
    package static let bytesMax = 1 << 20

    /// DER.
    private let certificates: [[UInt8]]

    /// Reads certificates in PEM, one after another. Those that are no roots only help to find the
    /// way to one.
    /// - Throws: `InvalidIdentity` with `malformed`.
    package init(pem: [UInt8]) throws(InvalidIdentity) {
        guard pem.count <= Self.bytesMax else {
            throw InvalidIdentity(.malformed, "more than \(Self.bytesMax) bytes of certificates")
        }
        ERR_clear_error()
        let input = try Owned(BIO_new(BIO_s_mem()), "memory", free: { BIO_free($0) })
        defer { input.keep() }
        BIO_write(input.raw, pem, Int32(pem.count))
        var found: [[UInt8]] = []
        while let certificate = PEM_read_bio_X509(input.raw, nil, nil, nil) {
            defer { X509_free(certificate) }
            var start: UnsafeMutablePointer<UInt8>?
            let count = Int(i2d_X509(certificate, &start))
            guard count > 0, let start else { break }
            defer { CRYPTO_free(start, nil, 0) }
            found.append(Array(UnsafeBufferPointer(start: start, count: count)))
        }
        // The end of the text is "no start line"; anything else is a certificate that is broken.
        let reason = lastReason()
        guard reason == "no start line" else {
            throw InvalidIdentity(.malformed, "a certificate cannot be read: \(reason)")
        }
        guard !found.isEmpty else {
            throw InvalidIdentity(.malformed, "it holds no certificate in PEM")
        }
        certificates = found
    }

    func store(at time: Timestamp) throws(InvalidIdentity) -> Owned {
        let store = try Owned(X509_STORE_new(), "a store", free: { X509_STORE_free($0) })
        defer { store.keep() }
        for bytes in certificates {
            let raw = bytes.withUnsafeBufferPointer { buffer in
                var cursor = buffer.baseAddress
                return d2i_X509(nil, &cursor, buffer.count)
            }
            let certificate = try Owned(raw, "a certificate", free: { X509_free($0) })
            defer { certificate.keep() }
            guard X509_STORE_add_cert(store.raw, certificate.raw) == 1 else {
                throw InvalidIdentity(.malformed, "a certificate is not taken: \(lastReason())")
            }
        }
        X509_VERIFY_PARAM_set_time(
            X509_STORE_get0_param(store.raw), time_t(time.milliseconds / 1_000))
        return store
    }
}
