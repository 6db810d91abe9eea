import RolloutCore

/// Addresses: checked letter by letter, never opened here.
enum Web {
    /// `http://host:port` without path, user or query.
    static let endpoint = Shape<String>.matching(
        "an address such as http://127.0.0.1:9101", example: "http://127.0.0.1:9101",
        pattern: "^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$"
    ) { text in
        guard let rest = rest(of: text, schemes: ["http", "https"]) else { return false }
        return isAuthority(rest)
    }

    /// The host of an `endpoint`.
    static func host(of endpoint: String) -> String {
        let rest = rest(of: endpoint, schemes: ["http", "https"]) ?? ""
        return String(rest.prefix { $0 != ":" })
    }

    /// `models.example.org`, or `*.example.org` for everything below.
    static let host = Shape<HostPattern>.scalar(
        "a host such as models.example.org, or *.example.org for all below",
        example: "*.example.org",
        schema: [
            "type": "string", "pattern": "^(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$",
            "examples": ["*.example.org"],
        ]
    ) { scalar throws(Refusal) in
        guard let pattern = HostPattern(scalar.text) else { throw Refusal("no host") }
        return pattern
    }

    /// An address with a path.
    static let url = Shape<String>.matching(
        "an address such as https://host/path", example: "https://host/path",
        pattern: "^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^ ]*)?$"
    ) { text in
        guard let rest = rest(of: text, schemes: ["http", "https"]) else { return false }
        return isAuthorityWithPath(rest)
    }

    /// Where the bytes of a version are kept. No file paths: nothing in a repository is opened.
    static let artifact = Shape<String>.matching(
        "an address that begins with oci, https, s3, gs or hf",
        example: "oci://registry.example/team/model",
        pattern: "^(oci|https|s3|gs|hf)://[A-Za-z0-9][^ ]*$"
    ) { text in
        guard let rest = rest(of: text, schemes: ["oci", "https", "s3", "gs", "hf"]) else {
            return false
        }
        return isAuthorityWithPath(rest)
    }

    /// Where git fetches from: `https://`, `http://`, `ssh://`, `git://`, `file:///` or `.`.
    static let repository = Shape<String>.matching(
        "a repository address such as https://host/team/rollouts.git",
        example: "https://host/team/rollouts.git",
        pattern: "^((https?|ssh|git)://[^ ]+|file:///[^ ]*|/[^ ]*|\\.)$"
    ) { text in
        if text == "." || text.hasPrefix("/") || text.hasPrefix("file:///") {
            return isPath(text)
        }
        guard let rest = rest(of: text, schemes: ["https", "http", "ssh", "git"]) else {
            return false
        }
        // A user is allowed here: ssh://git@host/repository.
        let parts = rest.split(separator: "@", maxSplits: 1)
        return !text.hasPrefix("-") && isAuthorityWithPath(parts.last ?? rest)
    }

    private static func rest(of text: String, schemes: [String]) -> Substring? {
        guard text.utf8.count <= 2_048,
            let scheme = schemes.first(where: { text.hasPrefix("\($0)://") })
        else { return nil }
        return text.dropFirst(scheme.count + 3)
    }

    private static func isAuthorityWithPath(_ text: Substring) -> Bool {
        let end = text.firstIndex(of: "/") ?? text.endIndex
        return isAuthority(text[..<end]) && isPath(String(text[end...]))
    }

    private static func isAuthority(_ text: Substring) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let host = parts.first, let first = host.utf8.first,
            isLetterOrDigit(first),
            host.utf8.allSatisfy({ isLetterOrDigit($0) || $0 == 45 || $0 == 46 || $0 == 95 })
        else { return false }
        guard parts.count == 2 else { return true }
        guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let port = Int(parts[1]) else {
            return false
        }
        return (1...65_535).contains(port)
    }

    private static func isPath(_ text: String) -> Bool {
        text.utf8.allSatisfy { (33...126).contains($0) && $0 != 92 }
            && !text.split(separator: "/").contains("..")
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
