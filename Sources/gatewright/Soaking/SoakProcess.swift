import Foundation
import Synchronization

/// One process of a soak through all its lives, and when it was away.
final class SoakProcess: Sendable {
    private struct State {
        var child: Child?
        var lives = 0
        /// Nothing begins any more.
        var isRetired = false
        /// From when it was taken away until it answered again.
        var absences: [(from: ContinuousClock.Instant, to: ContinuousClock.Instant?)] = []
    }

    let name: String
    let log: String
    private let arguments: [String]
    private let environment: [String: String]
    private let state = Mutex(State())

    init(
        _ name: String, _ arguments: [String], directory: String,
        adding variables: [String: String] = [:]
    ) {
        self.name = name
        self.arguments = arguments
        log = "\(directory)/\(name).log"
        environment = GitProgram.demo.environment.merging(variables) { $1 }
    }

    var lives: Int { state.withLock { $0.lives } }

    /// Begins a life, unless one goes on.
    func start() throws {
        try state.withLock { state in
            if state.isRetired { return }
            if let child = state.child, child.status == nil { return }
            state.child = try Child(
                Executable.path, arguments, log: log, environment: environment)
            state.lives += 1
        }
    }

    func kill() {
        state.withLock { state in
            state.absences.append((.now, nil))
            state.child?.kill()
            state.child = nil
        }
    }

    /// Kills it for good.
    func retire() {
        state.withLock { $0.isRetired = true }
        kill()
    }

    /// It was killed and answers again.
    func isBack() {
        state.withLock { state in
            guard let last = state.absences.indices.last, state.absences[last].to == nil else {
                return
            }
            state.absences[last].to = .now
        }
    }

    func send(_ signal: Int32) { state.withLock { $0.child?.send(signal) } }

    /// - Returns: the exit code; `nil` when it did not run.
    func terminate() async throws -> Int32? {
        let child = state.withLock { state in
            defer { state.child = nil }
            return state.child
        }
        return try await child?.terminate(within: .seconds(30))
    }

    /// The exit code of a life that nobody ended, once.
    func takeUnexpectedEnd() -> Int32? {
        state.withLock { state in
            guard let status = state.child?.status else { return nil }
            state.child = nil
            return status
        }
    }

    /// Whether it was away at any moment of this time.
    func wasAway(from: ContinuousClock.Instant, to: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            state.absences.contains { $0.from <= to && ($0.to ?? to) >= from }
        }
    }

    /// The newest lines of its log.
    var logEnd: String {
        guard let file = FileHandle(forReadingAtPath: log) else { return "" }
        defer { try? file.close() }
        let size = (try? file.seekToEnd()) ?? 0
        try? file.seek(toOffset: size > 2_000 ? size - 2_000 : 0)
        let text = (try? file.readToEnd()).flatMap { String(validating: $0, as: UTF8.self) }
        return text?.split(separator: "\n").suffix(5).joined(separator: "\n") ?? ""
    }
}
