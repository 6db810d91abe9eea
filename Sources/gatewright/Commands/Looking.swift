import ArgumentParser
import Foundation
import Ledger
import Reconciler
import RolloutCore
import RolloutFiles

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

/// Where an answer comes from: a controller that runs, or the repository when none does.
struct Place: ParsableArguments {
    @Option(help: "The controller to ask, http://host:port.")
    var controller: String?

    @Option(help: "The repository to read when no controller is asked.")
    var repository: String = "."

    @Option(help: "The branch that holds state/.")
    var branch: String = "main"

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func ask(_ path: String) async throws -> Data? {
        guard let controller else { return nil }
        guard let url = URL(string: "\(controller)/v1/\(path)") else {
            throw ValidationError("--controller is http://host:port")
        }
        guard let data = await LoopbackHTTP.get(url) else {
            throw ValidationError("\(controller) does not answer /v1/\(path)")
        }
        return data
    }

    func recorded() async throws -> RecordedRepository {
        try await RecordedRepository(path: repository, branch: branch)
    }

    func name(_ text: String) throws -> RolloutName {
        do { return try RolloutName(text) } catch { throw ValidationError("\(error)") }
    }
}

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say what every rollout is doing.",
        discussion: """
            EXAMPLES
              gatewright status
              gatewright status compression-selector --controller http://127.0.0.1:8090
              gatewright status --output json | jq '.rollouts[].why.line'

            Exit codes: 0 nothing waits for a person, 2 something does, 64 wrong arguments.
            """)

    @Argument(help: "One rollout only.")
    var name: String?

    @OptionGroup var place: Place

    func run() async throws {
        let wanted = try name.map(place.name)
        let status: ControllerStatus
        if let data = try await place.ask("status") {
            status = try JSONDecoder().decode(ControllerStatus.self, from: data)
        } else {
            status = try await place.recorded().status()
        }
        let rollouts = status.rollouts.filter { wanted == nil || $0.rollout == wanted }
        if let wanted, rollouts.isEmpty { throw ValidationError("there is no rollout \(wanted)") }
        switch place.output {
        case .json:
            try FileHandle.standardOutput.write(
                contentsOf: Data(CanonicalJSON.encode(status.with(rollouts)).pretty))
        case .text: print(StatusText.of(status.with(rollouts)), terminator: "")
        }
        if status.halted != nil || rollouts.contains(where: { $0.why?.consequence == .stalled }) {
            throw ExitCode(2)
        }
    }
}

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say in one line what blocks a rollout, what would unblock it, when, and who.",
        discussion: """
            EXAMPLES
              gatewright why compression-selector --controller http://127.0.0.1:8090
            """)

    @Argument(help: "The rollout.")
    var name: String

    @OptionGroup var place: Place

    func run() async throws {
        let rollout = try place.name(name)
        let line: String
        if let data = try await place.ask("rollouts/\(rollout)") {
            let status = try JSONDecoder().decode(RolloutStatus.self, from: data)
            line = status.why?.line ?? "\(rollout) has not been looked at yet."
        } else {
            line = try await place.recorded().why(rollout)
        }
        switch place.output {
        case .text: print(line)
        case .json:
            let answer: CanonicalJSON = [
                "rollout": .string(rollout.rawValue), "why": .string(line),
            ]
            try FileHandle.standardOutput.write(contentsOf: Data(answer.pretty))
        }
    }
}

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the decisions of a rollout, newest first.",
        discussion: """
            Reads the records in git; no controller is needed.

            EXAMPLES
              gatewright history compression-selector
              gatewright history compression-selector --limit 3 --output json
            """)

    @Argument(help: "The rollout.")
    var name: String

    @Option(help: "How many.")
    var limit: Int = 20

    @OptionGroup var place: Place

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is 1 or more") }
    }

    func run() async throws {
        let rollout = try place.name(name)
        let records = try await place.recorded().decisions(of: rollout).suffix(limit).reversed()
        guard !records.isEmpty else { throw ValidationError("nothing is recorded of \(rollout)") }
        switch place.output {
        case .json:
            try FileHandle.standardOutput.write(
                contentsOf: Data(CanonicalJSON.encode(Array(records)).pretty))
        case .text:
            for record in records {
                print("#\(record.number)  \(record.at)  \(record.subject)")
            }
        }
    }
}

extension ControllerStatus {
    fileprivate func with(_ rollouts: [RolloutStatus]) -> ControllerStatus {
        ControllerStatus(
            at: at, commit: commit, syncedAt: syncedAt, halted: halted,
            journalFailure: journalFailure, diagnostics: diagnostics, rollouts: rollouts)
    }
}

/// A status as people read it, 80 columns wide where names allow.
enum StatusText {
    static func of(_ status: ControllerStatus) -> String {
        var lines: [String] = []
        if let halted = status.halted { lines += ["increases are halted: \(halted)", ""] }
        if let failure = status.journalFailure { lines += ["the journal failed: \(failure)", ""] }
        for diagnostic in status.diagnostics { lines += ["\(diagnostic)", ""] }
        for rollout in status.rollouts { lines += of(rollout) + [""] }
        return lines.joined(separator: "\n") + (lines.isEmpty ? "nothing is rolled out here\n" : "")
    }

    private static func of(_ rollout: RolloutStatus) -> [String] {
        var lines: [String] = []
        let versions = [rollout.stable, rollout.candidate].compactMap { $0?.version.rawValue }
        var head = "\(rollout.rollout)   \(versions.joined(separator: " → "))"
        if let stage = rollout.stage { head += "   \(stage.rawValue)" }
        lines.append(head)
        for (region, share) in rollout.shares.sorted(by: { $0.key < $1.key }) {
            let mirror = rollout.mirrors[region] ?? .zero
            let serving = rollout.serving[region].map { "   serves \($0)" } ?? ""
            lines.append("  \(region): \(share), mirrored \(mirror)\(serving)")
        }
        for verdict in rollout.verdicts {
            let bound = rollout.bounds[verdict.guardrail]
            lines += verdict.lines(bound: bound).map { "  \($0)" }
        }
        if rollout.unrecorded > 0 {
            lines.append("  \(rollout.unrecorded) step back that git has not heard of yet")
        }
        for refusal in rollout.refused {
            lines.append(
                "  refused: \(refusal.reference) (decision \(refusal.decision): \(refusal.reason))")
        }
        if let why = rollout.why { lines.append("  \(why.line)") }
        if let trouble = rollout.trouble { lines.append("  trouble: \(trouble)") }
        return lines
    }
}
