@testable import Identity
@testable import RolloutCore

/// Whatever is read names each key once, each person plainly, and never a wildcard.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    if let allowed = try? AllowedSigners(bytes) {
        precondition(Set(allowed.signers.map(\.key)).count == allowed.signers.count)
        for signer in allowed.signers {
            precondition(!signer.principal.contains { "*?!, ".contains($0) })
            precondition(!signer.namespaces.isEmpty)
            for namespace in signer.namespaces {
                _ = try? allowed.principal(
                    of: signer.key, for: namespace, seen: Timestamp(milliseconds: 0))
            }
        }
    }
    if let revoked = try? RevokedSigners(bytes) {
        precondition(revoked.sequence > 0)
        precondition(revoked.fingerprints.allSatisfy { $0.hasPrefix("SHA256:") })
    }
    return 0
}
