import Foundation
import Synchronization

/// Kills this process after a number of effects, as a power cut would; for crash tests.
final class CrashCounter: Sendable {
    private let left: Mutex<Int>

    init(_ effects: Int) { left = Mutex(effects) }

    @Sendable func count(_ effect: String) {
        let isLast = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast { kill(getpid(), SIGKILL) }
    }
}
