import ArgumentParser
import Foundation
import Git
import Identity
import Ledger
import RolloutCore
import RolloutFiles

struct AuditTimestampsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timestamps",
        abstract: "Check every time stamp of the clone, offline.",
        discussion: """
            For each stamp below refs/gatewright/timestamps/: the commit is part of the
            branch, and an authority that leads to a root of --ca signed this commit and
            its state/ at the time it tells. git fetch does not bring stamps by itself:

              git fetch origin 'refs/gatewright/timestamps/*:refs/gatewright/timestamps/*'

            EXAMPLES
              gatewright audit timestamps --ca roots.pem
              gatewright audit timestamps --ca roots.pem --output json

            Exit codes: 0 all are good or there is none, 1 one is not, 64 wrong arguments.
            """)

    @OptionGroup var clone: AuditedClone

    @Option(help: "A file with the roots that authorities must lead to, in PEM.")
    var ca: String

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    /// One stamp, and what is wrong with it.
    private struct Stamp: Encodable {
        /// The stamped commit, or the name of a reference that names none.
        let commit: String
        var time: Timestamp?
        var policy: String?
        var serial: String?
        var problem: String?
    }

    func run() async throws {
        let authorities = try TimestampAuthorities(file: ca)
        let recorded = try await clone.open()
        let repository = recorded.repository
        let listing = try await repository.references(under: StampReference.prefix)
        var stamps: [Stamp] = listing.refused.map {
            Stamp(commit: $0, problem: "it is no name of a stamp")
        }
        for reference in listing.references {
            stamps.append(try await stamp(reference, recorded, authorities))
        }
        // What cannot be read has no time, and comes first.
        stamps.sort {
            ($0.time?.milliseconds ?? 0, $0.commit) < ($1.time?.milliseconds ?? 0, $1.commit)
        }
        try show(stamps)
        if stamps.contains(where: { $0.problem != nil }) { throw ExitCode(1) }
    }

    private func stamp(
        _ reference: Reference, _ recorded: RecordedRepository, _ authorities: TimestampAuthorities
    ) async throws -> Stamp {
        guard let commit = StampReference.commit(of: reference.name),
            try StampReference.name(of: commit) == reference.name
        else {
            return Stamp(commit: reference.name.text, problem: "it is no name of a stamp")
        }
        var stamp = Stamp(commit: commit.hex)
        let repository = recorded.repository
        do {
            guard
                let entry = try await repository.entry(
                    at: StampReference.file, in: reference.target)
            else {
                stamp.problem = "it holds no \(StampReference.file)"
                return stamp
            }
            let response = try TimestampResponse(
                await repository.blob(entry.id, limitBytes: TimestampResponse.bytesMax))
            stamp.time = response.time
            stamp.policy = response.policy
            stamp.serial = response.serial
            let text = try await StampedText.of(commit, in: repository)
            try response.verify(text, by: authorities)
            if try await !repository.isDescendant(recorded.tip, of: commit) {
                stamp.problem = "its commit is not part of \(clone.branch)"
            }
        } catch {
            stamp.problem = "\(error)"
        }
        return stamp
    }

    private func show(_ stamps: [Stamp]) throws {
        if output == .json {
            return try FileHandle.standardOutput.write(
                contentsOf: Data(CanonicalJSON.encode(stamps).pretty))
        }
        if stamps.isEmpty { print("nothing is stamped") }
        for stamp in stamps {
            var line = stamp.problem == nil ? "good    " : "REFUSED "
            line += stamp.commit
            if let time = stamp.time { line += " \(time)" }
            if let policy = stamp.policy { line += " policy \(policy)" }
            if let serial = stamp.serial { line += " serial \(serial)" }
            print(line)
            if let problem = stamp.problem { print("        \(problem)") }
        }
    }
}
