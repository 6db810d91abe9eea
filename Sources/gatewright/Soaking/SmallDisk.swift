import ArgumentParser
import Foundation
import Synchronization

/// A disk of its own for the controller's files, which can be filled to the last byte.
///
/// A limit on the size of files would be another fault: SQLite and git would see `EFBIG` or a
/// signal, and the reserve of the journal would not help.
final class SmallDisk: Sendable {
    let path: String
    private let log: String
    /// From when it was full, and until when.
    private let full = Mutex<(from: ContinuousClock.Instant, to: ContinuousClock.Instant?)?>(nil)

    /// Mounts a tmpfs, which takes the memory of what is in it.
    /// - Throws: when this process may not mount.
    init(at path: String, megabytes: Int, log: String) async throws {
        self.path = path
        self.log = log
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let options = "size=\(megabytes)m,mode=0700"
        guard
            try await run(["mount", "-t", "tmpfs", "-o", options, "gatewright-soak", path]) == 0
        else {
            let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw ValidationError(
                "full-disk needs a disk of its own, and this process may not mount one "
                    + "(\(said.trimmingCharacters(in: .whitespacesAndNewlines))). Run as root or "
                    + "under unshare --user --map-root-user --mount, or leave it out with "
                    + "--faults kill,stop,port,clock")
        }
    }

    /// Whether it is full, or was until lately.
    func wasFull(within span: Duration) -> Bool {
        full.withLock { full in
            guard let full else { return false }
            return full.to.map { ContinuousClock.now - $0 < span } ?? true
        }
    }

    private var filler: String { path + "/filler" }

    /// Writes until nothing more goes in.
    func fill() throws {
        full.withLock { $0 = (.now, nil) }
        let descriptor = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DemoFailure(description: "\(filler): errno \(errno)") }
        defer { close(descriptor) }
        for size in [1 << 20, 1 << 12] {
            let block = [UInt8](repeating: 0x67, count: size)
            while write(descriptor, block, size) == size {}
        }
        guard errno == ENOSPC else {
            throw DemoFailure(description: "\(filler): errno \(errno) in place of a full disk")
        }
    }

    func free() {
        unlink(filler)
        full.withLock { $0?.to = .now }
    }

    func unmount() async {
        for arguments in [["umount", path], ["umount", "--lazy", path]] {
            if (try? await run(arguments)) == 0 { return }
        }
    }

    private func run(_ arguments: [String]) async throws -> Int32 {
        try await Child("/usr/bin/env", arguments, log: log).waitForEnd()
    }
}
