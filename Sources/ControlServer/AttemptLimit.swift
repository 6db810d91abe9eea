import Glibc
import HTTPTypes
import NIOCore
import Synchronization

/// How many wrong tokens one address may show: a few a second would go unseen for years.
///
/// An address that was wrong too often is refused before anything is compared, right or wrong, until
/// the minute is over: an answer that came only to right tokens would tell which they are.
final class AttemptLimit: Sendable {
    private struct Window {
        let began: ContinuousClock.Instant
        var failures = 0
    }

    private let failuresMax: Int
    private let now: @Sendable () -> ContinuousClock.Instant
    private let windows = Mutex<[String: Window]>([:])

    static let span = Duration.seconds(60)
    /// Addresses that are remembered; who has more than that is not kept out by addresses.
    static let sourcesMax = 4_096

    init(
        _ failuresMax: Int, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.failuresMax = failuresMax
        self.now = now
    }

    /// Does a check that a wrong token fails with 401.
    ///
    /// - Parameter isAttempt: whether there is a token at all.
    /// - Throws: what the check throws; 429 for an address that was wrong too often.
    func check<Value>(
        _ source: String, isAttempt: Bool, _ check: () throws(APIError) -> Value
    ) throws(APIError) -> Value {
        guard isAttempt else { return try check() }
        guard failures(of: source) < failuresMax else {
            throw APIError(
                .tooManyRequests,
                "\(failuresMax) wrong tokens came from this address within a minute; put the "
                    + "token right and wait a minute")
        }
        do {
            return try check()
        } catch {
            if error.status == .unauthorized { fail(source) }
            throw error
        }
    }

    private func failures(of source: String) -> Int {
        windows.withLock { windows in
            guard let window = windows[source] else { return 0 }
            guard now() - window.began < Self.span else {
                windows[source] = nil
                return 0
            }
            return window.failures
        }
    }

    private func fail(_ source: String) {
        windows.withLock { windows in
            if windows[source] == nil, windows.count >= Self.sourcesMax {
                let oldest = windows.min { $0.value.began < $1.value.began }
                if let oldest { windows[oldest.key] = nil }
            }
            windows[source, default: Window(began: now())].failures += 1
        }
    }

    /// Where a request comes from: its address, or the network of one that anybody has a whole of.
    static func source(_ address: SocketAddress?) -> String {
        guard let text = address?.ipAddress else { return "" }
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return text }
        // ::ffff:192.0.2.1 is an address of the old kind.
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10...11] == [255, 255]
        return isMapped ? text : bytes.prefix(8).map(String.init).joined(separator: ".")
    }
}
