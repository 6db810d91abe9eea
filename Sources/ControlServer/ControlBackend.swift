package import History
package import RolloutCore

/// What the API asks of the controller. Every closure may be called many times at once.
///
/// Throw `ControlFailure` or `HistoryError` to choose the answer; any other error is a 500 whose
/// text goes to the log only.
package struct ControlBackend: Sendable {
    /// Stores a batch, all or nothing.
    package var ingest: @Sendable ([Observation]) async throws -> IngestResult
    /// The state of everything, as JSON.
    package var status: @Sendable () async throws -> [UInt8]
    /// The state of one rollout, as JSON; `nil` when there is none of this name.
    package var rollout: @Sendable (RolloutName) async throws -> [UInt8]?
    /// Why a rollout does what it does, as one line of text.
    package var why: @Sendable (RolloutName) async throws -> String?
    /// The newest decisions of a rollout, at most so many, as JSON.
    package var history: @Sendable (RolloutName, Int) async throws -> [UInt8]?
    /// Hands over a person's order. The text says what happens next; `nil` for an unknown rollout.
    package var submit: @Sendable (RolloutName, Order) async throws -> String?
    /// Takes what a person says on the page about a candidate's next stage.
    package var answer:
        @Sendable (RolloutName, PageAnswer, _ principal: String) async throws -> String?
    /// Makes the loop look at git now.
    package var wake: @Sendable () async -> Void
    /// Prometheus text.
    package var metrics: @Sendable () async throws -> String
    /// `nil` when work can be done, else why it cannot.
    package var unready: @Sendable () async -> String?

    package init(
        ingest: @escaping @Sendable ([Observation]) async throws -> IngestResult,
        status: @escaping @Sendable () async throws -> [UInt8],
        rollout: @escaping @Sendable (RolloutName) async throws -> [UInt8]?,
        why: @escaping @Sendable (RolloutName) async throws -> String?,
        history: @escaping @Sendable (RolloutName, Int) async throws -> [UInt8]?,
        submit: @escaping @Sendable (RolloutName, Order) async throws -> String?,
        answer: @escaping @Sendable (RolloutName, PageAnswer, String) async throws -> String?,
        wake: @escaping @Sendable () async -> Void,
        metrics: @escaping @Sendable () async throws -> String,
        unready: @escaping @Sendable () async -> String?
    ) {
        self.ingest = ingest
        self.status = status
        self.rollout = rollout
        self.why = why
        self.history = history
        self.submit = submit
        self.answer = answer
        self.wake = wake
        self.metrics = metrics
        self.unready = unready
    }
}

/// An answer other than success, with the sentence that the caller reads.
package enum ControlFailure: Error, Hashable, Sendable {
    /// 400: the request says what cannot be.
    case invalid(String)
    /// 409: it was understood, and the state does not allow it.
    case conflict(String)
    /// 503: ask again later.
    case unavailable(String)
}
