@testable import RolloutFiles

/// Whatever is written in a file, reading it ends, names its faults inside of the file, and comes to
/// the same again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
    for path in paths {
        let parsed = ProjectFiles.parse(path: path, bytes: bytes)
        precondition(parsed.content != nil || parsed.hasErrors, "refused without a reason")
        for diagnostic in parsed.diagnostics {
            precondition(diagnostic.line >= 0 && diagnostic.line <= lines + 1)
            precondition(!diagnostic.message.isEmpty)
            _ = diagnostic.description
        }
        let again = ProjectFiles.parse(path: path, bytes: bytes)
        precondition(again.diagnostics == parsed.diagnostics && again.content == parsed.content)
    }
    return 0
}

private let paths = [
    "rollouts/a/rollout.yaml", "rollouts/a/versions/1.0.0.yaml", "policies/guardrails/g.yaml",
    "policies/windows/w.yaml", "policies/approvals/a.yaml",
]
