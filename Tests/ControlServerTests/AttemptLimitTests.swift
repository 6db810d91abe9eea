import HTTPTypes
import NIOCore
import Synchronization
import Testing

@testable import ControlServer

@Suite struct AttemptLimitTests {
    private func isAdmitted(_ limit: AttemptLimit, _ source: String, right: Bool) -> Bool {
        do {
            try limit.check(source, isAttempt: true) { () throws(APIError) in
                if !right { throw APIError(.unauthorized, "no") }
            }
            return true
        } catch {
            return error.status == .unauthorized
        }
    }

    @Test("H10: a minute later an address may try again, and others may all the time")
    func anAddressMayTryAgainAfterAMinute() {
        let time = Mutex(ContinuousClock.now)
        let limit = AttemptLimit(2) { time.withLock { $0 } }
        #expect(isAdmitted(limit, "a", right: false))
        time.withLock { $0 += .seconds(59) }
        #expect(isAdmitted(limit, "a", right: false))
        #expect(!isAdmitted(limit, "a", right: true))
        #expect(isAdmitted(limit, "b", right: true))
        time.withLock { $0 += .seconds(1) }
        #expect(isAdmitted(limit, "a", right: true))
    }

    @Test("H10: many addresses take no more room than some")
    func manyAddressesAreForgottenOldestFirst() {
        let time = Mutex(ContinuousClock.now)
        let limit = AttemptLimit(1) { time.withLock { $0 } }
        for number in 0...AttemptLimit.sourcesMax {
            time.withLock { $0 += .microseconds(1) }
            #expect(isAdmitted(limit, "\(number)", right: false))
        }
        #expect(isAdmitted(limit, "0", right: true))
        #expect(!isAdmitted(limit, "1", right: true))
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.2", false), ("192.0.2.1", "192.0.2.1", true),
        // Whoever has one address has 2^64 of them.
        ("2001:db8::1", "2001:db8::2", true), ("2001:db8::1", "2001:db8:0:1::1", false),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
    ])
    func networksOfTheNewKindAreOneSource(_ one: String, _ other: String, _ isSame: Bool) throws {
        let sources = try [one, other].map {
            AttemptLimit.source(try SocketAddress(ipAddress: $0, port: 80))
        }
        #expect((sources[0] == sources[1]) == isSame)
        #expect(!sources[0].isEmpty)
    }
}
