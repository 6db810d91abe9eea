import ArgumentParser
import Foundation
import Ledger
import RolloutCore
import RolloutFiles

struct AuditServingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serving-at",
        abstract: "Tell which versions were served at a moment, and by which decision.",
        discussion: """
            EXAMPLES
              gatewright audit serving-at 2026-11-20T14:00:00Z
              gatewright audit serving-at 2026-11-20 --region eu-west --output json
            """)

    @OptionGroup var clone: AuditedClone

    @Argument(help: "A moment, or a day, which means its beginning; UTC.")
    var time: String

    @Option(help: "One region; all by default.")
    var region: String?

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    private struct Served: Codable {
        let rollout: RolloutName
        let region: RegionName
        let stable: VersionReference
        let candidate: VersionReference?
        /// Basis points of live traffic.
        let share: Int
        let mirror: Int
        let decision: Int
        let decidedAt: Timestamp
    }

    func run() async throws {
        let moment = try AuditPopulationCommand.moment(time, isEnd: false)
        let recorded = try await clone.open()
        var served: [Served] = []
        for name in try await recorded.rolloutsWithRecords() {
            var state = RolloutState(name: name)
            for (record, _) in try await recorded.ledger.decisions(of: name, at: recorded.tip)
            where record.at <= moment {
                state = state.after(record.action, number: record.number, at: record.at)
            }
            guard let decidedAt = state.decidedAt else { continue }
            for (place, route) in state.routes.sorted(by: { $0.key < $1.key })
            where region == nil || region == place.rawValue {
                served.append(
                    Served(
                        rollout: name, region: place, stable: route.stable.reference,
                        candidate: route.candidate?.reference, share: route.share.basisPoints,
                        mirror: route.mirror.basisPoints, decision: state.decisions,
                        decidedAt: decidedAt))
            }
        }
        if output == .json {
            return try FileHandle.standardOutput.write(
                contentsOf: Data(CanonicalJSON.encode(served).pretty))
        }
        if served.isEmpty { print("nothing was served at \(moment)") }
        for one in served {
            var text = "\(one.rollout) in \(one.region): "
            if let candidate = one.candidate {
                text += "\(one.stable) \(Share(clamping: one.share).complement), \(candidate) "
                text += "\(Share(clamping: one.share))"
                if one.mirror > 0 { text += " (mirrored \(Share(clamping: one.mirror)))" }
            } else {
                text += "\(one.stable) 100%"
            }
            print(text + ", since decision \(one.decision) of \(one.decidedAt)")
        }
    }
}
