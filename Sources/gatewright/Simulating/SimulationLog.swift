import ArgumentParser
import Foundation
import Synchronization

/// Pieces of work that have come to their end, a line of JSON each. Many worlds are run over days:
/// what stands here of the same build is not run again.
final class SimulationLog: Sendable {
    private struct Line: Codable {
        let build: String
        let arguments: [String]
        let tally: SimulationTally
    }

    private let path: String
    private let build: String
    private let known: Mutex<[[String]: SimulationTally]>

    /// - Throws: `ValidationError` when there is something else in the file.
    init(path: String, build: String = BuildID.current ?? Build.software) throws {
        self.path = path
        self.build = build
        var known: [[String]: SimulationTally] = [:]
        let bytes = FileManager.default.contents(atPath: path) ?? Data()
        // What was cut short by a kill has no end; it is run again.
        let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { bytes[...$0] } ?? Data()
        let lines = whole.split(separator: UInt8(ascii: "\n"))
        for (index, line) in lines.enumerated() {
            guard let line = try? JSONDecoder().decode(Line.self, from: line) else {
                throw Self.foreign(path, index + 1)
            }
            if line.build == build { known[line.arguments] = line.tally }
        }
        let rest = bytes.dropFirst(whole.count)
        guard rest.starts(with: Self.head) || Self.head.starts(with: rest) else {
            throw Self.foreign(path, lines.count + 1)
        }
        self.known = Mutex(known)
        if whole.count < bytes.count || bytes.isEmpty { try whole.write(to: url) }
    }

    /// With which each line begins.
    private static let head = Data("{\"arguments\":".utf8)

    private static func foreign(_ path: String, _ line: Int) -> ValidationError {
        ValidationError(
            "\(path):\(line): found something else than a piece of a simulation; name another file")
    }

    private var url: URL { URL(fileURLWithPath: path) }

    func tally(_ arguments: [String]) -> SimulationTally? { known.withLock { $0[arguments] } }

    func append(_ tally: SimulationTally, _ arguments: [String]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let line = Line(build: build, arguments: arguments, tally: tally)
        let bytes = try encoder.encode(line) + Data([UInt8(ascii: "\n")])
        try known.withLock { known in
            let file = try FileHandle(forWritingTo: url)
            defer { try? file.close() }
            try file.seekToEnd()
            try file.write(contentsOf: bytes)
            known[arguments] = tally
        }
    }
}
