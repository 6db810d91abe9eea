/// Builds the JSON of a value without writing and reading text in between: a record is encoded for
/// each decision, and for each digest of a state.
///
/// Gives what `JSONEncoder` gives for types without dates, data and URLs, which records have none of.
struct CanonicalEncoder: Encoder {
    let slot: EncodingSlot
    var codingPath: [any CodingKey] { slot.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func json(of value: some Encodable) throws -> CanonicalJSON {
        let slot = EncodingSlot()
        // A part knows what it is part of, for the paths of errors: nobody else undoes that ring.
        defer { slot.forgetParts() }
        try value.encode(to: CanonicalEncoder(slot: slot))
        guard let json = slot.json else {
            throw EncodingError.invalidValue(
                value, EncodingError.Context(codingPath: [], debugDescription: "nothing encoded"))
        }
        return json
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        slot.makeObject()
        return KeyedEncodingContainer(KeyedSlots<Key>(slot: slot))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        slot.makeArray()
        return UnkeyedSlots(slot: slot)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleSlot(slot: slot) }
}

/// A place for a value that is being encoded.
final class EncodingSlot {
    private enum Content {
        case nothing
        case leaf(CanonicalJSON)
        case array([Part])
        /// In the order of encoding. Few enough that looking through them beats a table.
        case object([(key: String, part: Part)])
    }

    /// Most parts are finished values and need no place of their own.
    private enum Part {
        case value(CanonicalJSON)
        case slot(EncodingSlot)

        var json: CanonicalJSON {
            switch self {
            case .value(let json): json
            case .slot(let slot): slot.json ?? .object([:])
            }
        }

        func forgetParts() {
            if case .slot(let slot) = self { slot.forgetParts() }
        }
    }

    private var content = Content.nothing
    private let key: (any CodingKey)?
    private let parent: EncodingSlot?

    init(parent: EncodingSlot? = nil, key: (any CodingKey)? = nil) {
        self.parent = parent
        self.key = key
    }

    var path: [any CodingKey] { (parent?.path ?? []) + (key.map { [$0] } ?? []) }

    /// `nil` while nothing was encoded.
    var json: CanonicalJSON? {
        switch content {
        case .nothing: nil
        case .leaf(let json): json
        case .array(let parts): .array(parts.map(\.json))
        case .object(let members):
            .object(
                Dictionary(
                    members.lazy.map { ($0.key, $0.part.json) }, uniquingKeysWith: { $1 }))
        }
    }

    var count: Int {
        if case .array(let parts) = content { parts.count } else { 0 }
    }

    /// Lets go of everything below, which holds this in turn.
    func forgetParts() {
        let before = content
        content = .nothing
        switch before {
        case .nothing, .leaf: break
        case .array(let parts): parts.forEach { $0.forgetParts() }
        case .object(let members): members.forEach { $0.part.forgetParts() }
        }
    }

    func set(_ json: CanonicalJSON) { content = .leaf(json) }

    func makeObject() {
        if case .object = content { return }
        content = .object([])
    }

    func makeArray() {
        if case .array = content { return }
        content = .array([])
    }

    /// Of two values of one key the later one holds.
    func set(_ json: CanonicalJSON, forKey key: some CodingKey) {
        add(.value(json), forKey: key.stringValue)
    }

    func append(_ json: CanonicalJSON) { add(.value(json)) }

    /// The place of a member; a later value of the same key takes it over.
    func member(_ key: some CodingKey) -> EncodingSlot {
        let name = key.stringValue
        if case .object(let members) = content,
            case .slot(let known)? = members.last(where: { $0.key == name })?.part
        {
            return known
        }
        let slot = EncodingSlot(parent: self, key: key)
        add(.slot(slot), forKey: name)
        return slot
    }

    func append() -> EncodingSlot {
        let slot = EncodingSlot(parent: self, key: IndexKey(count))
        add(.slot(slot))
        return slot
    }

    private func add(_ part: Part, forKey name: String) {
        guard case .object(var members) = content else { return }
        // The array stays the only owner of its storage.
        content = .nothing
        members.append((name, part))
        content = .object(members)
    }

    private func add(_ part: Part) {
        guard case .array(var parts) = content else { return }
        content = .nothing
        parts.append(part)
        content = .array(parts)
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        try value.encode(to: CanonicalEncoder(slot: self))
    }

    /// - Throws: `EncodingError` for NaN and infinity, which JSON has no form for.
    func number(_ value: Double, at key: (any CodingKey)? = nil) throws -> CanonicalJSON {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value,
                EncodingError.Context(
                    codingPath: path + (key.map { [$0] } ?? []), debugDescription: "not finite"))
        }
        return CanonicalJSON(number: value)
    }
}

extension CanonicalJSON {
    /// A finite number in the case that its text is read as.
    init(number: Double) {
        if let whole = Int64(exactly: number), whole.magnitude < 1 << 53 {
            self = .integer(whole)
        } else {
            self = Int64(Self.text(of: number)).map(Self.integer) ?? .decimal(number)
        }
    }

    init(_ value: some BinaryInteger) {
        self = Int64(exactly: value).map(Self.integer) ?? .unsigned(UInt64(clamping: value))
    }
}

/// A place in an array, for error paths.
struct IndexKey: CodingKey {
    let index: Int
    init(_ index: Int) { self.index = index }
    init?(intValue: Int) { index = intValue }
    init?(stringValue: String) { nil }
    var intValue: Int? { index }
    var stringValue: String { "Index \(index)" }
}

private struct SuperKey: CodingKey {
    var stringValue: String { "super" }
    var intValue: Int? { nil }
    init() {}
    init?(stringValue: String) { nil }
    init?(intValue: Int) { nil }
}

private struct KeyedSlots<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let slot: EncodingSlot
    var codingPath: [any CodingKey] { slot.path }

    func encodeNil(forKey key: Key) { slot.set(.null, forKey: key) }
    func encode(_ value: Bool, forKey key: Key) { slot.set(.bool(value), forKey: key) }
    func encode(_ value: String, forKey key: Key) { slot.set(.string(value), forKey: key) }
    func encode(_ value: Int, forKey key: Key) { slot.set(CanonicalJSON(value), forKey: key) }
    func encode(_ value: Int64, forKey key: Key) { slot.set(.integer(value), forKey: key) }
    func encode(_ value: UInt64, forKey key: Key) { slot.set(CanonicalJSON(value), forKey: key) }
    func encode(_ value: Double, forKey key: Key) throws {
        slot.set(try slot.number(value, at: key), forKey: key)
    }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try slot.member(key).encode(value)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        CanonicalEncoder(slot: slot.member(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        CanonicalEncoder(slot: slot.member(key)).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { CanonicalEncoder(slot: slot.member(SuperKey())) }
    func superEncoder(forKey key: Key) -> any Encoder {
        CanonicalEncoder(slot: slot.member(key))
    }
}

private struct UnkeyedSlots: UnkeyedEncodingContainer {
    let slot: EncodingSlot
    var codingPath: [any CodingKey] { slot.path }
    var count: Int { slot.count }

    func encodeNil() { slot.append(.null) }
    func encode(_ value: Bool) { slot.append(.bool(value)) }
    func encode(_ value: String) { slot.append(.string(value)) }
    func encode(_ value: Int) { slot.append(CanonicalJSON(value)) }
    func encode(_ value: Double) throws {
        slot.append(try slot.number(value, at: IndexKey(slot.count)))
    }
    func encode<Value: Encodable>(_ value: Value) throws { try slot.append().encode(value) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        CanonicalEncoder(slot: slot.append()).container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        CanonicalEncoder(slot: slot.append()).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { CanonicalEncoder(slot: slot.append()) }
}

private struct SingleSlot: SingleValueEncodingContainer {
    let slot: EncodingSlot
    var codingPath: [any CodingKey] { slot.path }

    func encodeNil() { slot.set(.null) }
    func encode(_ value: Bool) { slot.set(.bool(value)) }
    func encode(_ value: String) { slot.set(.string(value)) }
    func encode(_ value: Double) throws { slot.set(try slot.number(value)) }
    func encode(_ value: Float) throws { slot.set(try slot.number(Double(value))) }
    func encode(_ value: Int) { slot.set(CanonicalJSON(value)) }
    func encode(_ value: Int8) { slot.set(CanonicalJSON(value)) }
    func encode(_ value: Int16) { slot.set(CanonicalJSON(value)) }
    func encode(_ value: Int32) { slot.set(CanonicalJSON(value)) }
    func encode(_ value: Int64) { slot.set(CanonicalJSON(value)) }
    func encode(_ value: UInt) { slot.set(CanonicalJSON(value)) }
    func encode(_ value: UInt8) { slot.set(CanonicalJSON(value)) }
    func encode(_ value: UInt16) { slot.set(CanonicalJSON(value)) }
    func encode(_ value: UInt32) { slot.set(CanonicalJSON(value)) }
    func encode(_ value: UInt64) { slot.set(CanonicalJSON(value)) }
    func encode<Value: Encodable>(_ value: Value) throws { try slot.encode(value) }
}
