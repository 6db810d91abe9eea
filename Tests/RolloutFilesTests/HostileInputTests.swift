import Foundation
import RolloutFiles
import Testing

/// F1, F2: files made to hurt. None may crash, hang or take 256 MB.
@Suite(.serialized) struct HostileInputTests {
    static let makers: [(String, @Sendable () -> [UInt8])] = [
        ("flow depth 1e5", { Array(String(repeating: "[", count: 100_000).utf8) }),
        ("block depth 1e5", { Array(String(repeating: "- ", count: 100_000).utf8) }),
        ("key depth 1e5", { Array(String(repeating: "? ", count: 100_000).utf8) }),
        ("flow maps", { Array(String(repeating: "{a: ", count: 60_000).utf8) }),
        (
            "indented depth",
            {
                Array((0..<700).map { String(repeating: " ", count: $0) + "a:\n" }.joined().utf8)
            }
        ),
        ("1 M keys", { Array(String(repeating: "k12345: 1\n", count: 1_000_000).utf8) }),
        ("20 k keys", { Array((0..<20_000).map { "k\($0): 1\n" }.joined().utf8) }),
        ("4 k unknown keys", { Array((0..<4_000).map { "k\($0): 1\n" }.joined().utf8) }),
        ("100 k values", { Array(("a: [" + String(repeating: "1,", count: 100_000) + "]").utf8) }),
        ("one long line", { Array(("a: " + String(repeating: "x", count: 250_000)).utf8) }),
        ("one long key", { Array((String(repeating: "x", count: 250_000) + ": 1").utf8) }),
        ("quotes", { Array(String(repeating: "\"", count: 200_000).utf8) }),
        ("anchors", { Array(("a: [" + String(repeating: "&a x, ", count: 40_000) + "]").utf8) }),
        (
            "alias keys",
            {
                var text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
                for level in 0..<20 {
                    let from = level == 0 ? "a" : "a\(level)"
                    let list = Array(repeating: "*\(from)", count: 10).joined(separator: ",")
                    text += "b\(level): &a\(level + 1) [\(list)]\n"
                }
                return Array((text + "? *a20\n: 1\n").utf8)
            }
        ),
        ("64 MB of nothing", { [UInt8](repeating: 0x20, count: 64 << 20) }),
        ("zeros", { [UInt8](repeating: 0, count: 200_000) }),
    ]

    @Test(arguments: makers.map(\.0))
    func F1_F2_hostileFileIsRefusedQuicklyAndCheaply(_ name: String) throws {
        let maker = try #require(Self.makers.first { $0.0 == name })
        let bytes = maker.1()
        // Sets the peak back to what is resident now, so that earlier tests do not hide growth.
        try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
        let before = Self.peakKilobytes()
        var parsed: ParsedFile?
        let time = ContinuousClock().measure {
            parsed = ProjectFiles.parse(path: "policies/groups.yaml", bytes: bytes)
        }
        let file = try #require(parsed)
        #expect(file.hasErrors)
        #expect(file.diagnostics.allSatisfy { "\($0)".utf8.count < 4_096 })
        #expect(time < .seconds(5), "\(name) took \(time)")
        let growth = Self.peakKilobytes() - before
        #expect(growth < 256 << 10, "\(name) took \(growth) KiB")
    }

    /// The largest resident set since the peak was set back.
    static func peakKilobytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return Int(line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first ?? "0")
            ?? 0
    }

    /// A small generator with a fixed seed: random bytes and random cuts of a good file.
    @Test("B10: random damage never crashes")
    func randomDamageNeverCrashes() throws {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % bound
        }
        let alphabet = Array("{}[]:,&*!|>'\"%@`#-? \n\tA0.\u{85}~".utf8) + [0xFF, 0xC3, 0]
        let files = try TestFiles.project().filter { $0.path.hasSuffix(".yaml") }
        for round in 0..<600 {
            let file = files[round % files.count]
            var bytes = file.bytes
            for _ in 0...next(3) {
                let at = next(bytes.count)
                switch next(3) {
                case 0: bytes[at] = alphabet[next(alphabet.count)]
                case 1: bytes.insert(alphabet[next(alphabet.count)], at: at)
                default: bytes.removeSubrange(at..<max(at, min(bytes.count - 1, at + next(9))))
                }
            }
            let parsed = ProjectFiles.parse(path: file.path, bytes: bytes)
            #expect((parsed.content == nil) == parsed.hasErrors)
            for diagnostic in parsed.diagnostics { #expect(!diagnostic.description.isEmpty) }
        }
    }
}
