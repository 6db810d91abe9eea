import ArgumentParser
import Foundation
import Git
import History
import Ledger
import Reconciler
import RolloutCore
import RolloutFiles

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check policies/, rollouts/ and gatewright.yaml, and the chain of state/.",
        discussion: """
            Without arguments it checks the working tree; with --commit, what git holds.
            Artifacts that lie beside their versions, as rollouts/NAME/artifacts/VERSION.*,
            must have the digest and the size that the version file gives.

            EXAMPLES
              gatewright validate
              gatewright validate path/to/clone --output json
              gatewright validate --commit main

            Exit codes: 0 no error, 1 errors, 64 wrong arguments.
            """)

    @Argument(help: "The folder with policies/ and rollouts/.")
    var path: String = "."

    @Option(help: "Check a branch instead of the working tree, with its recorded decisions.")
    var commit: String?

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func run() async throws {
        var diagnostics: [Diagnostic]
        var problems: [String] = []
        var admissions: [AdmissionReport] = []
        var promises: [RolloutPromise] = []
        if let commit {
            let recorded = try await RecordedRepository(path: path, branch: commit)
            let snapshot = try await recorded.snapshot()
            diagnostics = snapshot.diagnostics
            for name in snapshot.recorded.keys.sorted() {
                do {
                    problems += try await recorded.ledger.verify(name, at: recorded.tip).map {
                        "state/\(name): \($0)"
                    }
                } catch {
                    problems.append("\(error)")
                }
            }
        } else {
            let project = try WorkingTree.check(path)
            diagnostics = project.diagnostics
            promises = project.rollouts.values.sorted { $0.name < $1.name }.compactMap {
                RolloutPromise($0)
            }
            diagnostics += SignerCheck.diagnostics(path, project)
            let artifacts = ArtifactCheck(path, project)
            diagnostics += artifacts.diagnostics
            admissions = project.rollouts.values.sorted { $0.name < $1.name }
                .flatMap { AdmissionReport.all($0, verified: artifacts.verified) }
        }
        try report(diagnostics, problems, admissions, promises)
        if !problems.isEmpty || admissions.contains(where: \.isRefused)
            || diagnostics.contains(where: \.isError)
        {
            throw ExitCode(1)
        }
    }

    private func report(
        _ diagnostics: [Diagnostic], _ problems: [String], _ admissions: [AdmissionReport],
        _ promises: [RolloutPromise]
    ) throws {
        switch output {
        case .json:
            let answer: CanonicalJSON = [
                "diagnostics": try diagnostics.json(),
                "state": .array(problems.map { .string($0) }),
                "admission": try CanonicalJSON.encode(admissions),
                "promises": try CanonicalJSON.encode(promises),
            ]
            try FileHandle.standardOutput.write(contentsOf: Data(answer.pretty))
        case .text:
            for diagnostic in diagnostics { print("\(diagnostic)\n") }
            for problem in problems { print("\(problem)\n") }
            for promise in promises { print(promise.text) }
            for admission in admissions { print(admission.text) }
            let errors =
                diagnostics.count(where: \.isError) + problems.count
                + admissions.count(where: \.isRefused)
            let warnings = diagnostics.count { !$0.isError }
            print(counted(errors, "error") + ", " + counted(warnings, "warning"))
        }
    }
}

/// What is wrong with the files that say who may sign.
enum SignerCheck {
    static func diagnostics(_ root: String, _ project: CheckedProject) -> [Diagnostic] {
        let needed = project.rollouts.values.contains { $0.approvals != nil }
        func bytes(_ path: String) -> [UInt8]? {
            FileManager.default.contents(atPath: "\(root)/\(path)").map { Array($0) }
        }
        let (signers, revoked) = (bytes(SignerFiles.signersPath), bytes(SignerFiles.revokedPath))
        guard needed || signers != nil || revoked != nil else { return [] }
        return SignerFiles.diagnostics(
            signers: signers, revoked: revoked, groups: project.policies.groups,
            approvals: project.rollouts.values.compactMap(\.approvals))
    }
}

/// The files of a working tree, read as git would hand them over.
enum WorkingTree {
    /// A tree of more files than this is not one of ours.
    private static let filesMax = 200_000

    static func check(_ root: String) throws -> CheckedProject {
        var files: [SourceFile] = []
        for top in ["policies", "rollouts"] {
            guard let walk = FileManager.default.enumerator(atPath: "\(root)/\(top)") else {
                continue
            }
            for case let name as String in walk {
                guard files.count < filesMax else {
                    throw ValidationError("\(root)/\(top) holds more than \(filesMax) files")
                }
                if let file = try read("\(top)/\(name)", root) { files.append(file) }
            }
        }
        if let file = try read("gatewright.yaml", root) { files.append(file) }
        guard !files.isEmpty else {
            throw ValidationError("\(root) has neither policies/ nor rollouts/")
        }
        return ProjectFiles.check(files: files)
    }

    private static func read(_ path: String, _ root: String) throws -> SourceFile? {
        let full = "\(root)/\(path)"
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: full) else {
            return nil
        }
        switch attributes[.type] as? FileAttributeType {
        case .typeSymbolicLink?: return SourceFile(path: path, bytes: [], entry: .symlink)
        case .typeRegular?: break
        default: return nil
        }
        guard ProjectFiles.reads(path: path) else { return nil }
        // One byte over the limit is enough to be refused for its size.
        let handle = FileHandle(forReadingAtPath: full)
        defer { try? handle?.close() }
        let data = try handle?.read(upToCount: (256 << 10) + 1) ?? Data()
        return SourceFile(path: path, bytes: Array(data))
    }
}

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of a kind of file; editors complete from it.",
        discussion: """
            EXAMPLES
              gatewright schema                      the kinds
              gatewright schema Rollout > rollout.schema.json
            """)

    @Argument(help: "Rollout, ModelVersion, Guardrails, …")
    var kind: String?

    func run() throws {
        guard let kind else {
            for kind in Kind.allCases { print(kind.rawValue) }
            return
        }
        let found = Kind.allCases.first { $0.rawValue.lowercased() == kind.lowercased() }
        guard let found else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(kind) is no kind of file; there are \(known)")
        }
        try FileHandle.standardOutput.write(contentsOf: Data(found.jsonSchema.pretty))
    }
}

struct ReindexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reindex",
        abstract: "Rebuild the index of decisions from git. The controller must not run.",
        discussion: """
            EXAMPLES
              gatewright reindex --data-directory .gatewright
            """)

    @Option(help: "The controller's data directory.")
    var dataDirectory: String = ".gatewright"

    @Option(help: "The repository whose state/ is read.")
    var repository: String = "."

    @Option(help: "The branch that holds state/.")
    var branch: String = "main"

    func run() async throws {
        let entries = try await RecordedRepository(path: repository, branch: branch).index()
        let opened = try HistoryStore.open(directory: dataDirectory)
        try opened.store.reindex(entries)
        opened.store.close()
        print("\(entries.count) decisions indexed")
    }
}

extension RecordedRepository {
    /// The index of all decisions, by rollout and number.
    func index() async throws -> [DecisionEntry] {
        let commits = try await commitsOfDecisions()
        var entries: [DecisionEntry] = []
        for name in try await snapshot().recorded.keys.sorted() {
            for record in try await decisions(of: name) {
                let key = "\(name)/\(record.number)"
                entries.append(DecisionEntry(record, commit: commits[key] ?? ""))
            }
        }
        return entries
    }

    /// Which commit brought which decision, by `NAME/NUMBER`.
    private func commitsOfDecisions() async throws -> [String: String] {
        var commits: [String: String] = [:]
        for commit in try await repository.history(
            from: tip, touching: "state", limit: GitLimit.historyScanMax)
        {
            var values: [Substring: Substring] = [:]
            for line in commit.message.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2 { values[parts[0]] = parts[1].dropFirst() }
            }
            guard let name = values["Rollout"], let number = values["Decision"] else { continue }
            commits["\(name)/\(number)"] = commit.id.hex
        }
        return commits
    }
}
