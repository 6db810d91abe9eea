import NIOCore
import RolloutCore

/// What the gateway reads from a version's answer.
struct InferenceAnswer {
    /// `model_version`, when the server says one.
    private(set) var version: String?
    /// `parameters.digest`, when the server says what it has loaded: the artifact's SHA-256.
    private(set) var digest: String?
    private(set) var hasID = false
    /// The answer as one text: the elements of output `label`, else of `class`, else of the first
    /// output, joined by commas; of a long answer its hash.
    private(set) var output: String?
    /// The least element of output `confidence`.
    private(set) var confidence: FiniteDouble?
    private var afterBrace = 0

    /// Longer answers are told apart by hash: agreement needs equality, a page needs a short text.
    private static let outputBytesMax = 128
    private static let elementsMax = 256

    /// `nil` when the body is not an answer with at least one output.
    init?(_ body: ByteBuffer) {
        let whole = body.withUnsafeReadableBytes { bytes in scan(bytes) }
        guard whole, output != nil else { return nil }
    }

    /// The body with the request's `id` in it, which the protocol asks for and some servers forget.
    func body(_ body: ByteBuffer, named id: String) -> ByteBuffer {
        // Only ids in the grammar are put in, so there is nothing to escape.
        guard !hasID, PredictionID.accepts(id) else { return body }
        return body.spliced("\"id\":\"\(id)\",", at: afterBrace)
    }

    private mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var scanner = JSONScanner(bytes)
        _ = scanner.take("{")
        afterBrace = scanner.at
        scanner = JSONScanner(bytes)
        var named: (label: Range<Int>?, class: Range<Int>?, first: Range<Int>?)
        var sureness: Range<Int>?
        let whole = scanner.members { key, scanner in
            if scanner.holds(key, "outputs") {
                return scanner.elements { scanner in
                    guard let (name, data) = Self.output(&scanner) else { return false }
                    if let name, scanner.holds(name, "confidence") {
                        sureness = data
                    } else if let name, scanner.holds(name, "label") {
                        named.label = data
                    } else if let name, scanner.holds(name, "class") {
                        named.class = data
                    } else if named.first == nil {
                        named.first = data
                    }
                    return true
                }
            }
            if scanner.holds(key, "parameters"), scanner.isAtObject() {
                return scanner.members { key, scanner in
                    guard let value = scanner.value() else { return false }
                    if scanner.holds(key, "digest") { digest = scanner.scalar(value) }
                    return true
                }
            }
            guard let value = scanner.value() else { return false }
            if scanner.holds(key, "model_version") { version = scanner.scalar(value) }
            if scanner.holds(key, "id") { hasID = scanner.scalar(value) != nil }
            return true
        }
        scanner.skipSpace()
        guard whole, scanner.isAtEnd else { return false }
        output = (named.label ?? named.class ?? named.first ?? sureness).flatMap {
            Self.text(of: $0, in: bytes)
        }
        confidence = sureness.flatMap { data in
            let numbers = Self.elements(of: data, in: bytes)?.map { FiniteDouble($0) }
            guard let numbers, numbers.allSatisfy({ $0 != nil }) else { return nil }
            return numbers.compactMap(\.self).min()
        }
        return true
    }

    private static func output(
        _ scanner: inout JSONScanner
    ) -> (name: Range<Int>?, data: Range<Int>?)? {
        var found: (name: Range<Int>?, data: Range<Int>?)
        let whole = scanner.members { key, scanner in
            if scanner.holds(key, "name") {
                guard let name = scanner.string() else { return false }
                found.name = name
                return true
            }
            guard let value = scanner.value() else { return false }
            if scanner.holds(key, "data") { found.data = value }
            return true
        }
        return whole ? found : nil
    }

    private static func text(of data: Range<Int>, in bytes: UnsafeRawBufferPointer) -> String? {
        if data.count <= outputBytesMax * 2, let elements = elements(of: data, in: bytes) {
            guard !elements.isEmpty else { return nil }
            let joined = elements.joined(separator: ",")
            if joined.utf8.count <= outputBytesMax { return joined }
        }
        let raw = String(decoding: bytes[data], as: UTF8.self)
        return "hash:"
            + PredictionID.hexadecimal(StickyHash.value(.unit, salt: "output", key: raw))
    }

    /// The scalars of an array, nested ones in order; `nil` when there are too many or others.
    private static func elements(
        of data: Range<Int>, in bytes: UnsafeRawBufferPointer
    ) -> [String]? {
        var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: bytes[data]))
        var found: [String] = []
        while true {
            scanner.skipSpace()
            if scanner.isAtEnd { return found }
            if scanner.take("[") || scanner.take("]") || scanner.take(",") { continue }
            guard let value = scanner.value(), let scalar = scanner.scalar(value),
                found.count < elementsMax
            else { return nil }
            found.append(scalar)
        }
    }
}
