@testable import RolloutFiles

/// Whatever is read is printed in one form, and that form is read as the same value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    guard let value = try? CanonicalJSON.parse(bytes) else { return 0 }
    for form in [value.compact, value.pretty] {
        guard let again = try? CanonicalJSON.parse(form) else {
            preconditionFailure("what was printed cannot be read")
        }
        precondition(again == value, "another value came back")
        precondition(again.compact == value.compact && again.pretty == value.pretty)
    }
    return 0
}
