internal import Foundation

/// Does network work in a helper process that can be killed, one process a call.
package struct RemoteWorker: Sendable {
    private let executable: String
    private let arguments: [String]
    private let deadline: Duration

    /// - Parameters:
    ///   - executable: a program that calls `runRemoteHelper()` when run with `arguments`.
    ///   - deadline: the longest that one fetch, or one push with the fetch that proves it, takes.
    package init(
        executable: String, arguments: [String] = ["git-remote-helper"],
        deadline: Duration = .seconds(30)
    ) {
        self.executable = executable
        self.arguments = arguments
        self.deadline = deadline
    }

    /// See `RemoteSync.fetch`.
    package func fetch(
        repositoryPath: String, remote: GitRemote, into scratch: ReferenceName
    ) async throws(RemoteFailure) -> FetchOutcome {
        let request = RemoteRequest(
            repositoryPath: repositoryPath, remote: try remote.withTokenOfNow(),
            task: .fetch(into: scratch))
        guard case .fetched(let outcome) = try await ask(request) else {
            throw .helperFailed("it answered another question than the one asked")
        }
        return outcome
    }

    /// See `RemoteSync.pushAcknowledged`. After a failure other than `refused` and
    /// `notFastForward` the push may or may not have taken effect; a fetch tells.
    package func pushAcknowledged(
        repositoryPath: String, remote: GitRemote, commit: ObjectID, expecting: ObjectID?,
        fetchingInto scratch: ReferenceName
    ) async throws(RemoteFailure) -> ObjectID {
        let request = RemoteRequest(
            repositoryPath: repositoryPath, remote: try remote.withTokenOfNow(),
            task: .push(commit: commit, expecting: expecting, fetchingInto: scratch))
        guard case .pushed(let tip) = try await ask(request) else {
            throw .helperFailed("it answered another question than the one asked")
        }
        return tip
    }

    private func ask(_ request: RemoteRequest) async throws(RemoteFailure) -> RemoteReply {
        let scrubber = SecretScrubber(request.remote)
        let helper = HelperProcess()
        let (executable, arguments, deadline) = (executable, arguments, deadline)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A queue of its own: reading blocks until the answer or the deadline.
                DispatchQueue(label: "git-remote").async {
                    continuation.resume(
                        returning: helper.run(
                            executable, arguments, request, deadline: deadline))
                }
            }
        } onCancel: {
            helper.stop(because: .cancelled)
        }
        switch result {
        case .success(.failed(let failure)), .failure(let failure): throw scrubber.scrub(failure)
        case .success(let reply): return reply
        }
    }
}
