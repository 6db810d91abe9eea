import NIOCore
import NIOHTTP1

/// What is sent to a model server.
struct UpstreamRequest: Sendable {
    var method: HTTPMethod
    var path: String
    var headers: HTTPHeaders
    var body: ByteBuffer?
    /// When an answer is of no use any more.
    var deadline: NIODeadline
    var answerBytesMax: Int
}

/// A whole answer.
struct UpstreamAnswer: Sendable {
    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: ByteBuffer
}

/// Why there is no answer.
enum UpstreamFailure: Error, Hashable, CustomStringConvertible {
    case timeout
    case connect(String)
    case closed
    case answerTooLarge(Int)
    case malformed(String)
    case busy

    var description: String {
        switch self {
        case .timeout: "no answer in time"
        case .connect(let why): "cannot connect: \(why)"
        case .closed: "the connection closed before the answer was whole"
        case .answerTooLarge(let limit): "the answer is larger than \(limit) bytes"
        case .malformed(let why): "the answer is not HTTP: \(why)"
        case .busy: "too many requests wait for this endpoint"
        }
    }
}

typealias UpstreamResult = Result<UpstreamAnswer, UpstreamFailure>

/// One alarm that is moved more often than it rings. Moving it later costs nothing: the pending
/// task finds the new time when it runs. Bound to one event loop.
struct LazyAlarm {
    private(set) var deadline: NIODeadline?
    private var scheduled: (at: NIODeadline, task: Scheduled<Void>)?

    mutating func set(
        _ deadline: NIODeadline, on loop: any EventLoop, ring: @escaping @Sendable () -> Void
    ) {
        self.deadline = deadline
        if let scheduled, scheduled.at <= deadline { return }
        scheduled?.task.cancel()
        scheduled = (deadline, loop.scheduleTask(deadline: deadline, ring))
    }

    mutating func clear() { deadline = nil }

    mutating func cancel() {
        deadline = nil
        scheduled?.task.cancel()
        scheduled = nil
    }

    /// Called when the task runs: whether the time is really over; sets it again when it is not.
    mutating func isDue(
        now: NIODeadline, on loop: any EventLoop, ring: @escaping @Sendable () -> Void
    ) -> Bool {
        scheduled = nil
        guard let deadline else { return false }
        if deadline <= now {
            self.deadline = nil
            return true
        }
        scheduled = (deadline, loop.scheduleTask(deadline: deadline, ring))
        return false
    }
}
