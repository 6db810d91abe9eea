import ArgumentParser
import Foundation
import Ledger
import RolloutCore
import RolloutFiles

struct ApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Agree, with your own key, to a candidate's next stage.",
        discussion: """
            Shows what you agree to, signs it with ssh-keygen (a key file, a key of your
            agent, or a security key) and commits it. The signature holds for this run,
            these bytes, this stage, these regions and this share only, and is used once.

            EXAMPLES
              gatewright approve compression-selector
              gatewright approve compression-selector --key ~/.ssh/id_ed25519 --yes
              gatewright approve compression-selector --to-branch approve/selector
              gatewright approve compression-selector --hotfix --reason "payments fail"

            Exit codes: 0 committed, 1 it would not count (add --anyway to commit it all
            the same), 64 wrong arguments or nothing to approve.
            """)

    @OptionGroup var consent: ConsentArguments

    @Flag(help: "Waive soak, proof and windows. It needs one approval more.")
    var hotfix = false

    @Option(help: "Agree to shares up to here only, such as 25%; the stage's largest by default.")
    var maxShare: String?

    func run() async throws {
        let share = try maxShare.map { text in
            guard let share = Share(text) else {
                throw ValidationError("--max-share is a share such as 25%")
            }
            return share
        }
        try await consent.give(.approve, hotfix: hotfix, maxShare: share)
    }
}

struct RejectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "Forbid a candidate's next stage, with your own key. One is enough.",
        discussion: """
            The candidate stays where it is; to take it back, use abort. A rejection ends
            with its run, when it expires, or when its file is removed.

            EXAMPLES
              gatewright reject compression-selector --reason "the night shift is not told"
            """)

    @OptionGroup var consent: ConsentArguments

    func run() async throws {
        guard !consent.reason.isEmpty else {
            throw ValidationError("--reason says why, in a few words")
        }
        try await consent.give(.reject, hotfix: false, maxShare: nil)
    }
}

extension Share {
    /// `25%`, `0.5%`
    init?(_ text: String) {
        guard text.hasSuffix("%"), let percent = Double(text.dropLast()),
            let points = Int(exactly: (percent * 100).rounded())
        else { return nil }
        self.init(basisPoints: points)
    }
}
