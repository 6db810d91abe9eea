import ArgumentParser
import Foundation
import Logging
import RolloutFiles

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the controller.",
        discussion: """
            Without a file it serves the repository it stands in, with the embedded gateway and
            SQLite in .gatewright/.

            EXAMPLES
              gatewright run
              gatewright run --config /etc/gatewright/gatewright.yaml

            Exit codes: 0 stopped by SIGTERM or SIGINT, 1 could not run, 64 wrong arguments.
            """)

    @Option(help: "The controller's own configuration.")
    var config: String = "gatewright.yaml"

    @Option(help: "Where SQLite, the journal and the clone are kept; overrides the file.")
    var dataDirectory: String?

    @Option(help: "Soak this many times faster than time passes. For demonstrations.")
    var timeScale: Int64 = 1

    @Option(help: "error, warning, notice, info or debug.")
    var logLevel: String = "info"

    @Option(help: .hidden)
    var crashAfterEffects: Int?

    func validate() throws {
        guard timeScale >= 1 else { throw ValidationError("--time-scale is 1 or more") }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level is error, warning, notice, info or debug")
        }
    }

    func run() async throws {
        CoreDumps.forbid()
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
        var log = Logger(label: "gatewright")
        log.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        var settings = try ConfigurationFile.read(config)
        if let dataDirectory { settings.dataDirectory = dataDirectory }
        let controller = try await ControllerAssembly(
            settings,
            options: .init(timeScale: timeScale, crashAfterEffects: crashAfterEffects), log: log)
        try await controller.run()
    }
}

/// `gatewright.yaml`, or the defaults when there is none.
enum ConfigurationFile {
    static func read(_ path: String) throws -> ControllerConfiguration {
        guard let data = FileManager.default.contents(atPath: path) else {
            if path == "gatewright.yaml" { return ControllerConfiguration() }
            throw ValidationError("there is no file \(path)")
        }
        let file = ProjectFiles.parse(path: "gatewright.yaml", bytes: Array(data))
        guard case .controller(let settings)? = file.content else {
            let text = file.diagnostics.map { "\($0)" }.joined(separator: "\n")
            throw ValidationError(text.isEmpty ? "\(path) is not a configuration" : text)
        }
        return settings
    }
}
