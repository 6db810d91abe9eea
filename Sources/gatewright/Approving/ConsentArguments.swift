import ArgumentParser
import Foundation
import Identity
import Ledger
import RolloutCore
import RolloutFiles

/// What an approval and a rejection have in common.
struct ConsentArguments: ParsableArguments {
    @Argument(help: "The rollout.")
    var name: String

    @Option(help: "Why; it is signed and recorded.")
    var reason: String = ""

    @Option(
        help: ArgumentHelp(
            "Your key: a file, or the .pub file of a key in your agent; git's user.signingkey by "
                + "default."))
    var key: String?

    @Option(
        name: .customLong("for"),
        help: "How long it counts, such as 8h; the policy's time by default.")
    var length: String?

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Commit it although it would not count.")
    var anyway = false

    @Option(help: "Put it on a new branch, for a pull request.")
    var toBranch: String?

    @Option(help: "The clone to commit in.")
    var repository: String = "."

    @Option(help: "The branch that is served.")
    var branch: String = "main"

    @Flag(help: "Commit without pushing.")
    var noPush = false

    func give(
        _ answer: Approval.Answer, hotfix: Bool, maxShare: Share?
    ) async throws {
        let rollout: RolloutName
        do { rollout = try RolloutName(name) } catch { throw ValidationError("\(error)") }
        let transition = try await NextTransition(
            rollout, RecordedRepository(path: repository, branch: branch))
        if !hotfix { try transition.checkGate(rollout) }
        let approval = try approval(answer, transition, hotfix: hotfix, maxShare: maxShare)
        let signature = try sign(approval)
        let file = ApprovalFile(approval: approval, signature: signature)
        let objection = try await transition.objection(to: file)
        if let objection {
            print("\nthis will not count: \(objection)")
            if !anyway { throw ExitCode(1) }
        }
        try commit(file, answer, rollout)
        print("\n\(ApprovalFile.path(approval)) is committed" + (noPush ? "" : " and pushed"))
        print("see what is still missing with: gatewright why \(rollout)")
    }

    private func approval(
        _ answer: Approval.Answer, _ transition: NextTransition, hotfix: Bool, maxShare: Share?
    ) throws -> Approval {
        let span = try length.map { text in
            guard let span = TimeSpan(text) else {
                throw ValidationError("--for is a time such as 30m, 8h or 2d")
            }
            return span
        }
        let approval = try transition.approval(
            answer, hotfix: hotfix, maxShare: maxShare, lasting: span, comment: reason)
        print(transition.text(approval))
        guard !yes else { return approval }
        print(answer == .approve ? "\nApprove? [y/N] " : "\nReject? [y/N] ", terminator: "")
        guard readLine()?.lowercased() == "y" else {
            throw ValidationError("nothing was signed; without a terminal add --yes")
        }
        return approval
    }

    /// Signs with the program that knows agents and security keys.
    private func sign(_ approval: Approval) throws -> String {
        let path = try keyPath()
        let folder = NSTemporaryDirectory() + "gatewright-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(ApprovalFile.message(approval)).write(
            to: URL(fileURLWithPath: folder + "/payload"))
        try SSHKeygen.run([
            "-Y", "sign", "-q", "-f", path, "-n", Namespace.approval, folder + "/payload",
        ])
        return try String(contentsOfFile: folder + "/payload.sig", encoding: .utf8)
    }

    private func keyPath() throws -> String {
        if let key { return (key as NSString).expandingTildeInPath }
        let configured = try? GitProgram.user.output([
            "-C", repository, "config", "--type=path", "user.signingkey",
        ])
        let path = configured?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        guard !path.isEmpty, !path.hasPrefix("key::"), !path.hasPrefix("ssh-") else {
            throw ValidationError(
                "git names no key file under user.signingkey here; say --key ~/.ssh/id_ed25519")
        }
        return path
    }

    private func commit(
        _ file: ApprovalFile, _ answer: Approval.Answer, _ rollout: RolloutName
    ) throws {
        let path = ApprovalFile.path(file.approval)
        try FileManager.default.createDirectory(
            atPath: "\(repository)/\(ApprovalFile.folder(rollout))",
            withIntermediateDirectories: true)
        try Data(RecordFile.bytes(file)).write(to: URL(fileURLWithPath: "\(repository)/\(path)"))
        if let toBranch {
            try GitProgram.user.run(["-C", repository, "checkout", "--quiet", "-b", toBranch])
        }
        try GitProgram.user.run(["-C", repository, "add", "--", path])
        let verb = answer == .approve ? "approve" : "reject"
        let subject =
            "\(verb) \(rollout) \(file.approval.candidate) for \(file.approval.toStage.rawValue)"
        try OrderDelivery.finish(
            subject, [path], repository, toBranch ?? branch, !noPush)
    }
}

/// `ssh-keygen`, which signs with files, agents and security keys.
enum SSHKeygen {
    static func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["ssh-keygen"] + arguments
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let text = String(validating: said, as: UTF8.self) ?? ""
            throw ValidationError("ssh-keygen could not sign: \(text)")
        }
    }
}
