// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is built with: warnings are errors, and the
/// language features that Swift 7 will make the default are on today.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Nobody waits for a test's own code to run: optimising it took a third of a whole release build.
let tests: [SwiftSetting] =
    strict + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

/// What speaks HTTP over sockets of its own.
let sockets: [Target.Dependency] = [
    .product(name: "Logging", package: "swift-log"),
    .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

let package = Package(
    name: "gatewright",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Pure: no clock, no file, no logger, no random source.
        .target(name: "Evidence", swiftSettings: strict),
        .target(name: "RolloutCore", dependencies: ["Evidence"], swiftSettings: strict),

        // What shows that the statistics are right: other libraries' numbers, and simulation.
        .target(name: "Calibration", dependencies: ["Evidence"], swiftSettings: strict),
        .target(
            name: "Conformance", dependencies: ["Calibration", "Evidence"], swiftSettings: strict),

        // Keys and signatures.
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "Identity", dependencies: ["COpenSSL", "RolloutCore", "RolloutFiles"],
            swiftSettings: strict),

        // Secrets of the operator's, which may change while we run.
        .target(name: "Secrets", swiftSettings: strict),

        // Files and git.
        .target(
            name: "RolloutFiles", dependencies: ["RolloutCore", "Yams"], swiftSettings: strict),
        .systemLibrary(
            name: "CGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        .target(
            name: "Git",
            dependencies: ["CGit2", "Secrets", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .target(
            name: "Ledger",
            dependencies: [
                "Git", "Identity", "RolloutCore", "RolloutFiles",
                .product(name: "Crypto", package: "swift-crypto"),
            ], swiftSettings: strict),

        .target(
            name: "Audit",
            dependencies: ["Git", "Identity", "Ledger", "RolloutCore", "RolloutFiles"],
            swiftSettings: strict),

        // Observations and evidence.
        .target(
            name: "History",
            dependencies: [
                "RolloutCore", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ], swiftSettings: strict),
        .target(
            name: "Signals", dependencies: ["Evidence", "History", "RolloutCore"],
            swiftSettings: strict),

        // Traffic.
        .target(
            name: "Gateway",
            dependencies: [
                "RolloutCore", "Secrets", .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], swiftSettings: strict),
        .target(
            name: "Traffic",
            dependencies: [
                "RolloutCore", "Secrets",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], swiftSettings: strict),

        // The loop, and what speaks for it.
        .target(
            name: "Reconciler",
            dependencies: [
                "Git", "History", "Identity", "Ledger", "RolloutCore", "RolloutFiles", "Signals",
                "Traffic",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .target(
            name: "ControlServer",
            dependencies: [
                "History", "RolloutCore", "Secrets",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),

        // The loop again, on one thread, in a world where everything goes wrong.
        .target(name: "CSwiftTasks"),
        .target(
            name: "Simulator",
            dependencies: [
                "CSwiftTasks", "Calibration", "Git", "History", "Identity", "Ledger", "Reconciler",
                "RolloutCore", "RolloutFiles", "Signals", "Traffic",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),

        // The workload that the shipped rollouts serve.
        .systemLibrary(
            name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(
            name: "ReferenceFleet",
            dependencies: [
                "CZstd", "RolloutCore", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], swiftSettings: strict),

        // Commands, and the only place that knows every concrete type.
        .executableTarget(
            name: "gatewright",
            dependencies: [
                "Audit", "Calibration", "Conformance", "ControlServer", "Evidence", "Gateway",
                "Git",
                "History", "Identity", "Ledger", "Reconciler", "ReferenceFleet", "RolloutCore",
                "RolloutFiles", "Secrets", "Signals", "Simulator", "Traffic",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),

        .testTarget(
            name: "EvidenceTests", dependencies: ["Evidence"], swiftSettings: tests),
        .testTarget(
            name: "CalibrationTests", dependencies: ["Calibration", "Evidence"],
            swiftSettings: tests),
        .testTarget(
            name: "ConformanceTests", dependencies: ["Conformance"], exclude: ["Vectors"],
            swiftSettings: tests),
        .testTarget(
            name: "RolloutCoreTests", dependencies: ["Evidence", "RolloutCore"],
            swiftSettings: tests),
        .testTarget(
            name: "RolloutFilesTests", dependencies: ["RolloutCore", "RolloutFiles"],
            exclude: ["Corpus", "Fixtures", "Golden"], swiftSettings: tests),
        .testTarget(
            name: "GitTests", dependencies: ["Git", "Secrets", "gatewright"], swiftSettings: tests),
        .testTarget(
            name: "SignalsTests", dependencies: ["Evidence", "History", "RolloutCore", "Signals"],
            swiftSettings: tests),
        .testTarget(
            name: "SimulatorTests",
            dependencies: [
                "Calibration", "ControlServer", "Git", "History", "Identity", "Ledger",
                "Reconciler", "RolloutCore", "Simulator",
            ], swiftSettings: tests),
        .testTarget(
            name: "LedgerTests",
            dependencies: ["Git", "Ledger", "RolloutCore", "RolloutFiles", "gatewright"],
            swiftSettings: tests),
        .testTarget(
            name: "ReconcilerTests",
            dependencies: [
                "Git", "History", "Identity", "Ledger", "Reconciler", "RolloutCore",
                "RolloutFiles", "Signals", "Traffic",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: tests),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Calibration", "Git", "History", "Ledger", "RolloutCore", "RolloutFiles",
                "gatewright",
            ] + sockets, exclude: ["Golden"], swiftSettings: tests),
        .testTarget(
            name: "IdentityTests",
            dependencies: [
                "Identity", "RolloutCore", "RolloutFiles",
                .product(name: "Crypto", package: "swift-crypto"),
            ], exclude: ["Fixtures"], swiftSettings: tests),
        .testTarget(
            name: "AuditTests",
            dependencies: [
                "Audit", "CGit2", "Evidence", "Git", "Identity", "Ledger", "RolloutCore",
                "RolloutFiles",
            ], swiftSettings: tests),
        .testTarget(name: "TidyTests", swiftSettings: tests),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Gateway", "Git", "Ledger", "Reconciler", "RolloutCore", "RolloutFiles",
                "gatewright",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ] + sockets, swiftSettings: tests),
        .testTarget(
            name: "ProjectTests", dependencies: ["Ledger", "RolloutCore", "RolloutFiles"],
            swiftSettings: tests),
        .testTarget(
            name: "HistoryTests",
            dependencies: [
                "History", "RolloutCore", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: tests),
        .testTarget(
            name: "ControlServerTests",
            dependencies: [
                "ControlServer", "History", "RolloutCore", "Secrets",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ] + sockets, swiftSettings: tests),
        .testTarget(
            name: "GatewayTests", dependencies: ["Gateway", "RolloutCore", "Secrets"] + sockets,
            swiftSettings: tests),
        .testTarget(
            name: "TrafficTests",
            dependencies: [
                "Gateway", "RolloutCore", "Secrets", "Traffic",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ] + sockets, swiftSettings: tests),
        .testTarget(
            name: "ReferenceFleetTests",
            dependencies: [
                "ReferenceFleet", "RolloutCore",
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
            ] + sockets, exclude: ["Fixtures"], swiftSettings: tests),
    ]
)
