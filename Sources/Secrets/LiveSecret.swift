internal import Foundation
import Synchronization

/// A secret of the operator's, as it is now: files with secrets are exchanged while we run, and one
/// that was taken away must not work until a restart.
package struct LiveSecret: Sendable {
    private let read: @Sendable () -> String?

    /// One that never changes.
    package init(_ text: String) { read = { text } }

    /// The content of a file, read again whenever the file has changed.
    /// - Throws: `UnreadableSecret` when it cannot be read now.
    package init(file path: String) throws(UnreadableSecret) {
        let first = FileStamp(of: path)
        let kept = SecretOfFile(path: path, stamp: first, text: try SecretFile.read(path))
        read = { kept.text }
    }

    /// `nil` while the file cannot be read: nobody is let in, and nothing is sent, without it.
    package var text: String? { read() }
}

extension LiveSecret: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.init(value) }
}

package struct UnreadableSecret: Error, Hashable, CustomStringConvertible {
    package let path: String
    package var description: String { "the secret file \(path) cannot be read" }
}

/// A secret in a file of the operator's; the line end does not belong to it.
package enum SecretFile {
    package static func read(_ path: String) throws(UnreadableSecret) -> String {
        guard let data = FileManager.default.contents(atPath: path),
            let text = String(validating: data, as: UTF8.self)
        else { throw UnreadableSecret(path: path) }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

private final class SecretOfFile: Sendable {
    private let path: String
    private let kept: Mutex<(stamp: FileStamp?, text: String?)>

    init(path: String, stamp: FileStamp?, text: String) {
        self.path = path
        kept = Mutex((stamp, text))
    }

    var text: String? {
        kept.withLock { kept in
            // The stamp first: what is written while we read changes it once more.
            let stamp = FileStamp(of: path)
            if stamp == nil || stamp != kept.stamp { kept = (stamp, try? SecretFile.read(path)) }
            return kept.text
        }
    }
}

/// What changes when a file is written or exchanged, also behind symbolic links.
private struct FileStamp: Equatable {
    private let file: [UInt64]
    private let times: [Int]

    init?(of path: String) {
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        file = [
            UInt64(found.st_dev), UInt64(found.st_ino), UInt64(truncatingIfNeeded: found.st_size),
        ]
        #if os(Linux)
            let (written, changed) = (found.st_mtim, found.st_ctim)
        #else
            let (written, changed) = (found.st_mtimespec, found.st_ctimespec)
        #endif
        times = [written, changed].flatMap { [Int($0.tv_sec), Int($0.tv_nsec)] }
    }
}
