import Foundation
import Synchronization

/// A table of a file, by columns.
struct CSVTable: Sendable {
    struct Column: Sendable {
        enum Values: Sendable {
            /// Not-a-number where the cell is missing.
            case numbers([Double], allWhole: Bool)
            /// Cells of each text.
            case texts([String: Int])
        }

        let name: String
        let values: Values
        let missing: Int
    }

    let path: String
    let columns: [Column]
    let rows: Int

    /// Why a file is not a table.
    struct Problem: Error, CustomStringConvertible {
        let path: String
        let line: Int?
        let column: String?
        let found: String

        var description: String {
            let place = line.map { ":\($0)" } ?? ""
            return "\(path)\(place): \(column.map { "column \($0): " } ?? "")\(found)"
        }
    }

    /// Reads a comma-separated file with a header (RFC 4180), on all cores.
    ///
    /// - Parameter wanted: only these columns; all when `nil`.
    init(path: String, wanted: [String]?) throws(Problem) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        } catch {
            throw Problem(
                path: path, line: nil, column: nil, found: "cannot be read as a file")
        }
        let (names, header, headerLines) = data.withUnsafeBytes {
            (raw: UnsafeRawBufferPointer) -> ([String], Int, Int) in
            var scanner = CSVScanner(raw.bindMemory(to: UInt8.self), from: 0, to: raw.count)
            scanner.skipMark()
            return (scanner.header(), scanner.position, scanner.lines)
        }
        guard !names.isEmpty else {
            throw Problem(path: path, line: 1, column: nil, found: "no header, so no columns")
        }
        if let twice = Dictionary(grouping: names, by: { $0 }).first(where: { $0.value.count > 1 })
        {
            throw Problem(
                path: path, line: 1, column: twice.key, found: "the header has it more than once")
        }
        for name in wanted ?? [] where !names.contains(name) {
            throw Problem(
                path: path, line: 1, column: name,
                found:
                    "the header has no such column; it has \(names.prefix(20).joined(separator: ", "))"
            )
        }
        let keep = names.map { wanted?.contains($0) ?? true }
        let starts = Self.starts(data, after: header)
        let pieces = Parallel.map(starts.count - 1) { index in
            data.withUnsafeBytes { (raw: UnsafeRawBufferPointer) in
                CSVPiece(
                    raw.bindMemory(to: UInt8.self), starts[index], starts[index + 1], keep: keep)
            }
        }
        var line = headerLines + 1
        for piece in pieces {
            if let bad = piece.problem {
                throw Problem(
                    path: path, line: line + bad.line, column: nil, found: bad.found)
            }
            line += piece.lines
        }
        let isText = names.indices.map { column in
            pieces.contains { $0.columns[column].isText }
        }
        // Columns with a word in them are read again as words, which is slower.
        let tallies: [[Int: [String: Int]]] =
            isText.contains(true)
            ? Parallel.map(starts.count - 1) { index in
                data.withUnsafeBytes { (raw: UnsafeRawBufferPointer) in
                    CSVPiece.tally(
                        raw.bindMemory(to: UInt8.self), starts[index], starts[index + 1],
                        isText: isText)
                }
            } : []
        columns = names.indices.filter { keep[$0] }.map { column in
            guard isText[column] else {
                return Column(
                    name: names[column],
                    values: .numbers(
                        pieces.flatMap { $0.columns[column].numbers },
                        allWhole: pieces.allSatisfy { $0.columns[column].allWhole }),
                    missing: pieces.reduce(0) { $0 + $1.columns[column].missing })
            }
            var tally: [String: Int] = [:]
            for piece in tallies { tally.merge(piece[column] ?? [:], uniquingKeysWith: +) }
            let rows = pieces.reduce(0) { $0 + $1.rows }
            return Column(
                name: names[column], values: .texts(tally),
                missing: rows - tally.values.reduce(0, +))
        }
        self.path = path
        rows = pieces.reduce(0) { $0 + $1.rows }
        guard rows > 0 else {
            throw Problem(path: path, line: 2, column: nil, found: "a header, but no rows")
        }
    }

    /// Where pieces of whole rows begin, and the end. A line feed ends a row when an even number
    /// of quotes is before it.
    private static func starts(_ data: Data, after header: Int) -> [Int] {
        let size = data.count - header
        let pieces = min(max(size / 65_536, 1), Parallel.width * 4)
        let cuts = (0...pieces).map { header + size * $0 / pieces }
        let quotes = Parallel.map(pieces) { index -> Int in
            data.withUnsafeBytes { (raw: UnsafeRawBufferPointer) -> Int in
                raw[cuts[index]..<cuts[index + 1]].reduce(0) {
                    $1 == UInt8(ascii: "\"") ? $0 + 1 : $0
                }
            }
        }
        return data.withUnsafeBytes { (raw: UnsafeRawBufferPointer) -> [Int] in
            var starts = [header]
            var before = 0
            for index in 1..<max(pieces, 1) {
                before += quotes[index - 1]
                var isQuoted = !before.isMultiple(of: 2)
                var position = cuts[index]
                while position < raw.count {
                    let byte = raw[position]
                    if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
                    position += 1
                    if byte == UInt8(ascii: "\n"), !isQuoted { break }
                }
                if let last = starts.last, position > last, position < raw.count {
                    starts.append(position)
                }
            }
            return starts + [raw.count]
        }
    }
}

/// Work on all cores.
enum Parallel {
    static var width: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    /// `body` of 0..<count, in order.
    static func map<T: Sendable>(_ count: Int, _ body: @Sendable (Int) -> T) -> [T] {
        let results = Mutex<[T?]>(Array(repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let result = body(index)
            results.withLock { $0[index] = result }
        }
        return results.withLock { $0.compactMap { $0 } }
    }
}
