internal import COpenSSL

/// A hash function of OpenSSL.
package enum Hash: String, Sendable, Hashable {
    case sha256, sha384, sha512

    var method: OpaquePointer? {
        switch self {
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
    }

    private var count: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    package func of(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let message = Array(bytes)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var length: UInt32 = 0
            let done = EVP_Digest(
                message, message.count, buffer.baseAddress, &length, method, nil)
            precondition(done == 1, "OpenSSL cannot hash: it is out of memory")
            filled = Int(length)
        }
    }
}
