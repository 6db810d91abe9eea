internal import Foundation

/// Takes a remote's secrets out of any text, in the spellings that transports use.
struct SecretScrubber {
    private let needles: [String]

    init(_ remote: GitRemote) {
        var secrets: [String] = []
        switch remote.credential {
        case .none, .sshAgent: break
        case .token(let user, let token):
            secrets = [token.text, Data("\(user):\(token.text)".utf8).base64EncodedString()]
        case .sshKey(_, _, let passphrase): secrets = passphrase.map { [$0.text] } ?? []
        }
        let encoded = secrets.compactMap {
            $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        }
        // Longest first, so that a secret within a longer one does not leave its rest behind.
        needles = Set(secrets + encoded).filter { !$0.isEmpty }
            .sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    func scrub(_ text: String) -> String {
        needles.reduce(text) { $0.replacingOccurrences(of: $1, with: "•••") }
    }

    func scrub(_ failure: RemoteFailure) -> RemoteFailure {
        switch failure {
        case .unreachable(let text): .unreachable(scrub(text))
        case .unauthorised(let text): .unauthorised(scrub(text))
        case .refused(let text): .refused(scrub(text))
        case .rejectedHostKey(let text): .rejectedHostKey(scrub(text))
        case .rejectedCertificate(let text): .rejectedCertificate(scrub(text))
        case .unacknowledged(let text): .unacknowledged(scrub(text))
        case .misconfigured(let text): .misconfigured(scrub(text))
        case .helperFailed(let text): .helperFailed(scrub(text))
        case .notFastForward, .timedOut, .cancelled: failure
        }
    }
}
