import Foundation
import RolloutCore

/// Where everything of one demonstration is: folders and ports, all on this machine.
struct DemoWorld {
    let directory: String
    let source: String
    let regions = ["eu-west", "us-east", "ap-south"]
    let gitPort: Int
    let controllerPort: Int
    let gatewayPorts: [Int]
    let adminPorts: [Int]
    let modelPorts: [Int]

    static let rollout = "compression-selector"

    /// - Parameter source: the project, whose policies/ and rollouts/ are served.
    init(directory: String, source: String) throws {
        self.directory = directory
        self.source = source
        var ports = try FreePorts.take(11)
        gitPort = ports.removeFirst()
        controllerPort = ports.removeFirst()
        gatewayPorts = Array(ports[0..<3])
        adminPorts = Array(ports[3..<6])
        modelPorts = Array(ports[6..<9])
    }

    var remote: String { "\(directory)/remote.git" }
    var work: String { "\(directory)/work" }
    var remoteURL: String { "git://127.0.0.1:\(gitPort)/remote.git" }
    var controllerURL: String { "http://127.0.0.1:\(controllerPort)" }
    var gatewayURLs: [String] { gatewayPorts.map { "http://127.0.0.1:\($0)" } }

    /// Makes the bare remote, and a clone of it in which people work.
    func prepare() throws {
        let files = FileManager.default
        try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Git.run(["init", "--quiet", "--bare", "--initial-branch=main", remote])
        try Git.run(["clone", "--quiet", remote, work], quiet: true)
        try Git.run(["-C", work, "checkout", "--quiet", "-B", "main"])
        for folder in ["policies", "rollouts/\(Self.rollout)"] {
            let target = "\(work)/\(folder)"
            try files.createDirectory(
                atPath: (target as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            try files.copyItem(atPath: "\(source)/\(folder)", toPath: target)
        }
        try pointVersionsAtOurServers()
        try configuration.write(
            toFile: "\(directory)/gatewright.yaml", atomically: true, encoding: .utf8)
        try commit("serve compression-selector, beginning with 2.3.1", by: "Ana")
    }

    /// The shipped version files name fixed ports; here they are whatever was free.
    private func pointVersionsAtOurServers() throws {
        let folder = "\(work)/rollouts/\(Self.rollout)/versions"
        for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let path = "\(folder)/\(file)"
            var text = try String(contentsOfFile: path, encoding: .utf8)
            for (index, port) in modelPorts.enumerated() {
                text = text.replacingOccurrences(
                    of: "127.0.0.1:\(9101 + index)", with: "127.0.0.1:\(port)")
            }
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    private var configuration: String {
        let sites = zip(regions, adminPorts).map { "\($0): \"http://127.0.0.1:\($1)\"" }
        return """
            apiVersion: gatewright.dev/v1
            kind: Controller
            metadata: {name: demo}
            spec:
              repository: {url: "\(remoteURL)", branch: main}
              dataDirectory: "\(directory)/controller"
              poll: 1s
              listen: {host: 127.0.0.1, port: \(controllerPort)}
              routers:
                gateway: {gateway: {\(sites.joined(separator: ", "))}}

            """
    }

    /// Changes the one line that asks for a version, and pushes it as a merged pull request would.
    func ask(for version: String) throws {
        let path = "\(work)/rollouts/\(Self.rollout)/rollout.yaml"
        try Git.run(["-C", work, "pull", "--quiet", "--rebase"])
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("  version:") ? "  version: \(version)" : String(line)
        }
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        try commit("compression-selector: \(version)", by: "Ana")
    }

    private func commit(_ subject: String, by name: String) throws {
        try Git.run(["-C", work, "add", "--all"])
        try Git.run([
            "-C", work, "-c", "user.name=\(name)",
            "-c", "user.email=\(name.lowercased())@example.org",
            "commit", "--quiet", "--message", subject,
        ])
        // The controller may have pushed meanwhile.
        for attempt in 1... {
            do {
                return try Git.run(
                    ["-C", work, "push", "--quiet", "origin", "main"], quiet: true)
            } catch {
                if attempt == 10 { throw error }
                try Git.run(["-C", work, "pull", "--quiet", "--rebase"], quiet: true)
            }
        }
    }
}

/// The git program, as people use it.
enum Git {
    struct Failure: Error, CustomStringConvertible { let description: String }

    static func run(_ arguments: [String], quiet: Bool = false) throws {
        _ = try output(arguments)
    }

    static func output(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        var environment = ProcessInfo.processInfo.environment
        // What a person has set up for their own work must not change what happens here.
        for key in environment.keys where key.hasPrefix("GIT_") { environment[key] = nil }
        environment["GIT_CONFIG_GLOBAL"] = "/dev/null"
        environment["GIT_TERMINAL_PROMPT"] = "0"
        environment["GIT_AUTHOR_NAME"] = "gatewright demo"
        environment["GIT_AUTHOR_EMAIL"] = "demo@example.org"
        environment["GIT_COMMITTER_NAME"] = "gatewright demo"
        environment["GIT_COMMITTER_EMAIL"] = "demo@example.org"
        environment["GIT_AUTHOR_NAME"] = nil
        environment["GIT_AUTHOR_EMAIL"] = nil
        process.environment = environment
        let (out, errors) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = errors
        try process.run()
        let data = out.fileHandleForReading.readDataToEndOfFile()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let said = String(validating: text, as: UTF8.self) ?? ""
            throw Failure(
                description: "git \(arguments.joined(separator: " ")) failed: \(said)")
        }
        return String(validating: data, as: UTF8.self) ?? ""
    }
}

/// Ports that nobody uses now.
enum FreePorts {
    static func take(_ count: Int) throws -> [Int] {
        var sockets: [Int32] = []
        defer { sockets.forEach { _ = close($0) } }
        return try (0..<count).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw Git.Failure(description: "no socket is free") }
            sockets.append(descriptor)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let port = withUnsafeMutablePointer(to: &address) { pointer -> UInt16? in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    guard bind(descriptor, generic, length) == 0,
                        getsockname(descriptor, generic, &length) == 0
                    else { return nil }
                    return pointer.pointee.sin_port.bigEndian
                }
            }
            guard let port else { throw Git.Failure(description: "no port is free") }
            return Int(port)
        }
    }
}
