import Foundation
package import History
package import RolloutCore

/// Takes in observations and keeps the evidence of every run that they bear upon.
///
/// Ingestion and folding happen in one place and in one order, so the evidence is a function of the
/// stored facts: after a crash the same facts are folded again to the same result.
package actor Observatory {
    private let disk: any ControllerDisk
    private var books: [RolloutName: EvidenceBook] = [:]
    private var saved: [RolloutName: Int64] = [:]
    /// Whether the disk may hold facts that no book has: it failed to say that it took them.
    private var isBehind = false
    private var onEvidence: @Sendable (Set<RolloutName>) -> Void = { _ in }

    /// Facts that are read from disk at once while a book is rebuilt.
    private static let replayBatch = 20_000

    package init(disk: any ControllerDisk) { self.disk = disk }

    /// Calls back with the rollouts whose evidence has changed. The call carries no data.
    package func notify(_ callback: @escaping @Sendable (Set<RolloutName>) -> Void) {
        onEvidence = callback
    }

    /// Stores a batch, all or nothing, and folds what is new into the evidence.
    package func ingest(_ batch: [Observation]) throws(HistoryError) -> IngestResult {
        let result: IngestResult
        do {
            result = try disk.ingest(batch)
        } catch {
            isBehind = true
            throw error
        }
        // What was missed comes first, and this batch after it: books take facts in rising order.
        guard !isBehind else {
            catchUp()
            onEvidence(Set(books.keys))
            return result
        }
        var touched: Set<RolloutName> = []
        for fact in result.facts {
            guard books[fact.answer.rollout] != nil else { continue }
            books[fact.answer.rollout]?.fold(fact)
            touched.insert(fact.answer.rollout)
        }
        if !touched.isEmpty { onEvidence(touched) }
        return result
    }

    /// Reads what the books may lack. Where that fails it is tried again with the next batch or look.
    private func catchUp() {
        do {
            for (name, book) in books.sorted(by: { $0.key < $1.key }) {
                books[name] = try replayed(book)
            }
            isBehind = false
        } catch {
            // Until then nothing is said of any rollout.
        }
    }

    /// Opens, moves on or closes the book of a rollout, to match its recorded state.
    package func follow(_ state: RolloutState) throws(HistoryError) {
        let key = state.run.map { EvidenceKey($0, of: state) }
        if let book = books[state.name], book.key != key {
            books[state.name]?.close(at: state.generation)
            // Whether it can be saved or not: the next candidate must not be judged by it.
            defer {
                books[state.name] = nil
                saved[state.name] = nil
            }
            try save(state.name)
        }
        guard let run = state.run else { return }
        if books[state.name] == nil {
            books[state.name] = try reopened(run, of: state)
        } else {
            books[state.name]?.follow(run, of: state)
        }
    }

    private func reopened(
        _ run: Run, of state: RolloutState
    ) throws(HistoryError) -> EvidenceBook {
        var book = EvidenceBook(run, of: state)
        if case .found(let lastFact, let bytes) = try disk.loadEvidence(
            key: book.key.description),
            let known = try? JSONDecoder().decode(EvidenceBook.self, from: Data(bytes)),
            known.key == book.key, known.lastFact == lastFact
        {
            book = known
            // Before the replay: facts of the new step must not be taken for the old one's.
            book.follow(run, of: state)
        }
        return try replayed(book)
    }

    private func replayed(_ book: EvidenceBook) throws(HistoryError) -> EvidenceBook {
        var book = book
        while true {
            let facts = try disk.facts(
                after: book.lastFact, rollout: book.key.rollout,
                fromGeneration: book.firstGeneration, limit: Self.replayBatch)
            for fact in facts { book.fold(fact) }
            if facts.count < Self.replayBatch { return book }
        }
    }

    /// What `decide` looks at, for a run that is followed; nothing for any other.
    package func look(
        at rollout: RolloutName
    ) -> (evidence: [GuardrailEvidence], traffic: [RegionName: RegionTraffic]) {
        if isBehind { catchUp() }
        guard !isBehind, let book = books[rollout] else { return ([], [:]) }
        return (book.evidence(), book.regionTraffic)
    }

    /// Saves books that have changed, so that a restart has less to fold again.
    package func checkpoint() throws(HistoryError) {
        for (name, book) in books.sorted(by: { $0.key < $1.key })
        where saved[name] != book.lastFact {
            try save(name)
        }
    }

    private func save(_ rollout: RolloutName) throws(HistoryError) {
        guard let book = books[rollout], let bytes = try? JSONEncoder().encode(book) else { return }
        try disk.saveEvidence(
            key: book.key.description, lastFact: book.lastFact, bytes: Array(bytes))
        saved[rollout] = book.lastFact
    }
}
