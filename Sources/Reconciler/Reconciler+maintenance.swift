import History
import Logging
import RolloutCore

extension Reconciler {
    /// Answers that are kept at the most: a month at four a second, or a day at a hundred.
    private static let answersMax = 10_000_000
    private static let interval = TimeSpan.seconds(60)

    /// Keeps the data directory within its bounds, beside the loop and never in its way.
    nonisolated func maintain() async {
        while !Task.isCancelled {
            do { try await clock.sleep(Self.interval) } catch { return }
            do throws(HistoryError) {
                let oldest = clock.now() - configuration.retention
                try disk.maintain(keepingAnswersFrom: oldest, atMost: Self.answersMax)
            } catch {
                log.warning("housekeeping failed", metadata: ["error": "\(error)"])
            }
        }
    }
}
