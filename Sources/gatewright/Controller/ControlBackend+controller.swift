import ControlServer
import Foundation
import History
import Reconciler
import RolloutCore
import RolloutFiles
import Signals

extension ControlBackend {
    /// What the API says and does is what the controller says and does.
    static func controller(
        _ reconciler: Reconciler, _ observatory: Observatory, _ history: HistoryStore,
        _ poller: Poller
    ) -> ControlBackend {
        ControlBackend(
            ingest: { try await observatory.ingest($0) },
            status: { try await CanonicalJSON.encode(reconciler.status()).pretty },
            rollout: { name in
                try await reconciler.status(of: name).map { try CanonicalJSON.encode($0).pretty }
            },
            why: { await reconciler.why($0) },
            history: { name, limit in
                guard await reconciler.status(of: name) != nil else { return nil }
                return try CanonicalJSON.encode(history.decisions(of: name, limit: limit)).pretty
            },
            submit: { name, order in
                do {
                    return try await reconciler.submit(order, to: name)
                } catch let refusal as Reconciler.OrderRefusal {
                    throw ControlFailure.conflict(refusal.description)
                }
            },
            answer: { name, answer, principal in
                do {
                    return try await reconciler.take(
                        answer, by: principal, nonce: Nonce.make(), for: name)
                } catch let refusal as Reconciler.OrderRefusal {
                    throw ControlFailure.conflict(refusal.description)
                }
            },
            wake: { poller.wake() },
            metrics: { MetricsText.of(await reconciler.status(), history) },
            unready: { await reconciler.status().commit == nil ? "no repository read yet" : nil })
    }
}

/// What Prometheus scrapes from a controller.
enum MetricsText {
    static func of(_ status: ControllerStatus, _ history: HistoryStore) -> String {
        var lines: [String] = []
        func family(_ name: String, _ help: String, _ samples: [(labels: String, value: String)]) {
            lines += ["# HELP \(name) \(help)", "# TYPE \(name) gauge"]
            lines += samples.map { "\(name)\($0.labels) \($0.value)" }
        }
        func label(_ rollout: RolloutName) -> String { "{rollout=\"\(rollout)\"}" }
        family(
            "gatewright_increases_halted", "1 while git cannot be trusted or reached.",
            [("", status.halted == nil ? "0" : "1")])
        family(
            "gatewright_journal_failed", "1 when backward steps cannot be journalled.",
            [("", status.journalFailure == nil ? "0" : "1")])
        family(
            "gatewright_files_with_errors", "Errors in policies/ and rollouts/.",
            [("", String(status.diagnostics.count(where: \.isError)))])
        family(
            "gatewright_decisions_total", "Decisions recorded for a rollout.",
            status.rollouts.map { (label($0.rollout), String($0.decisions)) })
        family(
            "gatewright_unrecorded_steps", "Backward steps that git has not heard of.",
            status.rollouts.map { (label($0.rollout), String($0.unrecorded)) })
        family(
            "gatewright_stalled", "1 when a person must act.",
            status.rollouts.map {
                (label($0.rollout), $0.why?.consequence == .stalled ? "1" : "0")
            })
        family(
            "gatewright_candidate_share_basis_points", "The candidate's recorded share.",
            status.rollouts.flatMap { rollout in
                rollout.shares.sorted { $0.key < $1.key }.map {
                    (
                        "{rollout=\"\(rollout.rollout)\",region=\"\($0.key)\"}",
                        String($0.value.basisPoints)
                    )
                }
            })
        let size = history.size()
        family(
            "gatewright_history_bytes", "Size of the history database.",
            [("", String(size.database))])
        return lines.joined(separator: "\n") + "\n"
    }
}
