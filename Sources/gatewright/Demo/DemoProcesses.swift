import Foundation

/// The processes of a demonstration; all end with it.
final class DemoProcesses {
    private var running: [(name: String, process: Process)] = []
    private let directory: String

    init(directory: String) { self.directory = directory }

    /// Starts this program, or another, with its output in a file beside the others.
    func start(
        _ name: String, executable: String = Executable.path, _ arguments: [String]
    ) throws {
        let log = "\(directory)/\(name).log"
        guard FileManager.default.createFile(atPath: log, contents: nil) else {
            throw DemoFailure(description: "\(log) cannot be written")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let output = FileHandle(forWritingAtPath: log) ?? .nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        running.append((name, process))
    }

    /// The first process that has ended although it should not, with the end of its log.
    var casualty: String? {
        guard let dead = running.first(where: { !$0.process.isRunning }) else { return nil }
        let log = (try? String(contentsOfFile: "\(directory)/\(dead.name).log", encoding: .utf8))
        let end = log?.split(separator: "\n").suffix(5).joined(separator: "\n") ?? ""
        return "\(dead.name) ended with status \(dead.process.terminationStatus)\n\(end)"
    }

    func stop() {
        for (_, process) in running where process.isRunning { process.terminate() }
        let deadline = Date().addingTimeInterval(5)
        for (_, process) in running {
            while process.isRunning, Date() < deadline { usleep(20_000) }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        running = []
    }
}
