/// Reads the binary form that SSH uses for keys and signatures (RFC 4251 §5).
struct WireReader {
    private let bytes: ArraySlice<UInt8>
    private var place: Int

    init(_ bytes: some Collection<UInt8>) {
        self.bytes = ArraySlice(Array(bytes))
        place = self.bytes.startIndex
    }

    var isAtEnd: Bool { place == bytes.endIndex }

    mutating func take(_ count: Int) throws(InvalidIdentity) -> ArraySlice<UInt8> {
        guard count >= 0, bytes.endIndex - place >= count else {
            throw InvalidIdentity(.malformed, "the bytes end too early")
        }
        defer { place += count }
        return bytes[place..<(place + count)]
    }

    mutating func byte() throws(InvalidIdentity) -> UInt8 {
        try take(1).first ?? 0
    }

    mutating func number() throws(InvalidIdentity) -> UInt32 {
        try take(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// A length of four bytes, and so many bytes.
    mutating func string() throws(InvalidIdentity) -> [UInt8] {
        let count = try number()
        return Array(try take(Int(count)))
    }

    mutating func text() throws(InvalidIdentity) -> String {
        let bytes = try string()
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InvalidIdentity(.malformed, "a name in it is not UTF-8")
        }
        return text
    }

    /// A positive whole number, most significant byte first, in its shortest form.
    mutating func positive() throws(InvalidIdentity) -> [UInt8] {
        let bytes = try string()
        guard let first = bytes.first, first < 0x80 else {
            throw InvalidIdentity(.malformed, "a number in it is empty or negative")
        }
        if first == 0 {
            guard bytes.count > 1, bytes[1] >= 0x80 else {
                throw InvalidIdentity(.malformed, "a number in it is longer than it has to be")
            }
            return Array(bytes.dropFirst())
        }
        return bytes
    }

    /// - Throws: `InvalidIdentity` when bytes are left over: they would be a second form of it.
    func finish(_ what: String) throws(InvalidIdentity) {
        guard isAtEnd else {
            throw InvalidIdentity(.malformed, "\(what) is followed by more bytes")
        }
    }
}

extension [UInt8] {
    mutating func append(number: UInt32) {
        for shift in [24, 16, 8, 0] as [UInt32] {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    mutating func append(string: some Collection<UInt8>) {
        append(number: UInt32(truncatingIfNeeded: string.count))
        append(contentsOf: string)
    }
}
