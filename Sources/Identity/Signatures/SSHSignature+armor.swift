extension SSHSignature {
    private static let begin = "-----BEGIN SSH SIGNATURE-----"
    private static let end = "-----END SSH SIGNATURE-----"
    /// OpenSSH breaks its lines at 70; other programs at 76, as PROTOCOL.sshsig asks.
    private static let widths = [70, 76]

    /// Reads the text form. It must be the text that a program would write for these bytes.
    ///
    /// - Throws: `InvalidIdentity`: `malformed`, `unsupported`.
    package init(armored text: String) throws(InvalidIdentity) {
        let ugly = InvalidIdentity(
            .malformed, "the signature is not in the form that ssh-keygen writes")
        guard text.utf8.count <= 2 * Self.bytesMax else { throw ugly }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        guard lines.count >= 3, lines.first == Self.begin[...], lines.last == Self.end[...],
            let bytes = Base64.strict(lines[1..<(lines.count - 1)].joined())
        else { throw ugly }
        let canonical = Self.widths.contains { width in
            Self.wrap(Base64.text(bytes), width).elementsEqual(lines[1..<(lines.count - 1)])
        }
        guard canonical else { throw ugly }
        try self.init(blob: bytes)
    }

    /// The text form, with a line end after its last line.
    package var armored: String {
        ([Self.begin[...]] + Self.wrap(Base64.text(blob), 70) + [Self.end[...]])
            .joined(separator: "\n") + "\n"
    }

    private static func wrap(_ text: String, _ width: Int) -> [Substring] {
        var lines: [Substring] = []
        var rest = text[...]
        while !rest.isEmpty {
            lines.append(rest.prefix(width))
            rest = rest.dropFirst(width)
        }
        return lines
    }

    /// The binary form.
    package var blob: [UInt8] {
        var inner: [UInt8] = []
        inner.append(string: algorithm.utf8)
        inner.append(string: value)
        if let securityKey {
            inner.append(securityKey.flags)
            inner.append(number: securityKey.counter)
        }
        var bytes = Self.magic
        bytes.append(number: 1)
        bytes.append(string: publicKey.blob)
        bytes.append(string: namespace.utf8)
        bytes.append(string: [])
        bytes.append(string: hash.rawValue.utf8)
        bytes.append(string: inner)
        return bytes
    }

    /// Signs as `ssh-keygen -Y sign` does. The same bytes give the same signature.
    package init(
        _ message: [UInt8], namespace: String, by key: PrivateKey
    ) throws(InvalidIdentity) {
        let data = Self.signedData(message, namespace: namespace, hash: .sha512)
        self.init(
            publicKey: key.publicKey, namespace: namespace, hash: .sha512,
            algorithm: PublicKey.Algorithm.ed25519.rawValue, value: try key.sign(data),
            securityKey: nil)
    }
}

extension SSHSignature {
    fileprivate init(
        publicKey: PublicKey, namespace: String, hash: Hash, algorithm: String, value: [UInt8],
        securityKey: SecurityKeyUse?
    ) {
        self.publicKey = publicKey
        self.namespace = namespace
        self.hash = hash
        self.algorithm = algorithm
        self.value = value
        self.securityKey = securityKey
    }
}
