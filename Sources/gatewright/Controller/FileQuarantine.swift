import Foundation
import Glibc
import Ledger
import Logging
import RolloutCore
import RolloutFiles
import Synchronization

/// Puts aside a file that has ended the controller several times in a row while it was read, so that
/// one file cannot keep every rollout from being looked after (hazard B10).
///
/// What is being read stands in `reading` while it is read. What a life leaves there is what it ended
/// on. A file is known by its bytes: once somebody mends it, it is read as any other.
final class FileQuarantine: Sendable {
    /// A file on which lives have ended, and how many since it was last read to its end.
    struct Suspect: Codable, Equatable {
        var path: String
        var ends: Int
    }

    static let endsMax = 3

    private let folder: String
    /// `nil` where the disk has no room for it: nothing is put aside then.
    private let mark: FileHandle?
    private let read: Ledger.FileParser
    private let suspects: Mutex<[String: Suspect]>
    private let log: Logger

    private var suspectsPath: String { folder + "/suspects.json" }

    init(folder: String, log: Logger, read: @escaping Ledger.FileParser = ProjectFiles.parse) {
        self.folder = folder
        self.log = log
        self.read = read
        let path = folder + "/reading"
        let left = FileManager.default.contents(atPath: path)
        var known: [String: Suspect] = [:]
        if let bytes = FileManager.default.contents(atPath: folder + "/suspects.json") {
            // What cannot be read is begun anew: it only costs a few ends more.
            known = (try? JSONDecoder().decode([String: Suspect].self, from: bytes)) ?? [:]
        }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        // On a full disk too a controller starts: it may owe a step back.
        mark =
            descriptor < 0
            ? nil : FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        suspects = Mutex(known)
        if let (digest, path) = left.flatMap(Self.reading) { suspect(digest, path) }
        clear()
    }

    /// Reads a file of the project; one on which three lives ended in a row is put aside unread.
    func parse(_ path: String, _ bytes: [UInt8], _ entry: SourceFile.Entry) -> ParsedFile {
        let digest = RecordFile.digest(bytes).hex
        return suspects.withLock { suspects in
            let known = suspects[digest]
            if let known, known.ends >= Self.endsMax {
                return ParsedFile(
                    unreadable: path,
                    because: "the controller ended \(known.ends) times while it read this file",
                    fix: "revert it, or write it in another way; if it is right, please report it")
            }
            write("\(digest) \(path)\0")
            let file = read(path, bytes, entry)
            clear()
            if known != nil {
                suspects[digest] = nil
                save(suspects)
            }
            return file
        }
    }

    private func suspect(_ digest: String, _ path: String) {
        suspects.withLock { suspects in
            let ends = (suspects[digest]?.ends ?? 0) + 1
            suspects[digest] = Suspect(path: path, ends: ends)
            save(suspects)
            let what = ends < Self.endsMax ? "is tried again" : "is put aside"
            log.error(
                "the controller ended while it read a file, which \(what)",
                metadata: ["path": "\(path.printable)", "ends": "\(ends)"])
        }
    }

    private func save(_ suspects: [String: Suspect]) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        do {
            try encoder.encode(suspects).write(
                to: URL(fileURLWithPath: suspectsPath), options: .atomic)
        } catch {
            log.error("\(suspectsPath) cannot be written", metadata: ["error": "\(error)"])
        }
    }

    // A crash of this process leaves what it wrote; no power cut is the fault of a file.

    private func write(_ text: String) {
        guard let mark else { return }
        let bytes = Array(text.utf8)
        _ = pwrite(mark.fileDescriptor, bytes, bytes.count, 0)
    }

    private func clear() { write("\0") }

    private static func reading(_ mark: Data) -> (digest: String, path: String)? {
        let text = String(decoding: mark.prefix { $0 != 0 }, as: UTF8.self)
        guard let space = text.firstIndex(of: " ") else { return nil }
        return (String(text[..<space]), String(text[text.index(after: space)...]))
    }
}
