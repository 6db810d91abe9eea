import ArgumentParser
import Foundation

/// A wall clock for one process that can be set while it runs; the steady clocks stay true.
///
/// libfaketime stands before the C library in that process, and reads the offset from a file each
/// time it is asked.
struct FalseClock {
    private let file: String
    private let library: String
    /// What libfaketime shares between processes. It would make its own, and say where in its
    /// environment: that moves the environment, behind which Swift looks for the arguments.
    private let shared = "gatewright-soak-\(getpid())"

    /// Where Debian and others put it.
    private static var libraries: [String] {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        return (["/usr/lib"] + folders.sorted().map { "/usr/lib/\($0)" } + ["/usr/local/lib"])
            .map { "\($0)/faketime/libfaketimeMT.so.1" }
    }

    /// - Throws: where libfaketime is not installed.
    init(file: String) throws {
        guard let library = Self.libraries.first(where: FileManager.default.fileExists) else {
            throw ValidationError(
                "clock needs libfaketime: install Debian's package faketime, or leave it out with "
                    + "--faults kill,stop,port,full-disk")
        }
        self.file = file
        self.library = library
        try set(seconds: 0)
        // A semaphore of glibc that is free, shared between processes; and one page.
        var semaphore = [UInt8](repeating: 0, count: 32)
        (semaphore[0], semaphore[8]) = (1, 128)
        try Data(semaphore).write(to: URL(fileURLWithPath: semaphorePath))
        try Data(count: 4_096).write(to: URL(fileURLWithPath: sharedPath))
    }

    private var sharedPath: String { "/dev/shm/\(shared)" }
    private var semaphorePath: String { "/dev/shm/sem.\(shared)" }

    /// What the process is started with.
    var variables: [String: String] {
        [
            "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": file,
            // A jump is seen at once.
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_SHARED": "/\(shared) /\(shared)",
            // Times of files are the kernel's.
            "NO_FAKE_STAT": "1",
        ]
    }

    func set(seconds: Int) throws {
        try "\(seconds < 0 ? "" : "+")\(seconds)\n".write(
            toFile: file, atomically: true, encoding: .utf8)
    }

    func remove() {
        for path in [sharedPath, semaphorePath] { unlink(path) }
    }
}
