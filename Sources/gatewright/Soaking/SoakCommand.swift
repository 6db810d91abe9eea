import ArgumentParser
import Foundation
import ReferenceFleet
import UnixSignals

struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Break real processes again and again, and check what must hold.",
        discussion: """
            A controller, two gateways, a git server and a model server run on this
            machine under a low load, and people keep asking for versions, good and bad.
            Each cycle does something to them at a moment that the seed draws:

              kill       kill -9 of the controller
              stop       the controller is stopped, and goes on later
              port       the git server or a gateway is killed, and comes back
              full-disk  the controller's disk has no byte left; needs to mount a tmpfs
              clock      the controller's wall clock jumps; needs libfaketime

            What must hold is checked all the time against git, gateways and callers,
            never against what a controller believes. At the end everything is mended:
            each rollout has to end, routers and git have to agree, and a controller
            without a disk has to come to the same from git alone.

            EXAMPLES
              gatewright soak --cycles 100
              gatewright soak --cycles 1000 --seed 7 --keep
              gatewright soak --cycles 50 --faults kill,port --output json

            Exit codes: 0 nothing is broken, 1 something is, 64 wrong arguments.
            """)

    @Option(help: "Faults, one after another; each takes about two seconds.")
    var cycles = 100

    @Option(help: "Everything that is drawn comes from it.")
    var seed: UInt64 = 1

    @Option(help: "Kinds of faults to draw from, by commas; all if not given.")
    var faults: SoakFaults?

    @Option(help: "Requests a second, all rollouts and regions together.")
    var rate = 100.0

    @Option(help: "The project whose compression-selector is served.")
    var source = "."

    @Option(help: "Where everything is kept; a new temporary folder by default.")
    var directory: String?

    @Flag(help: "Keep the repository and the logs although nothing is broken.")
    var keep = false

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    private var artifact: String { "\(source)/rollouts/compression-selector/artifacts/2.4.0.json" }

    func validate() throws {
        guard (1...1_000_000).contains(cycles), (1...10_000).contains(rate) else {
            throw ValidationError("--cycles is 1 to 1,000,000 and --rate 1 to 10,000")
        }
        guard FileManager.default.fileExists(atPath: artifact) else {
            throw ValidationError(
                "there is no file \(artifact); run this in the project's folder, or give --source")
        }
        if let directory, FileManager.default.fileExists(atPath: directory) {
            throw ValidationError("\(directory) exists; name a folder that is to be made")
        }
    }

    func run() async throws {
        let folder =
            directory
            ?? FileManager.default.temporaryDirectory
            .appending(path: "gatewright-soak-\(WallClock.monotonic())").path
        let director = try await SoakDirector(
            directory: folder, seed: seed, cycles: cycles,
            faults: faults?.kinds ?? SoakFault.allCases, rate: rate, artifact: artifact)
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        // Whoever stops it is not left with processes and a mounted disk.
        var report = try await withThrowingTaskGroup(of: SoakReport?.self) { group in
            group.addTask { try await director.run() }
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        let isClean = report?.violations.isEmpty ?? false
        if isClean, !keep, directory == nil {
            try? FileManager.default.removeItem(atPath: folder)
        } else {
            report?.directory = folder
        }
        guard let report else { throw ExitCode(130) }
        try StatsOptions.write(report, as: output)
        guard isClean else { throw ExitCode(1) }
    }
}

/// `kill,port`
struct SoakFaults: ExpressibleByArgument {
    let kinds: [SoakFault]

    init?(argument: String) {
        let parts = argument.split(separator: ",").map { SoakFault(rawValue: String($0)) }
        let kinds = parts.compactMap(\.self)
        guard kinds.count == parts.count, !kinds.isEmpty else { return nil }
        self.kinds = SoakFault.allCases.filter(kinds.contains)
    }

    static let allValueStrings = SoakFault.allCases.map(\.rawValue)
}
