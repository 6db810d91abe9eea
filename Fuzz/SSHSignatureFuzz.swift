@testable import Identity

/// Whatever is read as a signature is written again as the same bytes: it has one form.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    if let signature = try? SSHSignature(blob: bytes) {
        precondition(signature.blob == bytes, "two forms of one signature")
        precondition((try? SSHSignature(armored: signature.armored)) == signature)
        try? signature.verify(bytes, namespace: "git")
    }
    if let text = String(validating: bytes, as: UTF8.self),
        let signature = try? SSHSignature(armored: text)
    {
        precondition((try? SSHSignature(blob: signature.blob)) == signature)
    }
    if let commit = try? SignedCommit(bytes) {
        precondition(commit.payload.count < bytes.count)
        try? commit.verify()
    }
    return 0
}
