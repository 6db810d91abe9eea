import Foundation

/// What the linker called this very build: the GNU build id in the notes of an ELF file (System V
/// ABI, "Note Section"; `readelf -n` prints it).
///
/// Read from a few hundred bytes: a controller that restarts to take a step back must not first
/// hash a program of a hundred megabytes.
enum BuildID {
    /// In hexadecimal; `nil` where the program has none.
    static let current: String? = {
        guard let file = FileHandle(forReadingAtPath: "/proc/self/exe") else { return nil }
        defer { try? file.close() }
        return read { offset, count in
            guard (try? file.seek(toOffset: offset)) != nil,
                let data = try? file.read(upToCount: count), data.count == count
            else { return nil }
            return Array(data)
        }
    }()

    private static let noteSegment: UInt64 = 4
    private static let buildIDNote: UInt64 = 3
    /// More notes than this are not a linker's.
    private static let notesMax: UInt64 = 4_096

    static func read(_ part: (_ offset: UInt64, _ count: Int) -> [UInt8]?) -> String? {
        guard let header = part(0, 64), header.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else {
            return nil
        }
        let table = number(header, at: 32, bytes: 8)
        let (size, count) = (number(header, at: 54, bytes: 2), number(header, at: 56, bytes: 2))
        guard size >= 56, count < 256 else { return nil }
        for index in 0..<count {
            guard let entry = part(table &+ index &* size, 56) else { return nil }
            let length = number(entry, at: 32, bytes: 8)
            guard number(entry, at: 0, bytes: 4) == noteSegment, length <= notesMax,
                let notes = part(number(entry, at: 8, bytes: 8), Int(length))
            else { continue }
            if let found = buildID(in: notes) { return found }
        }
        return nil
    }

    private static func buildID(in notes: [UInt8]) -> String? {
        var place = 0
        while place + 12 <= notes.count {
            let name = Int(number(notes, at: place, bytes: 4))
            let size = Int(number(notes, at: place + 4, bytes: 4))
            let start = place + 12 + aligned(name)
            guard start + size <= notes.count else { return nil }
            if number(notes, at: place + 8, bytes: 4) == buildIDNote,
                notes[(place + 12)...].starts(with: Array("GNU\0".utf8))
            {
                return notes[start..<(start + size)].map { byte in
                    (byte < 16 ? "0" : "") + String(byte, radix: 16)
                }.joined()
            }
            place = start + aligned(size)
        }
        return nil
    }

    private static func aligned(_ count: Int) -> Int { (count + 3) & ~3 }

    /// Little-endian; bytes beyond the end are zero.
    private static func number(_ bytes: [UInt8], at place: Int, bytes count: Int) -> UInt64 {
        (0..<count).reduce(UInt64(0)) { sum, index in
            let byte = bytes.indices.contains(place + index) ? bytes[place + index] : 0
            return sum | UInt64(byte) << UInt64(8 * index)
        }
    }
}
