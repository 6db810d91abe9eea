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

    /// - Parameters:
    ///   - source: the project, whose policies/ and rollouts/ are served.
    ///   modelPort: of the first model server, the others follow; `nil` takes free ones.
    init(directory: String, source: String, modelPort: Int?) throws {
        self.directory = directory
        self.source = source
        var ports = try FreePorts.take(11)
        gitPort = ports.removeFirst()
        controllerPort = ports.removeFirst()
        gatewayPorts = Array(ports[0..<3])
        adminPorts = Array(ports[3..<6])
        modelPorts = modelPort.map { first in (0..<3).map { first + $0 } } ?? Array(ports[6..<9])
    }

    var people: DemoPeople { DemoPeople(directory: directory) }
    var remote: String { "\(directory)/remote.git" }
    var work: String { "\(directory)/work" }
    var remoteURL: String { "git://127.0.0.1:\(gitPort)/remote.git" }
    var controllerURL: String { "http://127.0.0.1:\(controllerPort)" }
    var gatewayURLs: [String] { gatewayPorts.map { "http://127.0.0.1:\($0)" } }

    /// Makes the bare remote, and a clone of it in which people work.
    func prepare() throws {
        let files = FileManager.default
        try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try GitProgram.demo.run(["init", "--quiet", "--bare", "--initial-branch=main", remote])
        try GitProgram.demo.run(["clone", "--quiet", remote, work])
        try GitProgram.demo.run(["-C", work, "checkout", "--quiet", "-B", "main"])
        for folder in ["policies", "rollouts/\(Self.rollout)"] {
            let target = "\(work)/\(folder)"
            try files.createDirectory(
                atPath: (target as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            try files.copyItem(atPath: "\(source)/\(folder)", toPath: target)
        }
        try pointVersionsAtOurServers()
        try pointPoliciesAtOurPeople()
        try setVersion("2.3.1")
        try configuration.write(
            toFile: "\(directory)/gatewright.yaml", atomically: true, encoding: .utf8)
        try commit("serve compression-selector, beginning with 2.3.1", by: DemoPeople.author)
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

    /// Their keys are made here, and nobody waits for office hours.
    private func pointPoliciesAtOurPeople() throws {
        try people.prepare().write(
            toFile: "\(work)/policies/signers", atomically: true, encoding: .utf8)
        let path = "\(work)/rollouts/\(Self.rollout)/rollout.yaml"
        let lines = try String(contentsOfFile: path, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("  windows:") }
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }

    private var configuration: String {
        let sites = zip(regions, adminPorts).map { "\($0): \"http://127.0.0.1:\($1)\"" }
        return """
            apiVersion: gatewright.dev/v1
            kind: Controller
            spec:
              repository: {url: "\(remoteURL)", branch: main}
              dataDirectory: "\(directory)/controller"
              identity: {name: \(DemoPeople.controller), keyFile: "\(people.controllerKey)"}
              poll: 1s
              listen: {host: 127.0.0.1, port: \(controllerPort)}
              routers:
                gateway: {gateway: {\(sites.joined(separator: ", "))}}

            """
    }

    /// Changes the one line that asks for a version, and pushes it as a merged pull request would.
    func ask(for version: String) throws {
        try pull(DemoPeople.author)
        try setVersion(version)
        try commit("compression-selector: \(version)", by: DemoPeople.author)
    }

    private func setVersion(_ version: String) throws {
        let path = "\(work)/rollouts/\(Self.rollout)/rollout.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("  version:") ? "  version: \(version)" : String(line)
        }
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func pull(_ person: String) throws {
        try GitProgram.demo.run(
            ["-C", work] + people.settings(person) + ["pull", "--quiet", "--rebase"])
    }

    private func commit(_ subject: String, by person: String) throws {
        try GitProgram.demo.run(["-C", work, "add", "--all"])
        try GitProgram.demo.run(
            ["-C", work] + people.settings(person) + ["commit", "--quiet", "--message", subject])
        // The controller may have pushed meanwhile.
        for attempt in 1... {
            do {
                return try GitProgram.demo.run(
                    ["-C", work, "push", "--quiet", "origin", "main"])
            } catch {
                if attempt == 10 { throw error }
                try pull(person)
            }
        }
    }
}
