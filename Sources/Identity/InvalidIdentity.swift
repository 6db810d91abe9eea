/// Why a key, a signature or a list of signers does not count. The words are for the person who
/// has to mend it.
package struct InvalidIdentity: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Codable, Sendable, Hashable {
        /// The bytes are not what they say they are.
        case malformed
        /// Sound, and of a kind that we do not take: RSA with SHA-1, a certificate, a wildcard.
        case unsupported
        /// Made for another purpose.
        case wrongNamespace
        /// The mathematics say no: other bytes were signed, or with another key.
        case badSignature
        case unknownKey
        case notYetValid
        case expired
        case revoked
        /// There is no signature.
        case unsigned
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
