import NIOHTTP1

/// Which headers pass the gateway.
enum ForwardedHeaders {
    /// What belongs to one connection (RFC 9110, 7.6.1), and what the gateway says itself.
    private static func isOwn(_ name: String) -> Bool {
        switch name.utf8.count {
        case 2: name.equals("te")
        case 4: name.equals("host")
        case 6: name.equals("expect")
        case 7: name.equals("trailer") || name.equals("upgrade")
        case 10: name.equals("connection") || name.equals("keep-alive")
        case 14: name.equals("content-length")
        // Answers are read, so they must not be compressed.
        case 15: name.equals("accept-encoding")
        case 16: name.equals("proxy-connection")
        case 17: name.equals("transfer-encoding")
        case 18: name.equals("proxy-authenticate")
        case 19: name.equals("proxy-authorization")
        default: false
        }
    }

    static func passed(_ headers: HTTPHeaders) -> HTTPHeaders {
        var passed = HTTPHeaders()
        passed.reserveCapacity(headers.count + 8)
        let named = headers[canonicalForm: "connection"]
        for (name, value) in headers {
            if isOwn(name) || name.hasGatewayPrefix { continue }
            if !named.isEmpty, named.contains(where: { $0.equals(name) }) { continue }
            passed.add(name: name, value: value)
        }
        return passed
    }

    /// For a copy that nobody sees: without the caller's credentials, and marked, so that a
    /// version can leave out side effects.
    static func mirrored(_ headers: HTTPHeaders) -> HTTPHeaders {
        var mirrored = headers
        mirrored.remove(name: "authorization")
        mirrored.remove(name: "cookie")
        mirrored.add(name: "x-gatewright-mirror", value: "1")
        return mirrored
    }
}

extension StringProtocol {
    /// ASCII letters compare without case; `other` is in any case.
    fileprivate func equals(_ other: some StringProtocol) -> Bool {
        utf8.count == other.utf8.count
            && zip(utf8, other.utf8).allSatisfy { lowered($0) == lowered($1) }
    }

    fileprivate var hasGatewayPrefix: Bool {
        let prefix: StaticString = "x-gatewright-"
        guard utf8.count > prefix.utf8CodeUnitCount else { return false }
        return prefix.withUTF8Buffer { zip(utf8, $0).allSatisfy { lowered($0) == $1 } }
    }
}

private func lowered(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
