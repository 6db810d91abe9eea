import Git
import Identity

/// What a time stamp is for: a commit, and the SHA-256 of what controllers recorded in it, because
/// a commit's own id is only a SHA-1.
enum StampedText {
    /// The largest `current.json` that is read.
    private static let stateBytesMax = 16 << 20

    /// Two lines: the commit's id, and the SHA-256 of the SHA-256 digits of every
    /// `state/*/current.json` in the order of their paths, one behind the other.
    static func of(_ commit: ObjectID, in repository: GitRepository) async throws -> [UInt8] {
        let root = try await repository.commitInfo(commit).tree
        var paths: [String] = []
        if let state = try await repository.entry(at: "state", inTree: root),
            state.kind == .directory
        {
            for entry in try await repository.tree(state.id) where entry.kind == .directory {
                guard let name = entry.name.text else { continue }
                paths.append("state/\(name)/current.json")
            }
        }
        var digits = ""
        for path in paths.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let file = try await repository.entry(at: path, inTree: root),
                file.kind == .file || file.kind == .executable
            else { continue }
            let bytes = try await repository.blob(file.id, limitBytes: stateBytesMax)
            digits += Hash.sha256.of(bytes).hex
        }
        return Array("\(commit.hex)\n\(Hash.sha256.of(Array(digits.utf8)).hex)\n".utf8)
    }
}
