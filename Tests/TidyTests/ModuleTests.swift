import Foundation
import Testing

/// Who may know whom. A new arrow is a decision: it is made here and in `docs/architecture.md`.
@Suite struct ModuleTests {
    static let allowed: [String: Set<String>] = [
        "Evidence": [],
        "Conformance": ["Calibration", "Evidence"],
        "Calibration": ["Evidence"],
        "RolloutCore": ["Evidence"],
        "RolloutFiles": ["RolloutCore"],
        "COpenSSL": [],
        "Identity": ["COpenSSL", "RolloutCore", "RolloutFiles"],
        "CGit2": [],
        "Audit": ["Git", "Identity", "Ledger", "RolloutCore", "RolloutFiles"],
        "Secrets": [],
        "Git": ["CGit2", "Secrets"],
        "Ledger": ["Git", "Identity", "RolloutCore", "RolloutFiles"],
        "History": ["RolloutCore"],
        "Signals": ["Evidence", "History", "RolloutCore"],
        "Gateway": ["RolloutCore", "Secrets"],
        "Traffic": ["RolloutCore", "Secrets"],
        "Reconciler": [
            "Git", "History", "Identity", "Ledger", "RolloutCore", "RolloutFiles", "Signals",
            "Traffic",
        ],
        "ControlServer": ["History", "RolloutCore", "Secrets"],
        "CSwiftTasks": [],
        // Drives the reconciler, and knows nothing of processes and sockets.
        "Simulator": [
            "CSwiftTasks", "Calibration", "Git", "History", "Identity", "Ledger", "Reconciler",
            "RolloutCore", "RolloutFiles", "Signals", "Traffic",
        ],
        "CZstd": [],
        "ReferenceFleet": ["CZstd", "RolloutCore"],
        // Knows every concrete type, and nothing knows it.
        "gatewright": [
            "Audit", "Calibration", "Conformance", "ControlServer", "Evidence", "Gateway", "Git",
            "History",
            "Identity", "Ledger", "Reconciler", "ReferenceFleet", "RolloutCore", "RolloutFiles",
            "Secrets", "Signals", "Simulator", "Traffic",
        ],
    ]

    /// Modules that may not touch the world: no clock, file, socket, logger or random source.
    static let pure = ["Evidence", "RolloutCore"]

    /// Where the logarithm comes from on each platform.
    static let mathematics = ["Glibc", "Musl", "Darwin"]

    @Test func everyModuleIsInTheGraph() throws {
        #expect(try Repository.folders(in: "Sources") == Self.allowed.keys.sorted())
    }

    @Test func theGraphHasNoCycle() {
        var rest = Self.allowed
        while let leaf = rest.first(where: { $0.value.isEmpty })?.key {
            rest[leaf] = nil
            for name in rest.keys { rest[name]?.remove(leaf) }
        }
        #expect(rest.isEmpty)
    }

    @Test func importsFollowTheGraph() throws {
        var seen = 0
        for file in try Repository.swift(below: "Sources") {
            for name in file.imports where Self.allowed[name] != nil {
                seen += 1
                #expect(
                    Self.allowed[file.module]?.contains(name) ?? false,
                    "\(file.path) imports \(name), which \(file.module) must not know")
            }
        }
        #expect(seen > 100, "the imports were not found")
    }

    @Test func pureModulesImportNothingElse() throws {
        for module in Self.pure {
            for file in try Repository.swift(below: "Sources/\(module)") {
                let others = Set(file.imports).subtracting(Self.allowed.keys)
                    .subtracting(Self.mathematics)
                #expect(others.isEmpty, "\(file.path) imports \(others.sorted())")
            }
        }
    }

    // A dependency that Package.swift names and nobody imports would allow what the graph forbids.
    @Test func packageNamesTheSameGraph() throws {
        let manifest = try Repository.text("Package.swift")
        for (module, allowed) in Self.allowed {
            guard
                let start = manifest.range(of: "arget(\n            name: \"\(module)\"")
                    ?? manifest.range(of: "arget(name: \"\(module)\"")
            else {
                #expect(
                    ["CGit2", "COpenSSL", "CZstd"].contains(module),
                    "\(module) is not in Package.swift")
                continue
            }
            let rest = manifest[start.upperBound...]
            let end = rest.range(of: "arget(")?.lowerBound ?? rest.endIndex
            let target = rest[..<end].prefix { $0 != "]" }
            let named = Set(target.matches(of: /"(\w+)"/).map { String($0.output.1) })
            let ours = named.intersection(Self.allowed.keys)
            #expect(ours == allowed, "\(module)")
        }
    }

    @Test func everyModuleIsDescribed() throws {
        let text = try Repository.text("docs/architecture.md")
        for module in Self.allowed.keys.sorted() {
            let described = text.split(separator: "\n").contains { line in
                line.contains("`\(module)`") || line.contains("**\(module)**")
                    || (line.hasPrefix("#") && line.hasSuffix(module))
            }
            #expect(described, "docs/architecture.md says nothing of \(module)")
        }
    }
}

extension Repository.SourceText {
    /// The modules that the file imports, also `package import X` and `import struct X.Y`.
    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"),
                words[..<place].allSatisfy({ Self.modifiers.contains($0) || $0.hasPrefix("@") }),
                words.count > place + 1
            else { return nil }
            let isKind = Self.kinds.contains(words[place + 1]) && words.count > place + 2
            return words[isKind ? place + 2 : place + 1].split(separator: ".").first.map(
                String.init)
        }
    }

    private static let modifiers: Set<Substring> = [
        "package", "public", "internal", "private", "fileprivate",
    ]
    private static let kinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]
}
