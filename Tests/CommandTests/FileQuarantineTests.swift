import Foundation
import Logging
import RolloutFiles
import Testing

@testable import gatewright

/// Lives of a controller that end while they read a file.
@Suite struct FileQuarantineTests {
    private let folder =
        FileManager.default.temporaryDirectory.path + "/gatewright-quarantine-" + UUID().uuidString
    private let bad = Array("bad: [".utf8)
    private let path = "rollouts/zeta/rollout.yaml"

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private var mark: URL { URL(fileURLWithPath: folder + "/reading") }

    private func life() -> FileQuarantine {
        FileQuarantine(folder: folder, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A life that ends while it reads these bytes leaves what stood on disk at that moment.
    private func endWhileReading(_ bytes: [UInt8]) throws {
        let (folder, moment) = (folder, folder + "-moment")
        let quarantine = FileQuarantine(
            folder: folder, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { path, bytes, entry in
            try? FileManager.default.copyItem(atPath: folder, toPath: moment)
            return ProjectFiles.parse(path: path, bytes: bytes, entry: entry)
        }
        _ = quarantine.parse(path, bytes, .file)
        try FileManager.default.removeItem(atPath: folder)
        try FileManager.default.moveItem(atPath: moment, toPath: folder)
    }

    private func isPutAside(_ file: ParsedFile) -> Bool {
        file.diagnostics.contains { $0.message.contains("ended 3 times while it read this file") }
    }

    @Test("B10: a file that ended three lives in a row is not read again, and others are")
    func aFileThatEndedThreeLivesIsPutAside() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for _ in 0..<2 { try endWhileReading(bad) }
        try endWhileReading(bad)
        for _ in 0..<2 {
            let quarantine = life()
            #expect(isPutAside(quarantine.parse(path, bad, .file)))
            // Other bytes at the same path are another file, and so are other paths' bytes.
            #expect(!isPutAside(quarantine.parse(path, bad + [UInt8(ascii: "]")], .file)))
            #expect(isPutAside(quarantine.parse("rollouts/eta/rollout.yaml", bad, .file)))
        }
    }

    @Test("B10: a file that is read to its end is no suspect any more")
    func aFileThatIsReadIsNoSuspect() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for _ in 0..<4 {
            for _ in 0..<2 { try endWhileReading(bad) }
            #expect(!isPutAside(life().parse(path, bad, .file)))
        }
        // A life that ends when nothing is read accuses nobody.
        for _ in 0..<4 { _ = life() }
        #expect(!isPutAside(life().parse(path, bad, .file)))
    }

    @Test("B10: what stands on disk is not believed blindly")
    func whatStandsOnDiskIsNotBelieved() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data([0xff, 0x20, 0xfe]).write(to: mark)
        try Data("{}}".utf8).write(to: URL(fileURLWithPath: folder + "/suspects.json"))
        #expect(!isPutAside(life().parse(path, bad, .file)))
    }
}
