import Foundation
import Logging
import RolloutCore

/// One JSON object a line on standard error, so that no text can begin a line of its own.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line: [String: String] = ["level": event.level.rawValue, "label": label]
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (key, value) in all { line[key] = "\(value)" }
        line["message"] = "\(event.message)"
        line["at"] = WallClock.now().description
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard var data = try? encoder.encode(line) else { return }
        data.append(UInt8(ascii: "\n"))
        try? FileHandle.standardError.write(contentsOf: data)
    }
}
