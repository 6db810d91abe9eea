import Foundation
import Logging
import Testing

@testable import gatewright

@Suite struct LogTests {
    // A real log on a real standard error, in a process of its own.
    @Test("H14: whatever is logged, it is one JSON object on one line")
    func everyEventIsOneLine() async throws {
        let result = await #expect(
            processExitsWith: .success, observing: [\.standardErrorContent]
        ) {
            var log = Logger(label: "a\nb") { JSONLogHandler(label: $0) }
            log[metadataKey: "who\r\n"] = "sam\n{\"level\":\"critical\",\"message\":\"forged\"}"
            log.info("\u{1B}[31mred\u{1B}[0m\r\n\u{7}\u{0}end", metadata: ["by": "ana\u{B}\u{C}"])
        }
        let bytes = try #require(result?.standardErrorContent)
        let lines = bytes.split(separator: UInt8(ascii: "\n")).filter {
            $0.first == UInt8(ascii: "{")
        }
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        #expect(line.allSatisfy { $0 >= 0x20 })
        let read = try JSONDecoder().decode([String: String].self, from: Data(line))
        #expect(read["level"] == "info" && read["label"] == "a\nb" && read["by"] == "ana\u{B}\u{C}")
        #expect(read["message"] == "\u{1B}[31mred\u{1B}[0m\r\n\u{7}\u{0}end")
        #expect(read["who\r\n"]?.hasPrefix("sam\n{") ?? false)
    }
}
