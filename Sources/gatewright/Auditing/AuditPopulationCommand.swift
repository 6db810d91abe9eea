import ArgumentParser
import Foundation
import Ledger
import RolloutCore
import RolloutFiles

struct AuditPopulationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "population",
        abstract: "List every decision of a period, complete: what samples are drawn from.",
        discussion: """
            The last line counts them and names the first and last number of each rollout,
            so that a missing one would show.

            EXAMPLES
              gatewright audit population --from 2026-10-01 --to 2026-12-31
              gatewright audit population --from 2026-10-01 --csv > changes.csv
            """)

    @OptionGroup var clone: AuditedClone

    @Option(help: "The first day or moment, UTC.")
    var from: String?

    @Option(help: "The last day, or the first moment that is left out, UTC.")
    var to: String?

    @Flag(help: "Comma-separated values, RFC 4180.")
    var csv = false

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func run() async throws {
        let start = try from.map { try Self.moment($0, isEnd: false) }
        let end = try to.map { try Self.moment($0, isEnd: true) }
        let recorded = try await clone.open()
        let records = try await recorded.population().map(\.0).filter { record in
            (start.map { $0 <= record.at } ?? true) && (end.map { record.at < $0 } ?? true)
        }
        let rows = records.map(PopulationRow.init)
        if csv {
            print(PopulationRow.header.joined(separator: ","))
            for row in rows { print(row.fields.map(Self.quoted).joined(separator: ",")) }
            return
        }
        if output == .json {
            let answer: CanonicalJSON = [
                "decisions": try CanonicalJSON.encode(rows),
                "gaps": .integer(Int64(Self.gaps(records))),
            ]
            return try FileHandle.standardOutput.write(contentsOf: Data(answer.pretty))
        }
        for row in rows { print(row.text) }
        for (name, numbers) in Self.numbers(records) {
            print(
                "\(name): \(grouped(numbers.count)) decisions, \(numbers.first ?? 0) to "
                    + "\(numbers.last ?? 0)")
        }
        print("\(grouped(rows.count)) decisions, \(Self.gaps(records)) gaps")
    }

    private static func numbers(_ records: [DecisionRecord]) -> [(RolloutName, [Int])] {
        Dictionary(grouping: records, by: \.rollout).mapValues { $0.map(\.number).sorted() }
            .sorted { $0.key < $1.key }
    }

    /// Numbers that are missing between the first and the last.
    private static func gaps(_ records: [DecisionRecord]) -> Int {
        numbers(records).reduce(0) { sum, entry in
            guard let first = entry.1.first, let last = entry.1.last else { return sum }
            return sum + last - first + 1 - entry.1.count
        }
    }

    static func moment(_ text: String, isEnd: Bool) throws -> Timestamp {
        if let moment = Timestamp(text) { return moment }
        guard let day = Timestamp(text + "T00:00:00Z") else {
            throw ValidationError(
                "\(text) is neither a day such as 2026-11-20 nor a moment such as "
                    + "2026-11-20T14:00:00Z")
        }
        return isEnd ? day + .seconds(86_400) : day
    }

    private static func quoted(_ text: String) -> String {
        // A cell that begins like a formula would be run by a spreadsheet.
        let safe = text.first.map { "=+-@\t\r".contains($0) } ?? false ? "'" + text : text
        guard safe.contains(where: { ",\"\n\r".contains($0) }) else { return safe }
        return "\"" + safe.replacing("\"", with: "\"\"") + "\""
    }
}

/// One line of a population.
struct PopulationRow: Codable {
    let at: Timestamp
    let rollout: RolloutName
    let number: Int
    let kind: String
    let from: String
    let to: String
    let candidateDigest: String
    let stage: String
    let authors: String
    let approvers: String
    let inputsCommit: String
    let subject: String

    static let header = [
        "at", "rollout", "decision", "kind", "stable", "candidate", "candidate_sha256", "stage",
        "authors", "approvers", "inputs_commit", "subject",
    ]

    init(_ record: DecisionRecord) {
        at = record.at
        rollout = record.rollout
        number = record.number
        kind = record.kind
        from = record.change.baseline?.version.rawValue ?? ""
        to = record.change.candidate?.version.rawValue ?? ""
        candidateDigest = record.change.candidate?.digest.hex ?? ""
        stage = record.change.toStage?.rawValue ?? record.change.fromStage?.rawValue ?? ""
        authors = Set(record.input.consent.authors.compactMap(\.principal)).sorted()
            .joined(separator: " ")
        approvers =
            record.quorum?.isReached == true
            ? (record.quorum?.given ?? []).joined(separator: " ") : ""
        inputsCommit = record.inputsCommit
        subject = record.subject
    }

    var fields: [String] {
        [
            "\(at)", rollout.rawValue, String(number), kind, from, to, candidateDigest, stage,
            authors, approvers, inputsCommit, subject,
        ]
    }

    var text: String {
        "\(at)  \(rollout) #\(number)  \(subject)"
            + (approvers.isEmpty ? "" : "  [approved by \(approvers)]")
    }
}
