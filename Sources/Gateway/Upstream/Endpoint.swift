/// The address of a model server: `http://host:port`, port 80 by default, no path.
///
/// TLS towards model servers is left to the mesh or the sidecar that already carries it.
struct Endpoint: Hashable, Sendable {
    let host: String
    let port: Int
    /// For the `host` header.
    let authority: String

    init?(_ text: String) {
        let scheme = "http://"
        guard text.utf8.count <= 300, text.hasPrefix(scheme) else { return nil }
        var rest = text.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        let allowed = rest.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
                true
            default: false
            }
        }
        guard allowed, !rest.isEmpty else { return nil }
        var name = rest
        var number: Substring?
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            name = rest[rest.index(after: rest.startIndex)..<end]
            let after = rest[rest.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { return nil }
            number = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = rest.firstIndex(of: ":") {
            name = rest[..<colon]
            number = rest[rest.index(after: colon)...]
            guard number?.contains(":") == false else { return nil }
        }
        guard !name.isEmpty, let port = Int(number ?? "80"), (1...65_535).contains(port) else {
            return nil
        }
        host = String(name)
        self.port = port
        authority = String(rest)
    }
}
