/// Walks over the cells of a piece of a table. The piece begins at the start of a row.
struct CSVScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let end: Int
    private(set) var position: Int
    /// Line feeds passed.
    private(set) var lines = 0
    /// Whether a quote was never closed, or text follows a closing quote.
    private(set) var isBroken = false
    private var unquoted: [UInt8] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) {
        self.bytes = bytes
        position = start
        self.end = end
    }

    var isAtEnd: Bool { position >= end }

    /// A byte order mark.
    mutating func skipMark() {
        if end - position >= 3, bytes[position] == 0xEF, bytes[position + 1] == 0xBB,
            bytes[position + 2] == 0xBF
        {
            position += 3
        }
    }

    /// Gives each cell of the next row with its index. Empty lines are passed over.
    ///
    /// - Returns: how many cells the row has; 0 at the end or for an empty line.
    @inline(__always)
    mutating func row(_ body: (Int, UnsafeBufferPointer<UInt8>) -> Void) -> Int {
        var column = 0
        while true {
            let start = position
            if position < end, bytes[position] == UInt8(ascii: "\"") {
                quoted(column, body)
            } else {
                while position < end, bytes[position] != UInt8(ascii: ","),
                    bytes[position] != UInt8(ascii: "\n")
                {
                    position += 1
                }
                var stop = position
                if stop > start, stop == end || bytes[stop] == UInt8(ascii: "\n"),
                    bytes[stop - 1] == UInt8(ascii: "\r")
                {
                    stop -= 1
                }
                let isOver = position >= end || bytes[position] == UInt8(ascii: "\n")
                if column == 0, isOver, stop == start {
                    endRow()
                    return 0
                }
                body(column, UnsafeBufferPointer(rebasing: bytes[start..<stop]))
            }
            column += 1
            guard position < end, bytes[position] == UInt8(ascii: ",") else { break }
            position += 1
        }
        endRow()
        return column
    }

    private mutating func endRow() {
        if position < end, bytes[position] == UInt8(ascii: "\r") { position += 1 }
        if position < end {
            if bytes[position] == UInt8(ascii: "\n") { lines += 1 } else { isBroken = true }
            position += 1
        }
    }

    private mutating func quoted(_ column: Int, _ body: (Int, UnsafeBufferPointer<UInt8>) -> Void) {
        position += 1
        unquoted.removeAll(keepingCapacity: true)
        while position < end {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard position < end, bytes[position] == UInt8(ascii: "\"") else {
                    unquoted.withUnsafeBufferPointer { body(column, $0) }
                    return
                }
                position += 1
            } else if byte == UInt8(ascii: "\n") {
                lines += 1
            }
            unquoted.append(byte)
        }
        isBroken = true
    }

    /// The names of the first row.
    mutating func header() -> [String] {
        var names: [String] = []
        _ = row { _, cell in names.append(String(decoding: cell, as: UTF8.self)) }
        return names
    }
}

/// Some rows of a table, read on one core.
struct CSVPiece: Sendable {
    struct Column: Sendable {
        var numbers: [Double] = []
        var missing = 0
        var allWhole = true
        var isText = false
    }

    private(set) var columns: [Column]
    private(set) var rows = 0
    private(set) var lines = 0
    /// The first row that is wrong, counted in lines from the start of the piece.
    private(set) var problem: (line: Int, found: String)?

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, keep: [Bool]) {
        columns = Array(repeating: Column(), count: keep.count)
        var scanner = CSVScanner(bytes, from: start, to: end)
        while !scanner.isAtEnd {
            let line = scanner.lines
            let cells = columns.withUnsafeMutableBufferPointer { columns in
                scanner.row { column, cell in
                    guard column < keep.count, keep[column], !columns[column].isText else { return }
                    if let (value, isWhole) = CSVNumber.parse(cell) {
                        columns[column].numbers.append(value)
                        if !isWhole { columns[column].allWhole = false }
                    } else if CSVNumber.isMissing(cell) {
                        columns[column].numbers.append(.nan)
                        columns[column].missing += 1
                        columns[column].allWhole = false
                    } else {
                        columns[column].isText = true
                    }
                }
            }
            if scanner.isBroken {
                problem = (line, "a quote is not closed, or text follows a closing quote")
                break
            }
            if cells == 0 { continue }
            if cells != keep.count {
                problem = (line, "\(cells) cells; the header has \(keep.count)")
                break
            }
            rows += 1
        }
        lines = scanner.lines
    }

    /// How often each text occurs in the columns that hold text.
    static func tally(
        _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, isText: [Bool]
    ) -> [Int: [String: Int]] {
        var tallies = [[String: Int]](repeating: [:], count: isText.count)
        var scanner = CSVScanner(bytes, from: start, to: end)
        while !scanner.isAtEnd {
            tallies.withUnsafeMutableBufferPointer { tallies in
                _ = scanner.row { column, cell in
                    guard column < isText.count, isText[column], !CSVNumber.isMissing(cell) else {
                        return
                    }
                    tallies[column][String(decoding: cell, as: UTF8.self), default: 0] += 1
                }
            }
        }
        return Dictionary(
            uniqueKeysWithValues: isText.indices.filter { isText[$0] }.map { ($0, tallies[$0]) })
    }
}
