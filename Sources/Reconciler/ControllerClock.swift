package import RolloutCore

/// The two clocks of a controller: the one on the wall, and one that only goes forward.
package struct ControllerClock: Sendable {
    package let now: @Sendable () -> Timestamp
    /// Milliseconds since some fixed moment of this process; never jumps.
    package let monotonic: @Sendable () -> Int64
    /// Waits; throws `CancellationError` when the task is cancelled meanwhile.
    package let sleep: @Sendable (TimeSpan) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp, monotonic: @escaping @Sendable () -> Int64,
        sleep: @escaping @Sendable (TimeSpan) async throws -> Void = {
            try await Task.sleep(for: .milliseconds($0.milliseconds))
        }
    ) {
        self.now = now
        self.monotonic = monotonic
        self.sleep = sleep
    }
}

/// Notices when the wall clock jumps.
///
/// Increases wait until the two clocks have agreed twice in a row (hazard B7).
struct ClockWatch: Sendable {
    /// More than scheduling and a slewing time daemon explain.
    static let jumpMilliseconds: Int64 = 2_000
    static let saneLooksNeeded = 2

    private var last: (wall: Int64, monotonic: Int64)?
    private var saneLooks = Self.saneLooksNeeded

    mutating func look(_ clock: ControllerClock) -> Bool {
        let here = (wall: clock.now().milliseconds, monotonic: clock.monotonic())
        defer { last = here }
        guard let last else { return true }
        let jump = (here.wall &- last.wall) &- (here.monotonic &- last.monotonic)
        let jumped = jump.magnitude > UInt64(Self.jumpMilliseconds)
        saneLooks = jumped ? 0 : min(saneLooks + 1, Self.saneLooksNeeded)
        return isSteady
    }

    var isSteady: Bool { saneLooks >= Self.saneLooksNeeded }
}
