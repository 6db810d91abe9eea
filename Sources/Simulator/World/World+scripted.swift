import RolloutCore

// Worlds that are told what happens, and looked at from outside.
extension World {
    private static let lookInterval: Int64 = 30_000

    /// Runs until something has come about, or for so long. Nothing is mended, and the end is not
    /// checked: the rollouts of such a world need not come to any.
    func run(atMost span: TimeSpan, until isOver: () -> Bool = { false }) {
        begin()
        for event in plan.events {
            scheduler.after(TimeSpan(milliseconds: event.at)) { [self] in happens(event.event) }
        }
        scheduleTraffic()
        minding { () throws(Scheduler.Livelock) in
            while scheduler.now < span.milliseconds, !isOver() {
                try scheduler.run(until: scheduler.now + Self.lookInterval)
            }
        }
    }

    /// Asks something of the world as it is now.
    func look(_ work: @escaping @Sendable () async -> Void) {
        scheduler.after(.zero) { [self] in spawn(work) }
        minding { () throws(Scheduler.Livelock) in try scheduler.run(until: scheduler.now + 1) }
    }

    /// Ends every process.
    func close() throws -> Report {
        minding { () throws(Scheduler.Livelock) in try finish() }
        return try report()
    }

    private func minding(_ work: () throws(Scheduler.Livelock) -> Void) {
        do { try work() } catch {
            witness.add(
                Violation(.bounded, at: error.at, "jobs go on for ever without time going on"))
        }
    }
}
