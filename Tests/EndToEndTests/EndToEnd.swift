import Synchronization
import Testing

/// Whole stories with real parts: git, sockets, SQLite, gateways, and controllers as processes.
///
/// Two suites run beside each other at the most, because some tests wait for a time to pass.
@Suite struct EndToEnd {}

/// Raised once by one task, seen by others.
final class Flag: Sendable {
    private let raised = Atomic(false)

    func raise() { raised.store(true, ordering: .sequentiallyConsistent) }
    var isRaised: Bool { raised.load(ordering: .sequentiallyConsistent) }
}
