import Foundation

/// Paths that a file system or a reader would take for one another: `Quality.yaml` and
/// `quality.yaml`, or the composed and the decomposed form of one accent.
struct PathTwins {
    /// Every path that has a twin, sorted.
    let paths: [String]
    let diagnostics: [Diagnostic]
    private let folded: Set<String>

    init(_ all: [String]) {
        var groups: [String: Set<[UInt8]>] = [:]
        for path in all where path.hasPrefix("policies/") || path.hasPrefix("rollouts/") {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            for end in 1...parts.count {
                let prefix = parts[..<end].joined(separator: "/")
                groups[Self.fold(prefix), default: []].insert(Array(prefix.utf8))
            }
        }
        var paths: Set<[UInt8]> = []
        var found: [Diagnostic] = []
        for group in groups.values where group.count > 1 {
            let names = group.sorted { $0.lexicographicallyPrecedes($1) }
            for name in names {
                let others = names.filter { $0 != name }.map(Self.text).joined(separator: ", ")
                for path in all where Self.path(path, isAtOrBelow: name) {
                    guard paths.insert(Array(path.utf8)).inserted else { continue }
                    found.append(
                        Diagnostic(
                            path: path,
                            message: "\(Self.text(name)) differs from \(others) only in case or in "
                                + "how an accent is stored", found: Self.text(name),
                            expected: "names that nobody can confuse", fix: "rename one of the two")
                    )
                }
            }
        }
        self.paths = paths.sorted { $0.lexicographicallyPrecedes($1) }
            .compactMap { String(validating: $0, as: UTF8.self) }
        diagnostics = found.sorted()
        folded = Set(self.paths.map(Self.fold))
    }

    func contains(_ path: String) -> Bool { !folded.isEmpty && folded.contains(Self.fold(path)) }

    private static func fold(_ path: String) -> String {
        guard !path.utf8.allSatisfy({ $0 < 128 }) else { return path.lowercased() }
        return path.precomposedStringWithCompatibilityMapping.lowercased()
            .precomposedStringWithCompatibilityMapping
    }

    private static func text(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes {
            text +=
                (32..<127).contains(byte)
                ? String(Unicode.Scalar(byte)) : "\\x\(String(byte, radix: 16))"
        }
        return text
    }

    private static func path(_ path: String, isAtOrBelow name: [UInt8]) -> Bool {
        path.utf8.elementsEqual(name) || path.utf8.starts(with: name + [UInt8(ascii: "/")])
    }
}
