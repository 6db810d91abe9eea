/// What must hold in every world: numbers and names of the list in `docs/reliability.md`.
package enum Invariant: Int, Sendable, Hashable, CaseIterable, Codable, CustomStringConvertible {
    case expose = 1
    case sum, shadow, order, tombstone, bijection, durable, chain, wal, late, idempotent, fence
    case single, unknown, evidence, replay, breach, abortWins, target, knownGood, approval, once
    case revoke, policy, spec, artifact, region, mutex, freeze, rate, isStatic, drift, clock
    case determinism, bounded, noExec, secret, authorised, channel, liveness, noSilentStuck
    case converge, isolation, nonEmpty, capacity

    private static let names =
        """
        EXPOSE SUM SHADOW ORDER TOMBSTONE BIJECTION DURABLE CHAIN WAL LATE IDEMPOTENT FENCE SINGLE \
        UNKNOWN EVIDENCE REPLAY BREACH ABORT-WINS TARGET LKG APPROVAL ONCE REVOKE POLICY SPEC \
        ARTIFACT REGION MUTEX FREEZE RATE STATIC DRIFT CLOCK DETERMINISM BOUNDED NO-EXEC SECRET \
        AUTHZ CHANNEL LIVENESS NO-SILENT-STUCK CONVERGE ISOLATION NON-EMPTY CAPACITY
        """.split(separator: " ").map(String.init)

    package var name: String { Self.names[rawValue - 1] }

    package var description: String { "\(rawValue) \(name)" }
}

/// A promise that a world saw broken.
package struct Violation: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    package let invariant: Invariant
    /// Milliseconds since the world began.
    package let at: Int64
    package let text: String

    package init(_ invariant: Invariant, at: Int64, _ text: String) {
        self.invariant = invariant
        self.at = at
        self.text = text
    }

    package var description: String {
        "\(invariant) at \(at / 60_000):\((at / 1_000) % 60 < 10 ? "0" : "")\((at / 1_000) % 60)"
            + ": \(text)"
    }
}
