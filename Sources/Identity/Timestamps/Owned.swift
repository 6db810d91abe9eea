/// Owns one object of OpenSSL and frees it. Bind it to a name that is kept alive (`keep`) for as
/// long as `raw` is used: a value that stands for itself is gone once `raw` was read.
final class Owned {
    let raw: OpaquePointer
    private let free: (OpaquePointer?) -> Void

    init(
        _ raw: OpaquePointer?, _ what: String, free: @escaping (OpaquePointer?) -> Void
    ) throws(InvalidIdentity) {
        guard let raw else { throw InvalidIdentity(.malformed, "\(what): \(lastReason())") }
        self.raw = raw
        self.free = free
    }

    deinit { free(raw) }

    /// Does nothing, and not before it is called may the object go.
    func keep() { withExtendedLifetime(self) {} }
}

/// The last part of what OpenSSL says went wrong: `message imprint mismatch`.
func lastReason() -> String {
    lastError().split(separator: ":").last.map(String.init) ?? "OpenSSL gives no reason"
}
