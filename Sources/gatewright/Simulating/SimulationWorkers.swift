import ArgumentParser
import Foundation
import Synchronization

/// Shares seeds out over processes of this program. A world that crashes the program is found in the
/// piece of work that did not come back.
struct SimulationWorkers {
    /// What one process runs.
    struct Piece: Sendable {
        /// For people, when it does not come back.
        let name: String
        /// `nil` when nobody knows before.
        let worlds: Int?
        let arguments: [String]
    }

    private let count: Int
    private let pieces: [Piece]
    private let failFast: Bool
    private let log: SimulationLog?

    /// Seeds that one process runs: worlds that crash leave something behind, and a process that
    /// ends gives it back.
    private static let pieceMax = 200
    /// Where the first failure ends it, whoever works on later seeds works in vain.
    private static let pieceMaxFailFast = 20

    /// - Parameter failFast: hands out no more pieces once a world has broken something. Pieces are
    ///   handed out in order, so the first seed that does is found whoever is faster.
    init(count: Int, pieces: [Piece], failFast: Bool = false, log: SimulationLog? = nil) {
        self.count = min(count, pieces.count)
        self.pieces = pieces
        self.failFast = failFast
        self.log = log
    }

    /// Pieces of so many seeds, each of which is a world unless some are passed over.
    init(
        count: Int, seeds: Int, from: UInt64, passesOver: Bool, arguments: [String],
        failFast: Bool = false, log: SimulationLog? = nil
    ) {
        let most = failFast ? Self.pieceMaxFailFast : Self.pieceMax
        // What is in a log has to be cut in the same way for any number of processes.
        let size = log == nil ? min(most, max(1, (seeds + count - 1) / count)) : most
        let pieces = stride(from: 0, to: seeds, by: size).map { start in
            let (first, number) = (from + UInt64(start), min(size, seeds - start))
            return Piece(
                name: "seeds \(first) to \(first + UInt64(number) - 1)",
                worlds: passesOver ? nil : number,
                arguments: ["--seeds", "\(number)", "--from", "\(first)"] + arguments
                    + (failFast ? ["--fail-fast"] : []))
        }
        self.init(count: count, pieces: pieces, failFast: failFast, log: log)
    }

    func run() throws -> SimulationTally {
        let shared = Mutex((next: 0, tally: SimulationTally(), failure: String?.none))
        let progress = Mutex(ProgressLine("worlds"))
        let known = pieces.compactMap(\.worlds)
        let total = known.count == pieces.count ? known.reduce(0, +) : nil
        DispatchQueue.concurrentPerform(iterations: count) { _ in
            while true {
                let piece = shared.withLock { shared -> Piece? in
                    guard shared.failure == nil, shared.next < pieces.count,
                        !failFast || shared.tally.failures.isEmpty
                    else { return nil }
                    shared.next += 1
                    return pieces[shared.next - 1]
                }
                guard let piece else { return }
                do {
                    let tally = try work(piece)
                    let done = shared.withLock { shared in
                        shared.tally.add(tally)
                        return shared.tally.seeds
                    }
                    progress.withLock { $0.show(done, of: total) }
                } catch {
                    shared.withLock { $0.failure = $0.failure ?? "\(error)" }
                }
            }
        }
        progress.withLock { $0.clear() }
        let (_, all, failure) = shared.withLock { $0 }
        if let failure { throw ValidationError(failure) }
        var tally = all
        if failFast { tally.keepFirstFailure() }
        return tally
    }

    private func work(_ piece: Piece) throws -> SimulationTally {
        if let known = log?.tally(piece.arguments) { return known }
        let tally = try run(piece)
        try log?.append(tally, piece.arguments)
        return tally
    }

    private func run(_ piece: Piece) throws -> SimulationTally {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Executable.path)
        process.arguments =
            ["simulate", "--workers", "1", "--output", "json"] + piece.arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus <= 1 else {
            throw ValidationError(
                "\(piece.name) ended the process with \(process.terminationStatus); "
                    + "run them one by one")
        }
        return try JSONDecoder().decode(SimulationTally.self, from: bytes)
    }
}
