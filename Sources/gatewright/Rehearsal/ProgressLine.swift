import Foundation
import RolloutCore
import Synchronization

/// One line on stderr that counts, when a person looks at it.
struct ProgressLine {
    private let what: String
    private let isShown = isatty(2) == 1
    private var newest = ""

    init(_ what: String) { self.what = what }

    mutating func show(_ done: Int, of total: Int? = nil) {
        guard isShown else { return }
        // A line for each hundredth is enough to see that it goes on.
        if let total, done % max(total / 100, 1) != 0 { return }
        let text = grouped(done) + (total.map { " of \(grouped($0))" } ?? "") + " \(what)"
        let rest = String(repeating: " ", count: max(0, newest.count - text.count))
        newest = text
        write("\r" + text + rest)
    }

    mutating func clear() {
        guard isShown, !newest.isEmpty else { return }
        write("\r" + String(repeating: " ", count: newest.count) + "\r")
        newest = ""
    }

    private func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}

/// The same, counted from several tasks.
final class SharedProgress: Sendable {
    private let line: Mutex<ProgressLine>

    init(_ what: String) { line = Mutex(ProgressLine(what)) }

    func show(_ done: Int, of total: Int) { line.withLock { $0.show(done, of: total) } }
    func clear() { line.withLock { $0.clear() } }
}
