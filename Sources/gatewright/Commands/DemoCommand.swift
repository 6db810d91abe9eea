import ArgumentParser
import Foundation
import ReferenceFleet
import RolloutCore

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the whole loop on this machine, on real traffic, in two minutes.",
        discussion: """
            A bare git remote over git://, three regional gateways, model servers, a
            controller and a load generator, all on loopback. A good version goes from
            shadow to full; one with lower accuracy and one with lower throughput are
            rolled back.

            EXAMPLES
              gatewright demo
              gatewright demo --output json | jq .

            Exit codes: 0 exactly that happened, 1 something else did.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: "text, or json for one event a line.")
    var output: Format = .text

    @Option(help: "Where everything is kept; a new temporary folder by default.")
    var directory: String?

    @Option(help: "The project whose policies/ and rollouts/ are served.")
    var source: String = "."

    @Option(help: "How many times faster soaking goes than time does.")
    var timeScale: Int64 = 300_000

    @Option(help: "Requests a second, all regions together.")
    var rate: Double = 1_200

    @Option(help: "Payloads that are really compressed in every way before the first request.")
    var payloads: Int = 1_000

    @Option(help: "The port of the first model server; free ports by default.")
    var modelPort: Int?

    @Option(help: "Seconds until it gives up.")
    var deadline: Int = 240

    func validate() throws {
        guard FileManager.default.fileExists(atPath: "\(source)/rollouts/\(DemoWorld.rollout)")
        else {
            throw ValidationError(
                "\(source) has no rollouts/\(DemoWorld.rollout); run this in the project's folder")
        }
    }

    func run() async throws {
        let folder =
            directory
            ?? "\(NSTemporaryDirectory().trimmedSlash)/gatewright-demo-\(WallClock.monotonic())"
        let world = try DemoWorld(directory: folder, source: source, modelPort: modelPort)
        var view: any DemoView
        switch output {
        case .json: view = DemoJSON()
        case .text: view = isatty(STDOUT_FILENO) == 1 ? DemoTerminal() : DemoLines()
        }
        let director = DemoDirector(
            world: world, timeScale: timeScale, rate: rate, payloads: payloads,
            deadline: .seconds(deadline))
        let summary = try await director.run(&view)
        view.show(.summary(summary))
        if !summary.problems.isEmpty { throw ExitCode(1) }
    }
}

extension String {
    fileprivate var trimmedSlash: String { hasSuffix("/") && count > 1 ? String(dropLast()) : self }
}
