import Foundation
import Testing

@testable import gatewright

@Suite struct BuildIDTests {
    /// The same as `readelf` finds in the program itself.
    @Test func isTheLinkersOwn() throws {
        let path = try Bench.program()
        let file = try #require(FileHandle(forReadingAtPath: path))
        let found = BuildID.read { offset, count in
            try? file.seek(toOffset: offset)
            return (try? file.read(upToCount: count)).map { Array($0) }
        }
        let id = try #require(found)
        #expect(id.count >= 16 && id.allSatisfy(\.isHexDigit))
        // The bytes are in the file, behind the name of the note.
        let head = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
            .prefix(1 << 20)
        let bytes = stride(from: 0, to: id.count, by: 2).compactMap { place in
            UInt8(id.dropFirst(place).prefix(2), radix: 16)
        }
        #expect(head.range(of: Data("GNU\0".utf8) + Data(bytes)) != nil)
    }

    @Test func whatIsNoProgramHasNone() {
        for bytes in [[], [UInt8](repeating: 0, count: 64), Array("\u{7f}ELF".utf8)] {
            #expect(BuildID.read { _, count in bytes.count >= count ? bytes : nil } == nil)
        }
        // A program whose header points nowhere.
        var header = [UInt8](repeating: 0xff, count: 64)
        header.replaceSubrange(0..<6, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1])
        #expect(BuildID.read { offset, count in offset == 0 ? header : nil } == nil)
    }
}
