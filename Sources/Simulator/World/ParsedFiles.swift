import RolloutFiles

/// Files that were read in this or another world. Reading is a function of path and bytes, and worlds
/// hold the same few files: YAML would otherwise be half of a world's time.
final class ParsedFiles: Sendable {
    static let shared = ParsedFiles()

    private let known = Remembered<FileBytes, ParsedFile>(countMax: 20_000)

    func parse(_ path: String, _ bytes: [UInt8], _ entry: SourceFile.Entry) -> ParsedFile {
        // Nobody makes links in a world.
        guard entry == .file else {
            return ProjectFiles.parse(path: path, bytes: bytes, entry: entry)
        }
        return known.value(FileBytes(bytes, at: path)) {
            ProjectFiles.parse(path: path, bytes: bytes)
        }
    }
}
