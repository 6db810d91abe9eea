extension CanonicalJSON {
    /// The JSON form of a value. Equal values give equal bytes, in every process.
    ///
    /// - Throws: `CanonicalJSONError`, also for NaN and infinity.
    package static func encode(
        _ value: some Encodable
    ) throws(CanonicalJSONError) -> CanonicalJSON {
        do {
            return try CanonicalEncoder.json(of: value)
        } catch let error as EncodingError {
            guard case .invalidValue(let found, let context) = error else {
                throw CanonicalJSONError(code: .shape, offset: 0, message: "\(error)")
            }
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw CanonicalJSONError(
                code: found is any FloatingPoint ? .notFinite : .shape, offset: 0,
                message: "\(path): \(found) has no JSON form")
        } catch {
            throw CanonicalJSONError(code: .shape, offset: 0, message: "\(error)")
        }
    }

    /// Reads a value from strict JSON; see `parse` for what is refused.
    ///
    /// - Throws: `CanonicalJSONError`; `shape` when the JSON is sound but not of this type.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: some Collection<UInt8>, sizeLimit: Int = sizeLimit
    ) throws(CanonicalJSONError) -> Value {
        try parse(bytes, sizeLimit: sizeLimit).decode(type)
    }

    /// Reads a value from this JSON.
    ///
    /// - Throws: `CanonicalJSONError` with code `shape`.
    package func decode<Value: Decodable>(
        _ type: Value.Type
    ) throws(CanonicalJSONError) -> Value {
        do {
            return try Value(from: CanonicalDecoder(json: self, place: nil))
        } catch {
            throw CanonicalJSONError(
                code: .shape, offset: 0, message: "not a \(type): \(Self.explain(error))")
        }
    }

    private static func explain(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(path(context)) lacks \"\(key.stringValue)\""
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            return "\(path(context)): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }

    private static func path(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "the value" : path
    }
}
