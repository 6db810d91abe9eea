import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import RolloutCore
import RolloutFiles
import Secrets

/// Brings an order to where it counts: a commit, or a controller when git is out of reach.
enum OrderDelivery {
    static func commit(
        _ order: Order, _ rollout: RolloutName, _ repository: String, _ branch: String, push: Bool
    ) throws {
        let folder = "rollouts/\(rollout)/orders"
        let path = "\(folder)/\(order.name).yaml"
        try FileManager.default.createDirectory(
            atPath: "\(repository)/\(folder)", withIntermediateDirectories: true)
        let text = OrderText.yaml(order)
        let parsed = ProjectFiles.parse(path: path, bytes: Array(text.utf8))
        guard !parsed.hasErrors else {
            throw ValidationError(parsed.diagnostics.map { "\($0)" }.joined(separator: "\n"))
        }
        try text.write(toFile: "\(repository)/\(path)", atomically: true, encoding: .utf8)
        try GitProgram.user.run(["-C", repository, "add", "--", path])
        try finish(
            "\(order.action.verb) \(rollout): \(order.reason)", [path], repository, branch, push)
    }

    /// Removes the files of hold orders. A hold is a file, and lifting it is its removal.
    static func removeHolds(_ order: OrderArguments) throws -> Int {
        let folder = "rollouts/\(order.name)/orders"
        let all =
            (try? FileManager.default.contentsOfDirectory(
                atPath: "\(order.repository)/\(folder)")) ?? []
        let holds = all.sorted().map { "\(folder)/\($0)" }.filter { path in
            guard let data = FileManager.default.contents(atPath: "\(order.repository)/\(path)"),
                case .order(let found)? =
                    ProjectFiles.parse(path: path, bytes: Array(data)).content,
                case .hold = found.action
            else { return false }
            return true
        }
        guard !holds.isEmpty else { return 0 }
        try GitProgram.user.run(["-C", order.repository, "rm", "--quiet", "--"] + holds)
        try finish(
            "resume \(order.name): \(order.reason)", holds, order.repository, order.branch,
            !order.noPush)
        return holds.count
    }

    /// Commits files that are staged, and pushes them. A controller may push at any time, so a push
    /// that came too late is tried again on top of what came first.
    static func finish(
        _ message: String, _ paths: [String], _ repository: String, _ branch: String, _ push: Bool
    ) throws {
        try GitProgram.user.run(
            ["-C", repository, "commit", "--quiet", "--message", message, "--"] + paths)
        let remotes = try GitProgram.user.output(["-C", repository, "remote"])
        guard push, !remotes.isEmpty else { return }
        do {
            try pushRebasing(repository, branch)
        } catch {
            throw ValidationError(
                "it is committed here and could not be pushed: \(error)\n"
                    + "If git is out of reach, tell the controller itself: add "
                    + "--controller http://host:port (hold, abort and rollback)")
        }
    }

    private static func pushRebasing(_ repository: String, _ branch: String) throws {
        var attempts = 5
        while true {
            do {
                return try GitProgram.user.run([
                    "-C", repository, "push", "--quiet", "origin", "HEAD:refs/heads/\(branch)",
                ])
            } catch {
                attempts -= 1
                let isNew =
                    (try? GitProgram.user.output([
                        "-C", repository, "ls-remote", "--heads", "origin", branch,
                    ]).isEmpty) ?? true
                guard attempts > 0, !isNew else { throw error }
                try GitProgram.user.run([
                    "-C", repository, "pull", "--quiet", "--rebase", "origin", branch,
                ])
            }
        }
    }

    /// Hands an order to a controller, which records it with the decision that it leads to.
    static func tell(
        _ controller: String, _ tokenFile: String?, _ rollout: RolloutName, _ order: Order
    ) async throws -> String {
        var request = HTTPClientRequest(url: "\(controller)/v1/rollouts/\(rollout)/orders")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let tokenFile {
            request.headers.add(
                name: "authorization", value: "Bearer \(try SecretFile.read(tokenFile))")
        }
        request.body = .bytes(ByteBuffer(bytes: OrderText.json(order)))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let body = try await response.body.collect(upTo: 1 << 16)
        let text = String(buffer: body)
        guard (200..<300).contains(Int(response.status.code)) else {
            throw ValidationError("\(controller) answered \(response.status): \(text)")
        }
        return text
    }
}

/// An order as a file and as a request.
enum OrderText {
    static func yaml(_ order: Order) -> String {
        var lines = [
            "apiVersion: \(Kind.apiVersion)", "kind: Order", "spec:",
            "  action: \(order.action.verb)", "  by: \(quoted(order.by))",
            "  reason: \(quoted(order.reason))",
        ]
        switch order.action {
        case .hold(let expires):
            if let expires { lines.append("  expires: \(expires)") }
        case .resume(let decision): lines.append("  decision: \(decision)")
        case .abort(let run): lines.append("  run: \(run)")
        case .rollback(let from):
            lines += ["  version: \(from.version)", "  digest: \"\(from.digest)\""]
        case .promote(let run, let step): lines += ["  run: \(run)", "  step: \(step)"]
        case .release(let version, let decision):
            lines += [
                "  version: \(version.version)", "  digest: \"\(version.digest)\"",
                "  decision: \(decision)",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// JSON strings are YAML strings.
    private static func quoted(_ text: String) -> String {
        String(validating: CanonicalJSON.string(text).compact, as: UTF8.self) ?? "\"\""
    }

    static func json(_ order: Order) -> [UInt8] {
        var fields: [String: CanonicalJSON] = [
            "action": .string(order.action.verb), "by": .string(order.by),
            "reason": .string(order.reason), "name": .string(order.name),
        ]
        func version(_ reference: VersionReference) -> CanonicalJSON {
            [
                "version": .string(reference.version.rawValue),
                "digest": .string(reference.digest.hex),
            ]
        }
        switch order.action {
        case .hold(let expires):
            if let expires { fields["expires"] = .string("\(expires)") }
        case .resume(let decision): fields["decision"] = .integer(Int64(decision))
        case .abort(let run): fields["run"] = .string("\(run)")
        case .rollback(let from): fields["from"] = version(from)
        case .promote(let run, let step):
            fields["run"] = .string("\(run)")
            fields["step"] = .integer(Int64(step))
        case .release(let reference, let decision):
            fields["version"] = version(reference)
            fields["decision"] = .integer(Int64(decision))
        }
        return CanonicalJSON.object(fields).compact
    }
}
