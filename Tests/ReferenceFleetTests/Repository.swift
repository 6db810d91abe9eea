import Foundation
import ReferenceFleet
import RolloutCore

/// The files that this repository ships.
enum Repository {
    static let rollout = try? RolloutName("compression-selector")

    static func file(_ path: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().resolvingSymlinksInPath()
            .appending(path: "../../\(path)").standardized
    }

    static func fixture(_ name: String) throws -> Data {
        try Data(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "Fixtures/\(name)"))
    }

    static func artifact(_ version: String) -> URL {
        file("rollouts/compression-selector/artifacts/\(version).json")
    }

    /// As the version file declares it; the digest is read by eye for the one line that has it.
    static func load(_ version: String) throws -> ServedModel {
        let path = file("rollouts/compression-selector/versions/\(version).yaml")
        let text = try String(contentsOf: path, encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.contains("    sha256: ") }
        guard let hex = line?.split(separator: "\"").last, let digest = Digest(hex: String(hex))
        else { throw CocoaError(.fileReadCorruptFile) }
        return try ServedModel.load(
            path: artifact(version).path(),
            format: text.contains("format: xgboost-json") ? "xgboost-json" : "gatewright-rules",
            name: RolloutName("compression-selector"),
            version: VersionReference(version: VersionName(version), digest: digest))
    }
}
