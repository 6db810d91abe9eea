import Synchronization

/// What a function of its key has given, in this or an earlier world of the process.
final class Remembered<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let known = Mutex<[Key: Value]>([:])
    private let countMax: Int

    /// - Parameter countMax: values that are kept; at one more it begins anew.
    init(countMax: Int) { self.countMax = countMax }

    func value(_ key: Key, _ make: () throws -> Value) rethrows -> Value {
        if let value = known.withLock({ $0[key] }) { return value }
        let value = try make()
        known.withLock { known in
            if known.count >= countMax { known = [:] }
            known[key] = value
        }
        return value
    }
}

/// The bytes of a file as a key. An array would be hashed a byte at a time.
struct FileBytes: Hashable {
    let path: String
    let bytes: [UInt8]

    init(_ bytes: [UInt8], at path: String = "") {
        self.path = path
        self.bytes = bytes
    }

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
