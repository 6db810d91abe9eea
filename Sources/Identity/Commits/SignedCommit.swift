/// A commit object taken apart, so that its signature can be checked.
///
/// The id of a signed commit is not fixed by what was signed: a second signature, or the same one
/// wrapped otherwise, gives another id. So nothing but the forms that git itself writes is taken.
package struct SignedCommit: Hashable, Sendable {
    /// The commit without its signature: what was signed.
    package let payload: [UInt8]
    package let signature: SSHSignature

    /// - Parameter raw: the bytes of the commit object.
    /// - Throws: `InvalidIdentity`: `unsigned`; `unsupported` for OpenPGP and X.509, and for headers
    ///   that do not belong there; `malformed`.
    package init(_ raw: [UInt8]) throws(InvalidIdentity) {
        var headers = CommitHeaders(raw)
        try headers.expect("tree")
        while headers.isNext("parent") { try headers.expect("parent") }
        try headers.expect("author")
        try headers.expect("committer")
        guard headers.isNext("gpgsig") else {
            guard headers.isAtEnd else { throw headers.unexpected }
            throw InvalidIdentity(.unsigned, "the commit is not signed")
        }
        let start = headers.place
        let text = try headers.folded("gpgsig")
        let end = headers.place
        guard headers.isAtEnd else { throw headers.unexpected }
        payload = Array(raw[..<start] + raw[end...])
        guard text.hasPrefix("-----BEGIN SSH SIGNATURE-----") else {
            throw InvalidIdentity(
                .unsupported, "the commit is signed, but not with an SSH key")
        }
        // git folds the text without its last line end, others with it.
        signature = try SSHSignature(armored: text.hasSuffix("\n") ? text : text + "\n")
    }

    /// Checks that the signature is one of this commit.
    ///
    /// - Throws: `InvalidIdentity`: `wrongNamespace`, `badSignature`, `unsupported`, `malformed`.
    package func verify() throws(InvalidIdentity) {
        try signature.verify(payload, namespace: Namespace.git)
    }

    /// Whose signature a commit carries.
    ///
    /// - Parameter raw: the bytes of the commit object.
    /// - Throws: as `init` and `verify`.
    package static func signer(of raw: [UInt8]) throws(InvalidIdentity) -> PublicKey {
        let commit = try SignedCommit(raw)
        try commit.verify()
        return commit.signature.publicKey
    }

    /// The signed form of a commit that has none.
    ///
    /// - Parameter raw: the bytes of an unsigned commit object.
    package static func sign(
        _ raw: [UInt8], by key: PrivateKey
    ) throws(InvalidIdentity) -> String {
        try SSHSignature(raw, namespace: Namespace.git, by: key).armored
    }
}

/// The lines above the message of a commit object.
private struct CommitHeaders {
    private let raw: [UInt8]
    private(set) var place = 0

    init(_ raw: [UInt8]) { self.raw = raw }

    /// The line at `place` without its end; `nil` behind the last one.
    private var line: ArraySlice<UInt8>? {
        guard place < raw.count,
            let end = raw[place...].firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        return raw[place..<end]
    }

    /// An empty line: the message follows.
    var isAtEnd: Bool { line?.isEmpty ?? false }

    func isNext(_ name: String) -> Bool { line?.starts(with: "\(name) ".utf8) ?? false }

    var unexpected: InvalidIdentity {
        let name = line.map { String(decoding: $0.prefix { $0 != 32 }, as: UTF8.self) }
        return InvalidIdentity(
            .unsupported,
            "the commit has a header that is not taken in a signed commit: "
                + (name.map { $0.prefix(40).debugDescription } ?? "its headers do not end"))
    }

    mutating func expect(_ name: String) throws(InvalidIdentity) {
        guard isNext(name), let line else { throw unexpected }
        place = line.endIndex + 1
    }

    /// A header of several lines, each later one after a space.
    mutating func folded(_ name: String) throws(InvalidIdentity) -> String {
        guard isNext(name), let first = line else { throw unexpected }
        var lines = [first.dropFirst(name.utf8.count + 1)]
        place = first.endIndex + 1
        while let next = line, next.first == UInt8(ascii: " ") {
            lines.append(next.dropFirst())
            place = next.endIndex + 1
        }
        guard let text = String(validating: lines.joined(separator: [10]), as: UTF8.self) else {
            throw InvalidIdentity(.malformed, "the signature is not text")
        }
        return text
    }
}
