internal import COpenSSL
package import Foundation

/// A SHA-256 of bytes that come piece by piece.
package final class HashStream {
    private let context: OpaquePointer?

    package init() {
        context = EVP_MD_CTX_new()
        let started = EVP_DigestInit_ex(context, EVP_sha256(), nil)
        precondition(started == 1, "OpenSSL cannot hash: it is out of memory")
    }

    deinit { EVP_MD_CTX_free(context) }

    package func add(_ bytes: some ContiguousBytes) {
        bytes.withUnsafeBytes { buffer in
            let done = EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
            precondition(done == 1, "OpenSSL cannot hash")
        }
    }

    /// The digest of everything so far; nothing may be added afterwards.
    package func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, filled in
            var length: UInt32 = 0
            let done = EVP_DigestFinal_ex(context, buffer.baseAddress, &length)
            precondition(done == 1, "OpenSSL cannot hash")
            filled = Int(length)
        }
    }
}
