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
        case array([EncodingSlot])
        case object([String: EncodingSlot])
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
        case .array(let slots): .array(slots.map { $0.json ?? .object([:]) })
        case .object(let slots): .object(slots.mapValues { $0.json ?? .object([:]) })
        }
    }

    var count: Int {
        if case .array(let slots) = content { slots.count } else { 0 }
    }

    func set(_ json: CanonicalJSON) { content = .leaf(json) }

    func makeObject() {
        if case .object = content { return }
        content = .object([:])
    }

    func makeArray() {
        if case .array = content { return }
        content = .array([])
    }

    func set(_ json: CanonicalJSON, forKey key: some CodingKey) {
        member(key).set(json)
    }

    /// The place of a member; a later value of the same key takes it over.
    func member(_ key: some CodingKey) -> EncodingSlot {
        let slot = EncodingSlot(parent: self, key: key)
        guard case .object(var slots) = content else { return slot }
        content = .nothing
        if let known = slots[key.stringValue] {
            content = .object(slots)
            return known
        }
        slots[key.stringValue] = slot
        content = .object(slots)
        return slot
    }

    func append() -> EncodingSlot {
        guard case .array(var slots) = content else { return EncodingSlot(parent: self) }
        content = .nothing
        let slot = EncodingSlot(parent: self, key: IndexKey(slots.count))
        slots.append(slot)
        content = .array(slots)
        return slot
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        try value.encode(to: CanonicalEncoder(slot: self))
    }

    /// - Throws: `EncodingError` for NaN and infinity, which JSON has no form for.
    func number(_ value: Double) throws -> CanonicalJSON {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value, EncodingError.Context(codingPath: path, debugDescription: "not finite"))
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
        let place = slot.member(key)
        place.set(try place.number(value))
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

    func encodeNil() { slot.append().set(.null) }
    func encode(_ value: Bool) { slot.append().set(.bool(value)) }
    func encode(_ value: String) { slot.append().set(.string(value)) }
    func encode(_ value: Int) { slot.append().set(CanonicalJSON(value)) }
    func encode(_ value: Double) throws {
        let place = slot.append()
        place.set(try place.number(value))
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
