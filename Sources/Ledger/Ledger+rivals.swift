package import Git
package import RolloutCore

extension Ledger {
    /// Another rollout that a start would meet in its conflict group, at the commit that the record
    /// is to follow: the push that decides between two controllers decides between two rollouts too.
    ///
    /// A state that cannot be read may be that of a rollout on its way.
    func rival(
        of action: Action, by name: RolloutName, at commit: ObjectID
    ) async throws -> Rival? {
        guard case .start(let start) = action, let group = start.conflictGroup else { return nil }
        return try await rival(in: group, besides: name, at: commit)
    }

    /// The first rollout of a conflict group that has a candidate, or whose state cannot be read.
    package func rival(
        in group: ConflictGroupName, besides name: RolloutName, at commit: ObjectID
    ) async throws -> Rival? {
        guard let folder = try await repository.entry(at: "state", in: commit) else { return nil }
        for entry in try await repository.tree(folder.id) where entry.kind == .directory {
            guard let other = entry.name.text.flatMap({ try? RolloutName($0) }), other != name
            else { continue }
            do {
                let run = try await currentState(of: other, at: commit).state.run
                if let run, run.conflictGroup == group { return .onItsWay(other, run) }
            } catch let damage as LedgerError {
                return .unreadable(other, damage.message)
            }
        }
        return nil
    }
}
