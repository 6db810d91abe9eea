import NIOCore
import NIOHTTP1
import RolloutCore

/// What became of asking one version.
enum VersionOutcome {
    case answered(UpstreamAnswer, InferenceAnswer)
    /// The version's own answer is kept if it gave one, to be passed on when nobody else answers.
    case failed(Reason, UpstreamAnswer?)

    enum Reason: Hashable {
        case upstream(UpstreamFailure)
        case status(UInt)
        /// Another version answered than the one that was asked for.
        case wrongVersion(String)
        /// The server has loaded another artifact than the version's.
        case wrongDigest(String)
        case noOutputs
    }

    init(_ result: UpstreamResult, of target: ServedRoute.Target) {
        switch result {
        case .failure(let failure): self = .failed(.upstream(failure), nil)
        case .success(let answer):
            guard (200..<300).contains(Int(answer.status.code)) else {
                self = .failed(.status(answer.status.code), answer)
                return
            }
            guard let read = InferenceAnswer(answer.body) else {
                self = .failed(.noOutputs, nil)
                return
            }
            if let found = read.version, found != target.version {
                self = .failed(.wrongVersion(found), nil)
                return
            }
            if let found = read.digest, Self.hexadecimal(of: found) != target.digest {
                self = .failed(.wrongDigest(found), nil)
                return
            }
            self = .answered(answer, read)
        }
    }

    /// Registries write `sha256:` before a digest, and some servers capital letters.
    private static func hexadecimal(of digest: String) -> String {
        let lower = digest.lowercased()
        return lower.hasPrefix("sha256:") ? String(lower.dropFirst("sha256:".count)) : lower
    }

    var answer: InferenceAnswer? {
        if case .answered(_, let answer) = self { return answer }
        return nil
    }

    /// For metrics: one of a fixed set of words.
    var word: String {
        switch self {
        case .answered: "ok"
        case .failed(.upstream(.timeout), _): "timeout"
        case .failed(.upstream(.connect), _): "connect"
        case .failed(.upstream(.closed), _): "closed"
        case .failed(.upstream(.answerTooLarge), _): "too_large"
        case .failed(.upstream(.malformed), _): "malformed"
        case .failed(.upstream(.busy), _): "busy"
        case .failed(.status, _): "status"
        case .failed(.wrongVersion, _): "wrong_version"
        case .failed(.wrongDigest, _): "wrong_digest"
        case .failed(.noOutputs, _): "no_outputs"
        }
    }
}

extension VersionOutcome.Reason {
    /// What the caller is told when no version could answer.
    func response(version: String) -> WholeResponse {
        switch self {
        case .upstream(.timeout): .error(.gatewayTimeout, "version \(version): no answer in time")
        case .upstream(.busy): .error(.serviceUnavailable, "version \(version): too many requests")
        case .upstream(let failure): .error(.badGateway, "version \(version): \(failure)")
        case .status(let code): .error(.badGateway, "version \(version) answered \(code)")
        case .wrongVersion(let found):
            .error(.badGateway, "version \(version) was asked and \"\(found)\" answered")
        case .wrongDigest(let found):
            .error(
                .badGateway,
                "version \(version) is served from other bytes: \"\(found.prefix(80))\"")
        case .noOutputs: .error(.badGateway, "version \(version) gave no \"outputs\"")
        }
    }
}
