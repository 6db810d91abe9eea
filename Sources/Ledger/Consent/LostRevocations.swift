package import Git
import Identity

/// Keys that the history which is given up takes back, and the new one does not. Whoever can rewrite
/// a branch could make a lost key count again.
package struct LostRevocations: Error, Hashable, CustomStringConvertible {
    package let from: ObjectID
    package let to: ObjectID
    /// In the order of their bytes.
    package let fingerprints: [String]

    package var description: String {
        "\(from.short) takes back keys that \(to.short) does not: "
            + fingerprints.joined(separator: ", ")
            + "; add them to \(SignerFiles.revokedPath) on the branch, let the controller fetch that, "
            + "and try again"
    }

    static func check(
        from known: ObjectID, to tip: ObjectID, in repository: any Repository
    ) async throws {
        let before = try await revoked(at: known, in: repository)
        let lost = before.subtracting(try await revoked(at: tip, in: repository))
        guard lost.isEmpty else {
            throw LostRevocations(from: known, to: tip, fingerprints: lost.sorted())
        }
    }

    /// Nothing where there is no such file, or none that can be read: then no approval counts.
    private static func revoked(
        at commit: ObjectID, in repository: any Repository
    ) async throws(GitError) -> Set<String> {
        guard let entry = try await repository.entry(at: SignerFiles.revokedPath, in: commit)
        else { return [] }
        let bytes = try await repository.blob(entry.id, limitBytes: RevokedSigners.bytesMax)
        return (try? RevokedSigners(bytes))?.fingerprints ?? []
    }
}
