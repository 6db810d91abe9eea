import RolloutFiles
import Synchronization

/// Files that were read in this or another world. Reading is a function of path and bytes, and worlds
/// hold the same few files: YAML would otherwise be half of a world's time.
final class ParsedFiles: Sendable {
    static let shared = ParsedFiles()

    private let known = Mutex<[SourceFile: ParsedFile]>([:])
    private static let countMax = 20_000

    func parse(_ path: String, _ bytes: [UInt8], _ entry: SourceFile.Entry) -> ParsedFile {
        let source = SourceFile(path: path, bytes: bytes, entry: entry)
        if let file = known.withLock({ $0[source] }) { return file }
        let file = ProjectFiles.parse(path: path, bytes: bytes, entry: entry)
        known.withLock { known in
            if known.count >= Self.countMax { known = [:] }
            known[source] = file
        }
        return file
    }
}
