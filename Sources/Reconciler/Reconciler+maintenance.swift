import History
import Logging
import RolloutCore

extension Reconciler {
    /// Answers that are kept at the most: a month at four a second, or a day at a hundred.
    private static let answersMax = 10_000_000
    /// Recorded journal entries that are kept, to look at after an incident.
    private static let journalMax = 1_000
    private static let interval = Duration.seconds(60)

    /// Keeps the data directory within its bounds, beside the loop and never in its way.
    nonisolated func maintain() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.interval) } catch { return }
            do throws(HistoryError) {
                let oldest = clock.now() - configuration.retention
                _ = try history.sweep(before: oldest, keepingAnswers: Self.answersMax)
                _ = try history.journal.sweep(keepingRecorded: Self.journalMax)
                try history.checkpoint()
                // After the sweep, which may have made the room that the reserve needs.
                if history.isFull { try history.restoreReserve() }
            } catch {
                log.warning("housekeeping failed", metadata: ["error": "\(error)"])
            }
        }
    }
}
