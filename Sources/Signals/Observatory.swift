import Foundation
package import History
package import RolloutCore

/// Takes in observations and keeps the evidence of every run that they bear upon.
///
/// Ingestion and folding happen in one place and in one order, so the evidence is a function of the
/// stored facts: after a crash the same facts are folded again to the same result.
package actor Observatory {
    private let history: HistoryStore
    private var books: [RolloutName: EvidenceBook] = [:]
    private var saved: [RolloutName: Int64] = [:]
    private var onEvidence: @Sendable (Set<RolloutName>) -> Void = { _ in }

    /// Facts that are read from disk at once while a book is rebuilt.
    private static let replayBatch = 20_000

    package init(history: HistoryStore) { self.history = history }

    /// Calls back with the rollouts whose evidence has changed. The call carries no data.
    package func notify(_ callback: @escaping @Sendable (Set<RolloutName>) -> Void) {
        onEvidence = callback
    }

    /// Stores a batch, all or nothing, and folds what is new into the evidence.
    package func ingest(_ batch: [Observation]) throws(HistoryError) -> IngestResult {
        let result = try history.ingest(batch)
        var touched: Set<RolloutName> = []
        for fact in result.facts {
            guard books[fact.answer.rollout] != nil else { continue }
            books[fact.answer.rollout]?.fold(fact)
            touched.insert(fact.answer.rollout)
        }
        if !touched.isEmpty { onEvidence(touched) }
        return result
    }

    /// Opens, moves on or closes the book of a rollout, to match its recorded state.
    package func follow(_ state: RolloutState) throws(HistoryError) {
        guard let run = state.run else {
            if let book = books.removeValue(forKey: state.name) {
                saved[state.name] = nil
                try history.dropEvidence(run: book.run.description)
            }
            return
        }
        if books[state.name]?.run == run.id {
            books[state.name]?.follow(run)
        } else {
            books[state.name] = try reopened(run, of: state.name)
        }
    }

    private func reopened(_ run: Run, of rollout: RolloutName) throws(HistoryError) -> EvidenceBook
    {
        var book = EvidenceBook(run)
        if case .found(let lastFact, let bytes) = try history.loadEvidence(run: run.id.description),
            let known = try? JSONDecoder().decode(EvidenceBook.self, from: Data(bytes)),
            known.run == run.id, known.lastFact == lastFact
        {
            book = known
            // Before the replay: facts of the new stage must not go into the meters of the old.
            book.follow(run)
        }
        while true {
            let facts = try history.facts(
                after: book.lastFact, rollout: rollout, fromGeneration: run.stageGeneration,
                limit: Self.replayBatch)
            for fact in facts { book.fold(fact) }
            if facts.count < Self.replayBatch { return book }
        }
    }

    /// What `decide` looks at, for a run that is followed; nothing for any other.
    package func look(
        at rollout: RolloutName, now: Timestamp
    ) -> (evidence: [GuardrailEvidence], traffic: [RegionName: RegionTraffic]) {
        guard let book = books[rollout] else { return ([], [:]) }
        return (book.evidence(now: now), book.regionTraffic)
    }

    /// Saves books that have changed, so that a restart has less to fold again.
    package func checkpoint() throws(HistoryError) {
        for (name, book) in books.sorted(by: { $0.key < $1.key })
        where saved[name] != book.lastFact {
            guard let bytes = try? JSONEncoder().encode(book) else { continue }
            try history.saveEvidence(
                run: book.run.description, lastFact: book.lastFact, bytes: Array(bytes))
            saved[name] = book.lastFact
        }
    }
}
