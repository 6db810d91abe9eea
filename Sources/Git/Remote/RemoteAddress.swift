/// The parts of a remote's URL that we check before libgit2 sees it.
struct RemoteAddress {
    enum Transport: Equatable { case https, http, ssh, git, local }

    let transport: Transport
    /// Lower case, without brackets; empty for a local path.
    let host: String
    let port: Int?

    /// - Throws: `GitError` with `.invalidName` when the address, or its use with this credential,
    ///   is not safe.
    init(_ remote: GitRemote) throws(GitError) {
        let url = remote.url
        if url.hasPrefix("/") || url.hasPrefix("file:///") {
            guard url.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f }) else {
                throw Self.refusal(url, "it holds a control character", "use a plain path")
            }
            (transport, host, port) = (.local, "", nil)
            return
        }
        // libgit2 puts the path between single quotes into a shell command of the SSH server.
        guard url.utf8.allSatisfy({ isURLByte($0) }) else {
            throw Self.refusal(
                url, "it holds a character other than A-Z a-z 0-9 - . _ ~ / : @ % + , = [ ]",
                "percent-encode it")
        }
        let (transport, authority, path) = try Self.split(url)
        (self.transport, self.host, self.port) = try Self.parse(
            authority, transport, url: url)
        guard !path.isEmpty, !path.hasPrefix("-") else {
            throw Self.refusal(url, "it has no path, or one that begins with -", "name a path")
        }
        if transport == .http, case .token = remote.credential, !Self.isLoopback(host) {
            throw Self.refusal(url, "http would send the token in the clear", "use https")
        }
    }

    private static func split(
        _ url: String
    ) throws(GitError) -> (Transport, authority: Substring, path: Substring) {
        if let mark = url.firstRange(of: "://") {
            let known: [String: Transport] = [
                "https": .https, "http": .http, "ssh": .ssh, "git": .git,
            ]
            guard let transport = known[String(url[..<mark.lowerBound])] else {
                throw refusal(url, "we do not speak its scheme", "use https, ssh, git or a path")
            }
            let rest = url[mark.upperBound...]
            let slash = rest.firstIndex(of: "/") ?? rest.endIndex
            return (transport, rest[..<slash], rest[slash...])
        }
        guard let colon = url.firstIndex(of: ":"), !url.contains("[") else {
            throw refusal(url, "it is not an address", "use https://, ssh:// or an absolute path")
        }
        return (.ssh, url[..<colon], url[url.index(after: colon)...])
    }

    private static func parse(
        _ authority: Substring, _ transport: Transport, url: String
    ) throws(GitError) -> (Transport, host: String, port: Int?) {
        var rest = authority
        if let at = rest.lastIndex(of: "@") {
            guard !rest[..<at].contains(":") else {
                throw refusal(url, "it holds a password", "put the secret into the credential")
            }
            rest = rest[rest.index(after: at)...]
        }
        var host = rest
        var portText: Substring?
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            host = rest[rest.index(after: rest.startIndex)..<end]
            let tail = rest[rest.index(after: end)...]
            if tail.hasPrefix(":") { portText = tail.dropFirst() }
        } else if let colon = rest.firstIndex(of: ":") {
            host = rest[..<colon]
            portText = rest[rest.index(after: colon)...]
        }
        let port = portText.map { Int($0) }
        guard !host.isEmpty, !host.hasPrefix("-"), port != .some(nil),
            (port ?? nil).map({ (1...65_535).contains($0) }) ?? true
        else { throw refusal(url, "its host or port is not valid", "write host or host:port") }
        return (transport, host.lowercased(), port ?? nil)
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    /// The address is shown without what stands before an `@`.
    private static func refusal(_ url: String, _ reason: String, _ hint: String) -> GitError {
        let shown = url.lastIndex(of: "@").map { "…" + url[$0...] } ?? url
        return GitError(
            operation: "use the remote \(quoted(shown))", code: .invalidName, message: reason,
            hint: hint)
    }
}

private func isURLByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: "-._~/:@%+,=[]".utf8.contains(byte)
    }
}
