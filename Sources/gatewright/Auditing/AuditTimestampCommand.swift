import ArgumentParser
import Foundation
import Git
import Identity
import Ledger
import RolloutCore

struct AuditTimestampCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timestamp",
        abstract: "Let a time-stamping authority sign what the newest commit recorded.",
        discussion: """
            Sends a digest of the newest commit and of state/ to the authority (RFC 3161)
            and keeps its answer under refs/gatewright/timestamps/. Nobody can then make
            an older history without the authority's help; audit verify takes stamped
            commits as anchors. A commit is stamped once. Without --ca, who signed the
            answer is looked at only by audit timestamps.

            EXAMPLES
              gatewright audit timestamp --url http://timestamp.example.org
              gatewright audit timestamp --url https://tsa.example.org/tsr --push

            Exit codes: 0 stamped, 1 no stamp or no push, 64 wrong arguments.
            """)

    @OptionGroup var clone: AuditedClone

    @Option(help: "The authority's address, http:// or https://.")
    var url: TimestampAuthority

    @Option(help: "A file with the authority's roots (PEM): check its answer before it is kept.")
    var ca: String?

    @Flag(help: "Also push the stamp to origin.")
    var push = false

    func run() async throws {
        let authorities = try ca.map(TimestampAuthorities.init(file:))
        let recorded = try await clone.open()
        let repository = recorded.repository
        let name = try StampReference.name(of: recorded.tip)
        if try await repository.resolve(name) != nil {
            print("\(recorded.tip) is stamped already; gatewright audit timestamps checks it")
        } else {
            let text = try await StampedText.of(recorded.tip, in: repository)
            let response = try await url.stamp(text)
            do throws(InvalidIdentity) {
                if let authorities { try response.verify(text, by: authorities) }
            } catch {
                throw TimestampAuthority.Failure(
                    description: "the answer of \(url.host) was not kept: \(error)")
            }
            try await keep(response, of: recorded.tip, name, repository)
            print("\(recorded.tip) is stamped at \(response.time) by \(url.host)")
            print("policy \(response.policy), serial \(response.serial), kept as \(name)")
        }
        if push { try send(name) }
    }

    private func keep(
        _ response: TimestampResponse, of commit: ObjectID, _ name: ReferenceName,
        _ repository: GitRepository
    ) async throws {
        _ = try await repository.commit(
            onto: nil, changes: [StampReference.file: response.bytes],
            message: "time stamp of \(commit.hex)\n\nby \(url.host) at \(response.time)\n",
            author: CommitAuthor(name: "gatewright", email: "gatewright@localhost"),
            at: WallClock.now().milliseconds, updating: name, expecting: nil)
    }

    private func send(_ name: ReferenceName) throws {
        let remotes = try GitProgram.user.output(["-C", clone.repository, "remote"])
        guard remotes.split(separator: "\n").contains("origin") else {
            print("there is no remote origin to push to")
            return
        }
        do {
            try GitProgram.user.run([
                "-C", clone.repository, "push", "--quiet", "origin", "\(name):\(name)",
            ])
        } catch {
            throw TimestampAuthority.Failure(
                description: "the stamp is kept here and could not be pushed: \(error)")
        }
        print("pushed to origin")
    }
}

extension TimestampAuthorities {
    /// - Throws: `ValidationError` that names the file.
    init(file path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("\(path) cannot be read")
        }
        do throws(InvalidIdentity) {
            try self.init(pem: Array(data))
        } catch {
            throw ValidationError("\(path): \(error)")
        }
    }
}
