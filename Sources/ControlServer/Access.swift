import Crypto
import HTTPTypes
import Hummingbird
import Secrets

/// Who may ask for what. Secrets are compared in constant time and never printed.
struct Access: Sendable {
    let token: LiveSecret?
    let people: [String: LiveSecret]
    let webhookSecret: LiveSecret?
    /// On loopback without a token a page in a browser could reach us under a name of its own.
    let checksHost: Bool

    /// A shorter one could be guessed.
    static let secretBytesMin = 16

    /// A secret as it is now. One that is not there, or was exchanged for one that could be guessed,
    /// lets nobody in.
    static func usable(_ secret: LiveSecret?) -> String? {
        secret?.text.flatMap { $0.utf8.count >= secretBytesMin ? $0 : nil }
    }

    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Checks the bearer token, or without one that the request was made for this machine.
    func checkCaller(_ request: Request) throws(APIError) {
        guard let token else { return try checkLocal(request) }
        let given = request.headers[.authorization] ?? ""
        let scheme = "bearer "
        guard let text = Self.usable(token),
            given.prefix(scheme.utf8.count).lowercased() == scheme,
            Self.same(String(given.dropFirst(scheme.utf8.count)), text)
        else {
            throw APIError(.unauthorized, "send Authorization: Bearer with the controller's token")
        }
    }

    /// Whose token came with the request. The token of the API is nobody's.
    func person(_ request: Request) throws(APIError) -> String {
        guard !people.isEmpty else {
            throw APIError(
                .forbidden,
                "nobody may approve here: name people in gatewright.yaml, or sign with "
                    + "gatewright approve")
        }
        let given = request.headers[.authorization] ?? ""
        let scheme = "bearer "
        guard given.prefix(scheme.utf8.count).lowercased() == scheme else {
            throw APIError(.unauthorized, "send Authorization: Bearer with your own token")
        }
        let person = try person(bearer: String(given.dropFirst(scheme.utf8.count)))
        // A page of another site could send a body, and not this header; and it may not try.
        if let origin = request.headers[.origin],
            origin != "http://\(request.head.authority ?? "")",
            origin != "https://\(request.head.authority ?? "")"
        {
            throw APIError(.forbidden, "requests from other sites' pages are refused")
        }
        return person
    }

    /// Whose token this is now.
    func person(bearer text: String) throws(APIError) -> String {
        func isNow(_ secret: LiveSecret?) -> Bool {
            Self.usable(secret).map { Self.same(text, $0) } ?? false
        }
        // All of them are compared, so that the time tells nothing.
        let found = people.filter { isNow($0.value) }
        // Files that were exchanged may hold one token twice by now: then nobody knows who it is.
        guard !isNow(token), found.count == 1, let person = found.first?.key else {
            throw APIError(.unauthorized, "that is nobody's token")
        }
        return person
    }

    /// Browsers send `Origin` with every cross-site POST; no client of ours does.
    private func checkLocal(_ request: Request) throws(APIError) {
        guard checksHost else { return }
        let authority = request.head.authority ?? ""
        let host =
            authority.hasPrefix("[")
            ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        guard Self.isLoopback(String(host)) else {
            throw APIError(.forbidden, "ask for localhost, or set a token")
        }
        if let origin = request.headers[.origin], origin != "http://\(authority)" {
            throw APIError(.forbidden, "requests from other sites' pages are refused")
        }
    }

    /// Checks what the forge signed, over the bytes as they came. All signatures must hold.
    func checkWebhook(_ request: Request, body: [UInt8]) throws(APIError) {
        guard let secret = Self.usable(webhookSecret) else {
            throw APIError(.forbidden, "no webhook secret is set; the poll finds changes too")
        }
        let key = SymmetricKey(data: Array(secret.utf8))
        var verdicts: [Bool] = []
        if let github = request.headers[.hubSignature] {
            let prefix = "sha256="
            verdicts.append(
                github.hasPrefix(prefix)
                    && Self.signed(body, key, hex: github.dropFirst(prefix.count)))
        }
        if let gitea = request.headers[.giteaSignature] {
            verdicts.append(Self.signed(body, key, hex: gitea[...]))
        }
        if let gitlab = request.headers[.gitlabToken] {
            verdicts.append(Self.same(gitlab, secret))
        }
        guard !verdicts.isEmpty, verdicts.allSatisfy(\.self) else {
            throw APIError(
                .unauthorized,
                "the signature is missing or wrong; give the forge the controller's webhook secret")
        }
    }

    private static func signed(_ body: [UInt8], _ key: SymmetricKey, hex: Substring) -> Bool {
        guard let code = bytes(hex: hex) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: body, using: key)
    }

    /// Compares digests, whose comparison takes the same time wherever they differ.
    private static func same(_ left: String, _ right: String) -> Bool {
        SHA256.hash(data: Array(left.utf8)) == SHA256.hash(data: Array(right.utf8))
    }

    private static func bytes(hex: Substring) -> [UInt8]? {
        var digits: [UInt8] = []
        for character in hex.utf8 {
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(character - 48)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(character - 87)
            default: return nil
            }
        }
        guard digits.count == 2 * SHA256.byteCount else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
