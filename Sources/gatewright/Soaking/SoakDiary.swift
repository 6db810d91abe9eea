import Foundation
import Synchronization

/// What was done and found, line by line with its time, beside the logs of the processes.
final class SoakDiary: Sendable {
    private let file: Mutex<FileHandle>

    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw DemoFailure(description: "\(path) cannot be written") }
        self.file = Mutex(file)
    }

    func write(_ text: String) {
        let line = Data("\(WallClock.now()) \(text)\n".utf8)
        file.withLock { try? $0.write(contentsOf: line) }
    }

    /// Says it to the person who waits, too.
    func tell(_ text: String) {
        write(text)
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
}
