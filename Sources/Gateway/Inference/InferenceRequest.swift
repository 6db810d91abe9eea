import NIOCore

/// What the gateway needs to know of a request of the Open Inference Protocol, version 2.
struct InferenceRequest {
    /// The caller's `id`, as text.
    let id: String?
    /// Where a missing `id` can be put in: the offset after the opening brace.
    private let afterBrace: Int

    enum Problem: Error, CustomStringConvertible {
        case notAnObject, noInputs, twoIDs, badID

        var description: String {
            switch self {
            case .notAnObject: "the body is not a JSON object of at most 64 levels"
            case .noInputs: "the body has no \"inputs\" array"
            case .twoIDs: "the body has more than one \"id\""
            case .badID: "the \"id\" is not a string"
            }
        }
    }

    init(_ body: ByteBuffer) throws(Problem) {
        let result: Result<Self, Problem> = body.withUnsafeReadableBytes { Self.scan($0) }
        self = try result.get()
    }

    private init(id: String?, afterBrace: Int) {
        self.id = id
        self.afterBrace = afterBrace
    }

    private static func scan(_ bytes: UnsafeRawBufferPointer) -> Result<Self, Problem> {
        var scanner = JSONScanner(bytes)
        var id: String?
        var ids = 0
        var hasInputs = false
        let whole = scanner.members { key, scanner in
            guard let value = scanner.value() else { return false }
            if scanner.holds(key, "id") {
                ids += 1
                let isString = bytes[value].first == UInt8(ascii: "\"")
                id = isString ? scanner.scalar(value) : nil
            } else if scanner.holds(key, "inputs") {
                hasInputs = bytes[value].first == UInt8(ascii: "[")
            }
            return true
        }
        scanner.skipSpace()
        guard whole, scanner.isAtEnd else { return .failure(.notAnObject) }
        guard hasInputs else { return .failure(.noInputs) }
        guard ids <= 1 else { return .failure(.twoIDs) }
        if ids == 1, id == nil { return .failure(.badID) }
        var start = JSONScanner(bytes)
        _ = start.take("{")
        return .success(Self(id: id, afterBrace: start.at))
    }

    /// The body with an `id` in it. A request with `inputs` is never an empty object, so a comma
    /// always follows.
    func body(_ body: ByteBuffer, named prediction: String) -> ByteBuffer {
        id == nil ? body.spliced("\"id\":\"\(prediction)\",", at: afterBrace) : body
    }
}

extension ByteBuffer {
    /// A copy with a text put in, `offset` bytes after the reader.
    func spliced(_ text: String, at offset: Int) -> ByteBuffer {
        var head = self
        guard let start = head.readSlice(length: offset) else { return self }
        var result = ByteBufferAllocator().buffer(capacity: readableBytes + text.utf8.count)
        result.writeImmutableBuffer(start)
        result.writeString(text)
        result.writeImmutableBuffer(head)
        return result
    }
}

/// The identity of one prediction: 1 to 64 of a-z 0-9 -.
enum PredictionID {
    /// Whether a caller's id can be used as it is.
    static func accepts(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "-")
            }
    }

    /// 128 random bits in hexadecimal.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return hexadecimal(generator.next()) + hexadecimal(generator.next())
    }

    static func hexadecimal(_ word: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { digits in
            for index in 0..<16 {
                let nibble = UInt8(truncatingIfNeeded: word &>> UInt64(60 - 4 * index)) & 0xf
                digits[index] = nibble < 10 ? 48 + nibble : 87 + nibble
            }
            return 16
        }
    }
}
