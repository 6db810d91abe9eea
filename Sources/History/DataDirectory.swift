import Foundation
import Synchronization

/// The folder with the controller's files, held by one controller at a time.
///
/// The files themselves are opened by `HistoryStore` and `Journal`. The lock ends with the
/// process, however it ends.
final class DataDirectory: Sendable {
    let path: String
    private let lock: Mutex<Int32?>
    private let reserveHeld = Mutex(false)

    /// Without room for the reserve it opens all the same, with ingestion refused.
    /// - Throws: `.inUse` or `.unusable`.
    init(path: String) throws(HistoryError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unusable(directory: path, cause: "it cannot be created")
        }
        if let disk = NetworkDisk.type(at: path) {
            throw .unusable(
                directory: path,
                cause: "it is on \(disk), whose locks and syncs cannot be relied on")
        }
        let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusable(directory: path, cause: lastCause("lock")) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let cause = errno
            close(descriptor)
            if cause == EWOULDBLOCK { throw .inUse(directory: path) }
            throw .unusable(directory: path, cause: "lock: \(String(cString: strerror(cause)))")
        }
        lock = Mutex(descriptor)
        do throws(HistoryError) {
            // First: one that is still there needs no room, and is what a full disk is survived by.
            try takeReserve()
            defer { unlink(path + "/probe") }
            try write(bytes: 1, to: path + "/probe")
        } catch {
            // A controller that restarts on a full disk must still be able to roll back.
            guard error != .storageFull else { return }
            release()
            throw error
        }
    }

    deinit { release() }

    /// Lets another controller in. Close the databases first.
    func release() {
        lock.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }

    /// Whether the journal still has its reserve; without it, only the journal may write.
    var hasReserve: Bool { reserveHeld.withLock { $0 } }

    /// Writes the reserve file again, with real bytes, because holes reserve nothing.
    /// - Throws: `.storageFull` or `.unusable`.
    func takeReserve() throws(HistoryError) {
        let file = path + "/reserve"
        let size = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber
        if size?.intValue != StorageLimits.reserveBytes {
            do throws(HistoryError) {
                try write(bytes: StorageLimits.reserveBytes, to: file)
            } catch {
                unlink(file)
                reserveHeld.withLock { $0 = false }
                throw error
            }
        }
        reserveHeld.withLock { $0 = true }
    }

    /// Gives the reserve to the journal. `false` when it had been given before.
    func freeReserve() -> Bool {
        reserveHeld.withLock { held in
            defer { held = false }
            return unlink(path + "/reserve") == 0 && held
        }
    }

    private func write(bytes count: Int, to file: String) throws(HistoryError) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusable(directory: path, cause: lastCause("create")) }
        defer { close(descriptor) }
        let block = [UInt8](repeating: 0x47, count: min(count, 65_536))
        var left = count
        while left > 0 {
            let written = block.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, min(left, $0.count))
            }
            if written < 0, errno == EINTR { continue }
            if written < 0, errno == ENOSPC || errno == EDQUOT { throw .storageFull }
            guard written > 0 else { throw .unusable(directory: path, cause: lastCause("write")) }
            left -= written
        }
        guard fsync(descriptor) == 0 else {
            throw .unusable(directory: path, cause: lastCause("fsync"))
        }
    }
}

private func lastCause(_ call: String) -> String {
    "\(call): \(String(cString: strerror(errno)))"
}
