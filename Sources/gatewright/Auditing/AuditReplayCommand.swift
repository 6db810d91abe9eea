import ArgumentParser
import Foundation
import Ledger
import RolloutCore
import RolloutFiles

struct AuditReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Make decisions again from their records and compare the bytes.",
        discussion: """
            A record holds the whole input of its decision. Its verdicts, its quorum and its
            action are made again, and the record is written again with them: it must come
            out with the same bytes.

            EXAMPLES
              gatewright audit replay                            all rollouts
              gatewright audit replay compression-selector 42    one decision

            Exit codes: 0 all identical, 1 some are not, 64 wrong arguments.
            """)

    @OptionGroup var clone: AuditedClone

    @Argument(help: "The rollout; all by default.")
    var name: String?

    @Argument(help: "The decision; all by default.")
    var number: Int?

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func run() async throws {
        let recorded = try await clone.open()
        let rollout = try name.map { text in
            do { return try RolloutName(text) } catch { throw ValidationError("\(error)") }
        }
        var replayed = 0
        var different: [String] = []
        for name in try await recorded.rolloutsWithRecords() where rollout == nil || rollout == name
        {
            for (record, file) in try await recorded.ledger.decisions(of: name, at: recorded.tip)
            where number == nil || number == record.number {
                replayed += 1
                if try RecordFile.digest(RecordFile.bytes(record.replayed)) != file {
                    different.append("\(name) #\(record.number) (\(record.kind))")
                }
            }
        }
        guard replayed > 0 else { throw ValidationError("there is no such decision") }
        switch output {
        case .json:
            let answer: CanonicalJSON = [
                "replayed": .integer(Int64(replayed)),
                "different": .array(different.map { .string($0) }),
            ]
            try FileHandle.standardOutput.write(contentsOf: Data(answer.pretty))
        case .text:
            for decision in different { print("\(decision): its bytes come out otherwise") }
            print(
                different.isEmpty
                    ? "\(grouped(replayed)) decisions made again: all identical, byte for byte"
                    : "\(different.count) of \(grouped(replayed)) decisions come out otherwise")
        }
        if !different.isEmpty { throw ExitCode(1) }
    }
}

extension DecisionRecord {
    /// The record with everything in it that follows from its input made again.
    var replayed: DecisionRecord {
        let again = decide(input)
        guard case .act(let action, let reason) = again.next else { return self.changed(nil) }
        // A step that was put onto another state keeps what it became; `verify` looks at that.
        let isRebased = input.state.decisions + 1 != number
        return changed((isRebased ? self.action : action, reason, again))
    }

    private func changed(_ made: (Action, String, Decision)?) -> DecisionRecord {
        DecisionRecord(
            schema: schema, id: id, number: number, previous: previous, rollout: rollout, at: at,
            kind: made?.0.kind ?? "nothing", action: made?.0 ?? action, reason: made?.1 ?? "",
            input: input, verdicts: made?.2.verdicts ?? [], quorum: made?.2.quorum, change: change,
            after: after, inputsCommit: inputsCommit, writer: writer, confirms: confirms,
            readBack: readBack, late: late)
    }
}
