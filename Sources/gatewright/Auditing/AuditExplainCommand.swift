import ArgumentParser
import Foundation
import Ledger
import RolloutCore
import RolloutFiles

struct AuditExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tell one decision in words: what changed, why, on what evidence, who agreed.",
        discussion: """
            EXAMPLES
              gatewright audit explain compression-selector 42
              gatewright audit explain compression-selector 42 --output json
            """)

    @OptionGroup var clone: AuditedClone

    @Argument(help: "The rollout.")
    var name: String

    @Argument(help: "The decision.")
    var number: Int

    @Option(help: "text or json, which is the record itself.")
    var output: OutputFormat = .text

    func run() async throws {
        let rollout: RolloutName
        do { rollout = try RolloutName(name) } catch { throw ValidationError("\(error)") }
        let recorded = try await clone.open()
        guard
            let (record, digest) = try await recorded.ledger.decision(
                number, of: rollout, at: recorded.tip)
        else { throw ValidationError("\(rollout) has no decision \(number)") }
        switch output {
        case .json:
            try FileHandle.standardOutput.write(contentsOf: Data(RecordFile.bytes(record)))
        case .text: print(record.explained(digest).joined(separator: "\n"))
        }
    }
}

extension DecisionRecord {
    /// A page about one decision.
    func explained(_ digest: Digest) -> [String] {
        var lines = [subject, ""]
        func row(_ name: String, _ text: String) {
            lines.append(
                name + String(repeating: " ", count: max(1, 12 - name.count)) + text)
        }
        row("decided", "\(at) by \(writer.name), \(writer.software)")
        if let key = writer.key { row("", "key \(key)") }
        row("record", "sha256 \(digest)")
        if let previous { row("after", "sha256 \(previous)") }
        row("read", "commit \(inputsCommit)")
        if let candidate = change.candidate {
            row("candidate", "\(candidate) sha256 \(candidate.digest)")
        }
        if let baseline = change.baseline {
            row("stable", "\(baseline) sha256 \(baseline.digest)")
        }
        if case .asked(let ask) = input.request, let provenance = ask.provenance {
            row("artifact", provenance.uri)
            if let dataset = provenance.dataset { row("dataset", dataset) }
            if let code = provenance.code { row("code", code) }
        }
        for (region, share) in change.regions.sorted(by: { $0.key < $1.key }) {
            row(
                region.rawValue,
                "\(Share(clamping: share.before)) → \(Share(clamping: share.after)) live, "
                    + "\(Share(clamping: share.mirrorBefore)) → "
                    + "\(Share(clamping: share.mirrorAfter)) mirrored")
        }
        if let target = change.rollbackTarget { row("back to", "\(target), if it has to") }
        lines += evidenceLines + consentLines + windowLines
        if let confirms {
            lines += [
                "",
                "Decision \(confirms.decision) before it was acknowledged at "
                    + "\(confirms.acknowledgedAt)"
                    + (confirms.appliedAt.map { " and read back from the routers at \($0)" } ?? ""),
            ]
        }
        if let late { lines += ["", "Recorded late: \(late)"] }
        return lines
    }

    private var evidenceLines: [String] {
        guard !verdicts.isEmpty else { return [] }
        return ["", "Evidence"] + verdicts.flatMap { $0.lines() }.map { "  \($0)" }
    }

    private var consentLines: [String] {
        guard let quorum else { return [] }
        var lines = ["", "Agreement to \(quorum.stage.rawValue)"]
        lines.append(
            "  \(quorum.given.count) of \(quorum.needed) of \(quorum.from.joined(separator: ", "))"
                + (quorum.isHotfix ? ", without soak, proof and windows" : ""))
        for author in input.consent.authors {
            lines.append(
                "  written by \(author.principal ?? author.claimed.joined(separator: ", ")) in "
                    + author.commit.prefix(7) + (author.problem.map { " (\($0))" } ?? ""))
        }
        for seen in input.consent.approvals {
            let who = seen.principal ?? "somebody"
            let why = quorum.discounted.first { $0.payload == seen.payload }?.why
            lines.append(
                "  \(seen.approval.answer == .approve ? "approved" : "rejected") by \(who), first "
                    + "seen \(seen.firstSeen), \(seen.channel.rawValue), "
                    + "\(seen.fingerprint ?? "no key")"
                    + (why.map { ": does not count, \($0)" } ?? ""))
            if !seen.approval.comment.isEmpty { lines.append("    \"\(seen.approval.comment)\"") }
        }
        return lines
    }

    private var windowLines: [String] {
        guard !input.windows.isEmpty else { return [] }
        let closed = WindowsNow(input.windows, at: input.now).closed
        return ["", "Windows"]
            + input.windows.map { clock in
                "  \(clock.policy.name) (\(clock.policy.timeZone), tz \(clock.zone.release)) "
                    + (closed.contains(clock.policy) ? "closed" : "open")
            }
    }
}
