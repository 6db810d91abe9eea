import Foundation
import Synchronization

/// `git daemon` for one folder, with pushes allowed; its port stays the same when it comes back.
final class GitDaemon: Sendable {
    let port: Int
    private let folder: String
    private let child = Mutex<Child?>(nil)

    init(serving folder: String, port: Int? = nil) throws {
        self.folder = folder
        self.port = try port ?? FreePorts.take(1)[0]
    }

    func start() async throws {
        // Not through the git program: stopping that would leave its child behind.
        let programs = try GitProgram.demo.output(["--exec-path"])
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let daemon = try Child(
            "\(programs)/git-daemon",
            [
                "--reuseaddr", "--listen=127.0.0.1", "--port=\(port)", "--base-path=\(folder)",
                "--export-all", "--enable=receive-pack", "--informative-errors",
            ], log: "\(folder)/git-daemon.log")
        child.withLock { $0 = daemon }
        let deadline = ContinuousClock.now + .seconds(20)
        while !LoopbackPort.listens(port) {
            guard ContinuousClock.now < deadline else {
                throw DemoFailure(description: "git daemon does not listen on port \(port)")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func stop() {
        child.withLock { child in
            child?.kill()
            child = nil
        }
    }

    deinit { stop() }
}

/// A port of this machine.
enum LoopbackPort {
    /// Whether somebody takes connections there now.
    static func listens(_ port: Int) -> Bool {
        guard let port = UInt16(exactly: port) else { return false }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
