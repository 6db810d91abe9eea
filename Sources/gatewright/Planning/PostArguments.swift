import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Secrets

/// Where an answer is posted: a commit status, and a comment on the pull request.
struct PostArguments: ParsableArguments {
    enum Forge: String, ExpressibleByArgument, CaseIterable { case github, gitlab, gitea }

    @Option(help: "Also post it: github, gitlab or gitea.")
    var post: Forge?

    @Option(help: "--post: the project, such as org/name.")
    var repositoryName: String?

    @Option(help: "--post: the number of the pull or merge request.")
    var pull: Int?

    @Option(help: "--post: the API's address; the public one of GitHub or GitLab by default.")
    var api: String?

    @Option(help: "--post: a file with the token; the variable GATEWRIGHT_FORGE_TOKEN by default.")
    var forgeTokenFile: String?

    func validate() throws {
        guard post != nil else { return }
        guard let repositoryName, repositoryName.split(separator: "/").count >= 2 else {
            throw ValidationError("--post needs --repository-name org/name")
        }
        guard pull.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--pull is the number of a pull request")
        }
    }

    func send(_ answer: PlanAnswer) async throws {
        guard let post, let repositoryName else { return }
        let token: String
        if let forgeTokenFile {
            token = try SecretFile.read(forgeTokenFile)
        } else if let found = ProcessInfo.processInfo.environment["GATEWRIGHT_FORGE_TOKEN"],
            !found.isEmpty
        {
            token = found
        } else {
            throw ValidationError(
                "--post needs a token: --forge-token-file, or GATEWRIGHT_FORGE_TOKEN")
        }
        let dialect = ForgeDialect(
            forge: post, api: api, project: repositoryName, token: token)
        for request in dialect.requests(answer, pull: pull) {
            try await dialect.send(request)
        }
    }
}

/// How one kind of forge wants to be told.
struct ForgeDialect {
    let forge: PostArguments.Forge
    let api: String
    let project: String
    private let token: String

    /// One request, ready to be sent.
    struct Request {
        let path: String
        let body: [String: String]
    }

    init(forge: PostArguments.Forge, api: String?, project: String, token: String) {
        self.forge = forge
        let standard =
            switch forge {
            case .github: "https://api.github.com"
            case .gitlab: "https://gitlab.com/api/v4"
            case .gitea: "https://codeberg.org/api/v1"
            }
        var address = api ?? standard
        while address.hasSuffix("/") { address.removeLast() }
        self.api = address
        self.project = project
        self.token = token
    }

    /// Forges cut a status after so many characters.
    private static let statusMax = 140
    /// GitHub refuses a longer comment.
    private static let commentMax = 60_000

    /// The status of the head commit, and with a number the comment.
    func requests(_ answer: PlanAnswer, pull: Int?) -> [Request] {
        let summary = String(answer.summary.prefix(Self.statusMax))
        var comment = answer.markdown
        if comment.count > Self.commentMax {
            comment = comment.prefix(Self.commentMax) + "\n\n… run gatewright plan for the rest."
        }
        switch forge {
        case .github, .gitea:
            let comments = "/repos/\(project)/issues/"
            return [
                Request(
                    path: "/repos/\(project)/statuses/\(answer.head)",
                    body: [
                        "state": answer.isRefused ? "failure" : "success",
                        "context": "gatewright/plan", "description": summary,
                    ])
            ]
                + (pull.map {
                    [Request(path: comments + "\($0)/comments", body: ["body": comment])]
                } ?? [])
        case .gitlab:
            // One path part: GitLab wants the whole name escaped.
            let id = project.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? project
            return [
                Request(
                    path: "/projects/\(id)/statuses/\(answer.head)",
                    body: [
                        "state": answer.isRefused ? "failed" : "success",
                        "name": "gatewright/plan", "description": summary,
                    ])
            ]
                + (pull.map {
                    [
                        Request(
                            path: "/projects/\(id)/merge_requests/\($0)/notes",
                            body: ["body": comment])
                    ]
                } ?? [])
        }
    }

    func send(_ asked: Request) async throws {
        var request = HTTPClientRequest(url: api + asked.path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: Build.software)
        switch forge {
        case .github:
            request.headers.add(name: "accept", value: "application/vnd.github+json")
            request.headers.add(name: "x-github-api-version", value: "2022-11-28")
            request.headers.add(name: "authorization", value: "Bearer \(token)")
        case .gitlab: request.headers.add(name: "private-token", value: token)
        case .gitea: request.headers.add(name: "authorization", value: "token \(token)")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        request.body = .bytes(ByteBuffer(bytes: try encoder.encode(asked.body)))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        guard (200..<300).contains(Int(response.status.code)) else {
            let body = try await response.body.collect(upTo: 1 << 16)
            throw ValidationError(
                "\(api)\(asked.path) answered \(response.status): "
                    + String(buffer: body).prefix(300))
        }
    }
}
