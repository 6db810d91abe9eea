import Git
import History
import Ledger
import RolloutCore
import Synchronization

// What a version's servers were said to be ready for, against what callers sent.
extension Witness {
    /// No step gives a version more than its servers are ready for, by the requests that the
    /// controller had heard of and the files that it had read.
    func checkCapacity(_ accepted: Accepted, _ run: Run) {
        guard let text = declaration(of: run.candidate, accepted, run) else { return }
        for (region, route) in raised(accepted) {
            guard let ready = Self.perMinute(region, in: text) else { continue }
            let busiest = busiest(region, accepted, run)
            if Double(busiest) * route.share.fraction > Double(ready) {
                fail(
                    .capacity,
                    "\(accepted.record.id) gives \(run.candidate.reference) \(route.share) of "
                        + "\(busiest) requests a minute in \(region), and it is ready for \(ready)")
            }
        }
    }

    /// Stable can take everybody back, unless people hurry away from it.
    func checkWayBack(_ accepted: Accepted, _ run: Run, isHotfix: Bool) {
        guard !isHotfix, let stable = accepted.before.state.stable,
            let text = declaration(of: stable, accepted, run)
        else { return }
        for (region, _) in raised(accepted) {
            guard let ready = Self.perMinute(region, in: text) else { continue }
            let busiest = busiest(region, accepted, run)
            if busiest > ready {
                fail(
                    .capacity,
                    "\(accepted.record.id) leaves \(stable.reference) ready for \(ready) of "
                        + "\(busiest) requests a minute in \(region), if they all come back")
            }
        }
    }

    private func raised(_ accepted: Accepted) -> [(RegionName, Route)] {
        accepted.after.state.routes.filter { $0.value.share > .zero }.sorted { $0.key < $1.key }
    }

    /// The most requests in one minute of this run that the controller has heard of.
    private func busiest(_ region: RegionName, _ accepted: Accepted, _ run: Run) -> Int {
        let first = firstGeneration(run)
        return state.withLock { state in
            let minutes = state.heard[accepted.controller]?["\(run.id.rollout)/\(region)"] ?? [:]
            return minutes.values.map { counts in
                counts.reduce(0) { $0 + ($1.key >= first ? $1.value : 0) }
            }.max() ?? 0
        }
    }

    /// The file of a version as it was read.
    private func declaration(
        of version: ServedVersion, _ accepted: Accepted, _ run: Run
    ) -> String? {
        file(
            ProjectText.versionPath(run.id.rollout, version.reference.version.rawValue),
            read: accepted.record.inputsCommit)
    }

    private func start(of run: Run) -> Accepted? {
        self.accepted(run.id.rollout).last { $0.record.number == run.id.firstDecision }
    }

    private func firstGeneration(_ run: Run) -> Int {
        start(of: run)?.after.state.generation ?? run.stageGeneration
    }

    private func file(_ path: String, read commit: String) -> String? {
        guard let commit = ObjectID(hex: commit),
            let tree = try? remote.objects.commit(commit).info.tree,
            let entry = try? remote.objects.entry(at: path, inTree: tree),
            let bytes = try? remote.objects.blob(entry.id)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `capacity: {eu: 4/min, us: 4/min}`
    private static func perMinute(_ region: RegionName, in text: String) -> Int? {
        guard let list = text.split(separator: "capacity: {").dropFirst().first,
            let entry = list.split(separator: "\(region): ", omittingEmptySubsequences: false)
                .dropFirst().first
        else { return nil }
        return entry.split(separator: "/min").first.flatMap { Int($0) }
    }

    /// A disk lost some or all of what was on it.
    func lostFacts(_ controller: Int) { state.withLock { $0.heard[controller] = nil } }
}

extension Witness.State {
    mutating func hear(_ fact: Fact, at controller: Int) {
        guard case .answered = fact.event, [.stable, .candidate].contains(fact.answer.arm) else {
            return
        }
        let answer = fact.answer
        heard[controller, default: [:]]["\(answer.rollout)/\(answer.region)", default: [:]][
            answer.at.milliseconds / 60_000, default: [:]][answer.generation, default: 0] += 1
    }
}
