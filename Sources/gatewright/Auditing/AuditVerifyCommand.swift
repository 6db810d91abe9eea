import ArgumentParser
import Audit
import Foundation
import Git
import Identity
import Ledger
import RolloutCore
import RolloutFiles

struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every record of a history: chain, signatures, inputs, replay, approvals.",
        discussion: """
            Walks the history from its first commit. For each record it checks that a
            controller signed it and touched nothing else; that numbers have no gap and
            each record names the one before; that the files it read ask for what it says;
            that its decision is made again from its input; that each approval was signed
            by a person of policies/signers, seen before it was used, and used once; and
            that whoever wrote the change is not among those who agreed.

            A history that was cut off at its end is sound in itself. Keep what --anchor-out
            writes somewhere else, and give it back next time with --anchor.

            EXAMPLES
              gatewright audit verify
              gatewright audit verify --controller-key controller.key.pub
              gatewright audit verify --anchor last-quarter.txt --anchor-out this-quarter.txt

            Exit codes: 0 clean, 1 problems were found, 64 wrong arguments.
            """)

    @OptionGroup var clone: AuditedClone

    @Option(help: "A controller's public key from elsewhere, a .pub file; may be given again.")
    var controllerKey: [String] = []

    @Option(help: "A file with commits that must be part of this history; may be given again.")
    var anchor: [String] = []

    @Option(help: "Where this history's newest commit is written to.")
    var anchorOut: String?

    @Option(help: "Cores.")
    var workers: Int = 2

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    @Flag(help: "Also time the signature checks alone, and tell the ratio.")
    var timed = false

    func run() async throws {
        let recorded = try await clone.open()
        var options = HistoryAudit.Options()
        options.workers = max(1, workers)
        options.pinned = try Set(controllerKey.map(Self.key))
        options.anchors = try anchor.flatMap(Self.anchors)
        options.anchors += try await recorded.repository.stampedCommits()
        if isatty(STDERR_FILENO) == 1 {
            options.progress = { done, all in
                let text = "\r\(grouped(done)) of \(grouped(all)) commits"
                try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
            }
        }
        let worker = RemoteWorker(executable: Executable.path)
        let start = ContinuousClock.now
        let report = try await HistoryAudit(
            path: clone.repository, worker: worker, options: options
        ).run(tip: recorded.tip)
        let seconds = (ContinuousClock.now - start).seconds
        if isatty(STDERR_FILENO) == 1 {
            try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[0K".utf8))
        }
        var bare: Double?
        if timed {
            bare = try await SignatureTiming.seconds(
                path: clone.repository, tip: recorded.tip, workers: options.workers)
        }
        try show(report, seconds: seconds, bare: bare)
        if let anchorOut {
            try "\(report.tip)\n".write(toFile: anchorOut, atomically: true, encoding: .utf8)
        }
        if !report.isClean { throw ExitCode(1) }
    }

    /// Problems of one kind that are spelled out; the rest is counted.
    private static let shownMax = 20

    private func show(_ report: HistoryAudit.Report, seconds: Double, bare: Double?) throws {
        guard output == .text else {
            var json: CanonicalJSON = try CanonicalJSON.encode(report)
            if case .object(var members) = json {
                members["seconds"] = .decimal(seconds)
                if let bare { members["signatureSeconds"] = .decimal(bare) }
                json = .object(members)
            }
            return try FileHandle.standardOutput.write(contentsOf: Data(json.pretty))
        }
        print(
            "\(counted(report.decisions, "decision")) of \(counted(report.rollouts, "rollout")) in "
                + "\(counted(report.commits, "commit")), \(counted(report.approvals, "approval")) "
                + "used, \(decimal(seconds, 2)) s")
        if let bare, bare > 0 {
            print(
                "the \(grouped(report.signatures)) signature checks alone: \(decimal(bare, 2)) s, "
                    + "1 to \(decimal(seconds / bare, 1))")
        }
        guard !report.isClean else {
            print("clean: every decision is signed, chained, made again and agreed to as it says")
            return
        }
        var counts: [AuditProblem.Code: Int] = [:]
        for problem in report.problems {
            counts[problem.code, default: 0] += 1
            if counts[problem.code, default: 0] <= Self.shownMax { print(problem.description) }
        }
        for (code, count) in counts.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where count > Self.shownMax {
            print("… and \(grouped(count - Self.shownMax)) more of \(code.rawValue)")
        }
        print(counted(report.problems.count, "problem"))
    }

    private static func key(_ path: String) throws -> PublicKey {
        guard let data = FileManager.default.contents(atPath: path),
            let text = String(validating: data, as: UTF8.self)
        else { throw ValidationError("\(path) cannot be read") }
        do throws(InvalidIdentity) {
            return try PublicKey(openSSH: String(text.prefix { $0 != "\n" }))
        } catch {
            throw ValidationError("\(path): \(error)")
        }
    }

    private static func anchors(_ path: String) throws -> [String] {
        guard let data = FileManager.default.contents(atPath: path),
            let text = String(validating: data, as: UTF8.self)
        else { throw ValidationError("\(path) cannot be read") }
        let ids = text.split(separator: "\n").map(String.init)
        for id in ids where ObjectID(hex: id) == nil {
            throw ValidationError("\(path): \(id.prefix(60)) is no commit id of forty digits")
        }
        return ids
    }
}

/// `1 error`, `1,204 errors`
func counted(_ count: Int, _ what: String) -> String {
    "\(grouped(count)) \(what)" + (count == 1 ? "" : "s")
}

extension Duration {
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

/// How long the signature checks of a history take without anything else.
enum SignatureTiming {
    static func seconds(path: String, tip: ObjectID, workers: Int) async throws -> Double {
        let repository = try GitRepository(opening: path)
        var signed: [SignedCommit] = []
        for id in try await repository.ancestry(of: tip) {
            if let commit = try? SignedCommit(await repository.rawCommit(id)) {
                signed.append(commit)
            }
        }
        let start = ContinuousClock.now
        await withTaskGroup { group in
            for worker in 0..<workers {
                group.addTask { [signed] in
                    for index in stride(from: worker, to: signed.count, by: workers) {
                        try? signed[index].verify()
                    }
                }
            }
        }
        return (ContinuousClock.now - start).seconds
    }
}
