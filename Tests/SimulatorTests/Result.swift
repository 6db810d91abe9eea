import Synchronization

/// What a task in a scheduler leaves behind for its test.
final class Result: Sendable {
    private let state = Mutex<[String]>([])
    var lines: [String] { state.withLock { $0 } }
    func set(_ lines: [String]) { state.withLock { $0 = lines } }
}
