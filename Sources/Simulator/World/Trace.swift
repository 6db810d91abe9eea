import Foundation
import Synchronization

import struct Crypto.SHA256
package import struct RolloutCore.Digest

/// What happened in a world, line by line: hashed always, kept on demand.
package final class Trace: Sendable {
    private struct State {
        var hash = SHA256()
        var lines: [String] = []
        var isKept = false
    }

    private let state = Mutex(State())

    func keep() { state.withLock { $0.isKept = true } }

    func note(_ at: Int64, _ text: String) {
        let line = "\(at) \(text)\n"
        state.withLock { state in
            state.hash.update(data: Data(line.utf8))
            if state.isKept { state.lines.append(line) }
        }
    }

    package var lines: [String] { state.withLock { $0.lines } }

    package var digest: Digest {
        let bytes = state.withLock { Array($0.hash.finalize()) }
        let digits = Array("0123456789abcdef")
        let hex = String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        guard let digest = Digest(hex: hex) else { preconditionFailure("SHA-256 has 32 bytes") }
        return digest
    }
}
