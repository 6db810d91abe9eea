import Foundation
import Identity
import RolloutCore

/// The people of a demonstration, each with a key of their own, and the controller's.
struct DemoPeople {
    let directory: String

    static let controller = "controller@gatewright"
    static let author = "ana@example.org"
    static let approvers = ["sam@example.org", "lena@example.org"]

    private func key(_ principal: String) -> String {
        "\(directory)/keys/\(principal.prefix { $0 != "@" })"
    }

    var controllerKey: String { key(Self.controller) }

    /// Makes the keys.
    /// - Returns: the text of `policies/signers`.
    func prepare() throws -> String {
        var lines = ["# Keys of this demonstration: their private parts are beside the repository."]
        let controller = try ControllerKey.make(at: controllerKey, name: Self.controller)
        lines.append(ControllerKey.signerLine(Self.controller, controller.publicKey))
        for person in [Self.author] + Self.approvers {
            let made = try ControllerKey.make(at: key(person), name: person)
            lines.append(
                "\(person) namespaces=\"\(Namespace.git),\(Namespace.approval)\" "
                    + made.publicKey.openSSH)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Settings of git under which a person commits and signs.
    func settings(_ principal: String) -> [String] {
        let name = principal.prefix { $0 != "@" }
        return [
            "user.name=\(name.prefix(1).uppercased() + name.dropFirst())",
            "user.email=\(principal)", "gpg.format=ssh", "user.signingkey=\(key(principal))",
            "commit.gpgsign=true",
        ].flatMap { ["-c", $0] }
    }

    /// Runs `gatewright approve` as a person would.
    func approve(_ principal: String, in clone: String, anyway: Bool) throws {
        let git = GitProgram.demo
        try git.run(
            ["-C", clone] + settings(principal) + ["pull", "--quiet", "--rebase"])
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Executable.path)
        process.arguments =
            [
                "approve", DemoWorld.rollout, "--yes", "--repository", clone, "--reason",
                "looked at shadow and canary", "--key", key(principal),
            ] + (anyway ? ["--anyway"] : [])
        let words = settings(principal).filter { $0 != "-c" }
        var environment = git.environment
        environment["GIT_CONFIG_COUNT"] = String(words.count)
        for (index, word) in words.enumerated() {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            environment["GIT_CONFIG_KEY_\(index)"] = parts.first
            environment["GIT_CONFIG_VALUE_\(index)"] = parts.last
        }
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw DemoFailure(
                description: "\(principal) could not approve: "
                    + (String(validating: said, as: UTF8.self) ?? ""))
        }
    }
}

/// What people do when a stage waits for them: the author tries in vain, then two others agree.
struct DemoApprovals {
    private var isTried = false
    private var isRefused = false
    private var given: Set<String> = []

    /// Acts once on what the controller says.
    mutating func look(
        _ why: String, _ world: DemoWorld, _ view: inout any DemoView
    ) throws {
        guard why.contains(" waits for approval of ") else { return }
        if !isTried {
            isTried = true
            try world.people.approve(DemoPeople.author, in: world.work, anyway: true)
            view.show(.approved(DemoPeople.author, refused: nil))
        } else if !isRefused {
            // The next ones wait until the controller has said that the author's does not count.
            guard why.contains("\(DemoPeople.author) wrote the change") else { return }
            isRefused = true
            view.show(.approved(DemoPeople.author, refused: "wrote the change"))
        } else if let next = DemoPeople.approvers.first(where: { !given.contains($0) }) {
            given.insert(next)
            try world.people.approve(next, in: world.work, anyway: false)
            view.show(.approved(next, refused: nil))
        }
    }

    /// What went otherwise than expected.
    var problems: [String] {
        var found: [String] = []
        if !isRefused { found.append("the author's own approval was not refused") }
        if given.count < DemoPeople.approvers.count {
            found.append("nobody was asked to approve gradual")
        }
        return found
    }
}
