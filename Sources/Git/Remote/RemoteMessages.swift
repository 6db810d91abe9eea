/// What the helper is asked, as one line of JSON on its standard input. It holds credentials, so
/// it never goes through arguments, the environment or a file.
struct RemoteRequest: Codable {
    enum Task: Codable {
        case fetch(into: ReferenceName)
        case push(commit: ObjectID, expecting: ObjectID?, fetchingInto: ReferenceName)
    }

    let repositoryPath: String
    let remote: GitRemote
    let task: Task

    /// The longest line, in bytes, either side reads: names and messages, never content.
    static let lineBytesMax = 1 << 20
}

/// What the helper answers, as one line of JSON on its standard output.
enum RemoteReply: Codable {
    case fetched(FetchOutcome)
    case pushed(tip: ObjectID)
    case failed(RemoteFailure)
}

extension RemoteRequest {
    func carryOut() -> RemoteReply {
        do throws(RemoteFailure) {
            switch task {
            case .fetch(let scratch):
                return .fetched(
                    try RemoteSync.fetch(
                        repositoryPath: repositoryPath, remote: remote, into: scratch))
            case .push(let commit, let expecting, let scratch):
                return .pushed(
                    tip: try RemoteSync.pushAcknowledged(
                        repositoryPath: repositoryPath, remote: remote, commit: commit,
                        expecting: expecting, fetchingInto: scratch))
            }
        } catch {
            return .failed(error)
        }
    }
}
