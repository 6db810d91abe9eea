import Foundation
import RolloutCore

/// What a soak came to.
struct SoakReport: StatsSpoken, Codable {
    let seed: UInt64
    var cycles = 0
    /// How often each kind of fault was done.
    var faults: [String: Int] = [:]
    /// Lives of the controller, and starts that it refused on a full disk.
    var controllerLives = 0
    var refusedStarts = 0
    var versionsAsked = 0
    /// Records by kind.
    var records: [String: Int] = [:]
    var requests = 0
    /// Of requests, those whose gateway was away.
    var excusedRequests = 0
    /// Changes of what gateways serve that were seen, and that came and went between two looks.
    var tablesSeen = 0
    var tablesMissed = 0
    /// Lines that the index of decisions lacked, as a crash just after a record leaves them.
    var indexGaps = 0
    var violations: [ObservedViolation] = []
    var seconds = 0.0
    /// Where the repository and the logs are; `nil` when they were removed.
    var directory: String?

    var decisions: Int { records.values.reduce(0, +) }

    var text: String {
        func list(_ counts: [String: Int]) -> String {
            counts.sorted { $0.key < $1.key }.map { "\(grouped($0.value)) \($0.key)" }
                .joined(separator: ", ")
        }
        var lines = [
            "\(grouped(cycles)) cycles of seed \(seed) in \(decimal(seconds, 0)) s: \(list(faults))",
            "\(grouped(controllerLives)) lives of the controller, \(grouped(refusedStarts)) starts "
                + "refused on a full disk",
            "\(grouped(versionsAsked)) versions asked for, \(grouped(decisions)) decisions: "
                + list(records),
            "\(grouped(requests)) requests, \(grouped(excusedRequests)) lost with their gateway",
            "\(grouped(tablesSeen)) tables of gateways seen, \(grouped(tablesMissed)) missed",
            "\(grouped(indexGaps)) decisions were missing in the index until it was rebuilt",
        ]
        lines +=
            violations.isEmpty
            ? ["nothing was violated"]
            : ["", "\(grouped(violations.count)) violations:"]
                + violations.map { "  \($0)" }
        if let directory { lines += ["", "repository and logs: \(directory)"] }
        return lines.joined(separator: "\n") + "\n"
    }
}
