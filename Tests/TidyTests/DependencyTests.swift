import Testing

/// What this program is built from, besides its own sources.
@Suite struct DependencyTests {
    /// A new package is a decision: it is made here too.
    private static let known: Set<String> = [
        "https://github.com/apple/swift-argument-parser", "https://github.com/apple/swift-crypto",
        "https://github.com/apple/swift-log", "https://github.com/apple/swift-nio",
        "https://github.com/groue/GRDB.swift",
        "https://github.com/hummingbird-project/hummingbird", "https://github.com/jpsim/Yams",
        "https://github.com/swift-server/async-http-client",
        "https://github.com/swift-server/swift-service-lifecycle",
    ]

    @Test("H16: packages are known ones, at releases and not at branches")
    func packagesAreKnownAndReleased() throws {
        let manifest = try Repository.text("Package.swift")
        let named = manifest.matches(of: /\burl: "([^"]+)"/).map { String($0.output.1) }
        #expect(Set(named) == Self.known && named.count == Self.known.count)
        let released = manifest.matches(of: /\burl: "[^"]+", from: "[0-9]+\.[0-9]+\.[0-9]+"/)
        #expect(released.count == named.count)
        for other in ["branch:", "revision:", ".package(path:", ".package(name:"] {
            #expect(!manifest.contains(other), "\(other) in Package.swift")
        }
    }
}
