// swift-tools-version:6.2

import PackageDescription

let strict: [SwiftSetting] = [
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
    .enableUpcomingFeature("InternalImportsByDefault"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
    .enableUpcomingFeature("MemberImportVisibility"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    .enableUpcomingFeature("ExistentialAny"),
]

// The C kernels carry the hot paths, so they are optimised in debug builds too: tests push real amounts of content.
let optimised: [CSetting] = [.unsafeFlags(["-O2"])]
let optimisedCxx: [CXXSetting] = [.unsafeFlags(["-O2"])]

// For each item there are hundreds of calls into Lua. They cost less inside of one program than from one library to
// another: handlers that rewrite everything run 9 % faster.
let insideLua = LinkerSetting.unsafeFlags(["-Xlinker", "-l:liblua5.4.a"])

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

// Nobody but scripts/fuzz links our decoders on their own.
let decoders: [Product] =
    Context.environment["TIDELOCK_FUZZ"] == nil
    ? [] : [.library(name: "Decoders", type: .static, targets: ["FuzzedDecoders"])]

let package = Package(
    name: "tidelock",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "tidelock", targets: ["tidelock"])] + decoders,
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // C
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLua", providers: [.apt(["liblua5.4-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "CFiles"),
        .target(
            name: "JSONKernel", dependencies: ["CCrypto"], cxxSettings: optimisedCxx,
            linkerSettings: [.linkedLibrary("simdjson")]),
        .target(
            name: "LuaKernel", dependencies: ["CLua", "JSONKernel"], cSettings: optimised, linkerSettings: [insideLua]),
        // wrappers
        .target(name: "LuaRuntime", dependencies: ["LuaKernel"], swiftSettings: strict),
        .target(name: "CurlHTTP", dependencies: ["CCurl"], swiftSettings: strict),
        .target(name: "PrometheusMetrics", dependencies: [coreMetrics], swiftSettings: strict),
        // words
        .target(name: "ContentModel", dependencies: ["JSONKernel"], swiftSettings: strict),
        // declarations
        .target(name: "HookCatalog", dependencies: ["ContentModel"], swiftSettings: strict),
        // rules
        .target(name: "SyncProtocol", dependencies: ["ContentModel", "CZstd", crypto, jwt], swiftSettings: strict),
        .target(
            name: "SyncEngine", dependencies: ["ContentModel", "HookCatalog", "SyncProtocol"], swiftSettings: strict),
        // adapters
        .target(
            name: "ContentStore",
            dependencies: [
                "ContentModel", "HookCatalog", "SyncEngine", "SyncProtocol", "CCrypto", "CFiles", grdb, grdbSQLite,
            ],
            resources: [
                .embedInCode("SQL/v001-store.sql"), .embedInCode("SQL/v002-deliveries.sql"),
                .embedInCode("SQL/v003-services.sql"), .embedInCode("SQL/v004-arrivals.sql"),
                .embedInCode("SQL/v005-statistics.sql"), .embedInCode("SQL/v006-conflicts.sql"),
                .embedInCode("SQL/v007-links.sql"), .embedInCode("SQL/v008-audit.sql"),
                .embedInCode("SQL/v009-plan-only.sql"), .embedInCode("SQL/v010-open-rows.sql"),
                .embedInCode("SQL/v011-contested.sql"), .embedInCode("SQL/v012-resume.sql"),
                .embedInCode("SQL/v013-superseding.sql"), .embedInCode("SQL/v014-blobs.sql"),
                .embedInCode("SQL/v016-serving.sql"), .embedInCode("SQL/v017-committed-stages.sql"),
                .embedInCode("SQL/v018-packed-leaves.sql"), .embedInCode("SQL/v019-links-in-rows.sql"),
                .embedInCode("SQL/v020-item-lives.sql"), .embedInCode("SQL/v022-undo-order.sql"),
                .embedInCode("SQL/v023-decided-conflicts.sql"), .embedInCode("SQL/v024-forgetful-peers.sql"),
                .embedInCode("SQL/v025-conflicts-by-source.sql"), .embedInCode("SQL/v026-taken-over.sql"),
            ], swiftSettings: strict),
        .target(
            name: "RemotePeer", dependencies: ["ContentModel", "CurlHTTP", "SyncEngine", "SyncProtocol"],
            swiftSettings: strict),
        .target(
            name: "SyncServer",
            dependencies: ["ContentModel", "SyncEngine", "SyncProtocol", coreMetrics, hummingbird, lifecycle, logging],
            swiftSettings: strict),
        .target(
            name: "HookHost",
            dependencies: ["ContentModel", "CurlHTTP", "HookCatalog", "LuaRuntime", "SyncEngine", coreMetrics],
            swiftSettings: strict),
        .target(name: "CockpitWorkingCopy", dependencies: ["ContentModel", grdb], swiftSettings: strict),
        // assembly
        .target(
            name: "TidelockCommands",
            dependencies: [
                "CMalloc",
                "CockpitWorkingCopy", "ContentModel", "ContentStore", "CurlHTTP", "HookCatalog", "HookHost",
                "LuaRuntime", "PrometheusMetrics",
                "RemotePeer", "SyncEngine", "SyncProtocol", "SyncServer", arguments, coreMetrics, lifecycle, logging,
                signals,
            ],
            swiftSettings: strict),
        // start
        .executableTarget(name: "tidelock", dependencies: ["TidelockCommands"], swiftSettings: strict),
        // tests
        .target(name: "SeededNumbers", path: "Tests/SeededNumbers", swiftSettings: strict),
        .target(
            name: "TidelockTestSupport",
            dependencies: [
                "ContentModel", "ContentStore", "HookCatalog", "SeededNumbers", "SyncEngine", "SyncProtocol", grdb,
            ],
            path: "Tests/TidelockTestSupport", swiftSettings: strict),
        .target(
            name: "FuzzedDecoders",
            dependencies: ["CockpitWorkingCopy", "ContentModel", "ContentStore", "SeededNumbers", "SyncProtocol"],
            path: "Tests/FuzzedDecoders", swiftSettings: strict),
        .testTarget(
            name: "FuzzedDecodersTests", dependencies: ["ContentModel", "FuzzedDecoders", "SyncProtocol"],
            swiftSettings: strict),
        .testTarget(
            name: "JSONKernelTests", dependencies: ["JSONKernel", "CCrypto", "SeededNumbers"], swiftSettings: strict),
        .testTarget(
            name: "ContentModelTests", dependencies: ["ContentModel", "SeededNumbers"], swiftSettings: strict),
        .testTarget(
            name: "LuaRuntimeTests", dependencies: ["LuaRuntime"], resources: [.copy("Attacks")], swiftSettings: strict),
        .testTarget(name: "CurlHTTPTests", dependencies: ["CurlHTTP", "TidelockTestSupport"], swiftSettings: strict),
        .testTarget(
            name: "PrometheusMetricsTests", dependencies: ["PrometheusMetrics", coreMetrics], swiftSettings: strict),
        .testTarget(
            name: "HookHostTests",
            dependencies: [
                "ContentModel", "CurlHTTP", "HookCatalog", "HookHost", "LuaRuntime", "PrometheusMetrics", "SyncEngine",
                "TidelockTestSupport",
            ], resources: [.copy("Attacks")], swiftSettings: strict),
        .testTarget(
            name: "CockpitWorkingCopyTests", dependencies: ["CockpitWorkingCopy", "CCrypto", grdb],
            swiftSettings: strict),
        .testTarget(
            name: "SyncProtocolTests", dependencies: ["ContentModel", "FuzzedDecoders", "SyncProtocol", crypto],
            swiftSettings: strict),
        .testTarget(
            name: "SyncServerTests",
            dependencies: [
                "ContentModel", "CurlHTTP", "HookCatalog", "RemotePeer", "SeededNumbers", "SyncEngine", "SyncProtocol",
                "SyncServer", hummingbird, lifecycle, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SyncEngineTests",
            dependencies: [
                "ContentModel", "ContentStore", "HookCatalog", "SyncEngine", "SyncProtocol", "TidelockTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ContentStoreTests",
            dependencies: [
                "ContentModel", "ContentStore", "HookCatalog", "SyncEngine", "SyncProtocol", "TidelockTestSupport",
                grdb,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TidelockCommandsTests",
            dependencies: [
                "ContentModel", "ContentStore", "HookHost", "SyncEngine", "SyncProtocol", "TidelockCommands", arguments,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "ContentModel", "ContentStore", "SyncEngine", "SyncProtocol", "TidelockTestSupport", "tidelock",
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)
