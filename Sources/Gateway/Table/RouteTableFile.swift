import Foundation
import RolloutCore

/// The route table on disk, so that a gateway serves the same after a restart, also without a
/// controller.
struct RouteTableFile: Sendable {
    let path: String
    let region: RegionName

    struct WriteFailure: Error, CustomStringConvertible {
        let description: String
    }

    private struct Shape: Codable {
        var format: Int
        var region: RegionName
        var tableVersion: Int
        var routes: [Route]
        var withdrawn: [RolloutName: Int]
    }

    /// Routes of 10,000 rollouts take about 10 MiB.
    private static let bytesMax = 64 * 1024 * 1024

    /// `nil` when there is no file yet.
    func load() throws -> RouteTable.Contents? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RouteTableDamage(path: path, found: "the file cannot be read")
        }
        guard data.count <= Self.bytesMax else {
            throw RouteTableDamage(
                path: path, found: "\(data.count) bytes, and \(Self.bytesMax) at most")
        }
        let shape: Shape
        do {
            shape = try JSONDecoder().decode(Shape.self, from: data)
        } catch {
            throw RouteTableDamage(path: path, found: "not a route table (\(error))")
        }
        guard shape.format == 1 else {
            throw RouteTableDamage(path: path, found: "format \(shape.format), and 1 is known here")
        }
        guard shape.region == region else {
            throw RouteTableDamage(
                path: path, found: "region \(shape.region), and this is \(region)")
        }
        let routes = Dictionary(shape.routes.map { ($0.rollout, $0) }) { first, _ in first }
        return RouteTable.Contents(
            version: shape.tableVersion, routes: routes, withdrawn: shape.withdrawn)
    }

    /// Writes beside the file, waits for the disk, renames, and waits for the folder.
    func save(_ contents: RouteTable.Contents) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(
            Shape(
                format: 1, region: region, tableVersion: contents.version,
                routes: contents.routes.values.sorted { $0.rollout < $1.rollout },
                withdrawn: contents.withdrawn))
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open", temporary) }
        do {
            defer { close(descriptor) }
            try write(data, to: descriptor, temporary)
            guard fsync(descriptor) == 0 else { throw failure("fsync", temporary) }
        }
        guard rename(temporary, path) == 0 else { throw failure("rename", temporary) }
        try syncFolder()
    }

    private func write(_ data: Data, to descriptor: Int32, _ name: String) throws {
        try data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Foundation.write(
                    descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw failure("write", name) }
                rest = rest.dropFirst(count)
            }
        }
    }

    private func syncFolder() throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync", folder) }
    }

    private func failure(_ operation: String, _ name: String) -> WriteFailure {
        WriteFailure(
            description: "\(operation) \(name): \(String(cString: strerror(errno))); "
                + "make room or make the folder writable")
    }
}

/// A route file that exists and cannot be used. Starting empty instead would forget which
/// generations were seen, so a person decides.
package struct RouteTableDamage: Error, CustomStringConvertible {
    let path: String
    let found: String

    package var description: String {
        "\(path): \(found); move the file away to start without routes, "
            + "and the controller will send them again"
    }
}
