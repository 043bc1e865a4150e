// swift-tools-version: 6.2
import PackageDescription

/// The settings of every target: the upcoming language rules switched on now, so that they cost nothing later.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = [], exclude: [String] = [],
    extra: [SwiftSetting] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Libraries/\(name)", exclude: exclude, resources: resources,
        swiftSettings: settings + extra)
}

func service(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Services/\(name)", exclude: exclude, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: ["TestSupport"] + dependencies, path: "Tests/\(name)", exclude: exclude,
        swiftSettings: settings)
}

let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let inMemoryTracing = Target.Dependency.product(name: "InMemoryTracing", package: "swift-distributed-tracing")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioFoundation = Target.Dependency.product(name: "NIOFoundationEssentialsCompat", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")

let package = Package(
    name: "siyu",
    products: [
        .library(name: "JobTesting", targets: ["JobTesting"]),
        .library(name: "Jobs", targets: ["Jobs"]),
        .library(name: "Postgres", targets: ["Postgres"]),
        .executable(name: "siyu", targets: ["Operator"]),
        .executable(name: "siyu-gifts", targets: ["Gifts"]),
        .executable(name: "siyu-ingest", targets: ["Ingest"]),
        .executable(name: "siyu-redeem", targets: ["Redeem"]),
        .executable(name: "siyu-reports", targets: ["Reports"]),
        .executable(name: "siyu-sandbox", targets: ["Sandbox"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: ["YAML", "CommandLineArguments"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Ground floor: knows nothing of commerce.
        .systemLibrary(
            name: "CLibPQ", path: "Libraries/CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CQREncode", path: "Libraries/CQREncode", pkgConfig: "libqrencode",
            providers: [.apt(["libqrencode-dev"])]),
        library("Kernel", exclude: ["README.md"]),
        library(
            "Postgres", ["CLibPQ", collections, logging], exclude: ["Decisions", "README.md"],
            extra: [.strictMemorySafety()]),
        library(
            "Jobs", ["Kernel", "Postgres", collections, lifecycle, logging, metrics, tracing],
            exclude: ["Decisions", "README.md"]),
        library("JobTesting", ["Jobs", "Postgres"], exclude: ["README.md"]),
        library("Keys", ["Kernel", crypto], exclude: ["Decisions"]),
        library(
            "Hooks",
            [
                "Jobs", "Kernel", "Keys", "Postgres", asyncHTTPClient, crypto, lifecycle, logging, metrics, nio,
                nioHTTP1,
            ],
            exclude: ["Decisions", "README.md"]),
        library("Policies", ["Kernel", "Postgres", crypto], exclude: ["README.md"]),
        library(
            "WeChat", ["Kernel", asyncHTTPClient, crypto, cryptoExtras, nio, nioHTTP1, nioPosix, x509],
            exclude: ["Decisions", "README.md"]),
        library(
            "Hosting",
            [
                "Hooks", "Kernel", "Keys", "Postgres", configuration, coreMetrics, httpTypes, hummingbird,
                hummingbirdCore,
                lifecycle, logging, metrics, nio, nioHTTP1, nioPosix, unixSignals,
            ], exclude: ["Decisions", "README.md"]),
        library(
            "Schema", ["Postgres", crypto, logging], resources: [.embedInCode("SQL")],
            exclude: ["Decisions", "golden.sql", "grants.txt"]),

        // First floor: one room per concept of the business.
        library("Accounting", ["Jobs", "Kernel", "Postgres", crypto, logging], exclude: ["Decisions", "README.md"]),
        library("Audit", ["Accounting", "Kernel", "Postgres", crypto], exclude: ["README.md"]),
        library("Vault", ["Kernel", "Keys", "Postgres"], exclude: ["README.md"]),
        library(
            "Orders",
            [
                "Accounting", "Hooks", "Jobs", "Kernel", "Keys", "Policies", "Postgres", "Vault", "WeChat",
                asyncHTTPClient, logging,
            ], exclude: ["Decisions", "README.md"]),
        library("Members", ["Jobs", "Kernel", "Postgres"], exclude: ["README.md"]),
        library("Touch", ["Jobs", "Kernel", "Members", "Postgres"], exclude: ["README.md"]),
        library(
            "Codes",
            [
                "Accounting", "CQREncode", "Hooks", "Jobs", "Kernel", "Keys", "Members", "Orders", "Policies",
                "Postgres",
                "Vault", "WeChat", asyncHTTPClient, crypto, cryptoExtras, lifecycle, logging, metrics,
            ],
            exclude: ["Decisions", "README.md"]),
        library(
            "Gifting",
            [
                "Accounting", "Hooks", "Jobs", "Kernel", "Keys", "Orders", "Policies", "Postgres", "Vault", crypto,
                logging, metrics,
            ], exclude: ["Decisions", "README.md"]),
        library(
            "Promotions",
            ["Accounting", "Hooks", "Jobs", "Kernel", "Keys", "Members", "Orders", "Postgres", "Vault"],
            exclude: ["README.md"]),
        library(
            "Reporting",
            ["Accounting", "Codes", "Gifting", "Jobs", "Kernel", "Orders", "Postgres", "Vault", mustache],
            exclude: ["Decisions", "README.md"]),

        // Executables.
        service(
            "Ingest",
            [
                "Accounting", "Codes", "Hooks", "Hosting", "Jobs", "Kernel", "Keys", "Orders", "Postgres", "Schema",
                "Vault",
                "WeChat", crypto,
                httpTypes, hummingbird, lifecycle, logging, nio,
            ]),
        service(
            "Redeem",
            [
                "Accounting", "Codes", "Hooks", "Hosting", "Jobs", "Kernel", "Keys", "Members", "Orders", "Policies",
                "Postgres", "Promotions",
                "Schema", "Touch", "Vault", crypto, httpTypes, hummingbird, lifecycle, logging, nio,
            ]),
        service(
            "Gifts",
            [
                "Accounting", "Audit", "Gifting", "Hooks", "Hosting", "Jobs", "Kernel", "Keys", "Orders", "Policies",
                "Postgres",
                "Promotions",
                "Schema", "Vault", "WeChat", asyncHTTPClient, crypto, httpTypes, hummingbird, lifecycle, logging,
                metrics, nio,
            ]),
        service(
            "Sandbox",
            [
                "Hosting", "Kernel", "WeChat", asyncHTTPClient, crypto, cryptoExtras, httpTypes, hummingbird, lifecycle,
                logging, nio, nioHTTP1, x509,
            ], exclude: ["Decisions", "README.md"]),
        service(
            "Reports",
            [
                "Audit", "Hooks", "Hosting", "Jobs", "Kernel", "Keys", "Postgres", "Reporting", "Schema", hummingbird,
                lifecycle, logging,
            ]),
        service(
            "Operator",
            [
                "Accounting", "Audit", "Codes", "Gifting", "Hooks", "Hosting", "Jobs", "Kernel", "Keys", "Members",
                "Orders",
                "Policies",
                "Postgres", "Reporting", "Schema", "Vault", "WeChat",
                argumentParser, asyncHTTPClient, crypto, hummingbird, lifecycle, logging, nio, nioFoundation, nioHTTP1,
                nioPosix, unixSignals,
            ]),

        // Tests mirror the rooms.
        .target(
            name: "TestSupport",
            dependencies: ["Jobs", "Kernel", "Keys", "Postgres", "Schema", logging], path: "Tests/TestSupport",
            swiftSettings: settings),
        .executableTarget(
            name: "CrashWorker", dependencies: ["Jobs", "Postgres", lifecycle, logging, unixSignals],
            path: "Tests/CrashWorker",
            swiftSettings: settings),
        tests("AccountingTests", ["Accounting", "JobTesting", "Jobs", "Kernel", "Postgres", crypto, logging]),
        tests("ArchitectureTests", []),
        tests("AuditTests", ["Accounting", "Audit", "Kernel", "Postgres"]),
        tests(
            "CodesTests",
            [
                "Accounting", "Codes", "Hooks", "JobTesting", "Jobs", "Kernel", "Keys", "Members", "Orders", "Policies",
                "Postgres", "Vault", "WeChat", crypto, cryptoExtras, logging,
            ]),
        tests(
            "EndToEndTests",
            [
                "Accounting", "Codes", "Gifts", "Hooks", "Hosting", "Ingest", "Jobs", "Kernel", "Keys", "Operator",
                "Orders", "Postgres", "Redeem", "Reports", "Sandbox", "WeChat", asyncHTTPClient, logging, nio, nioHTTP1,
            ]),
        tests(
            "GiftingTests",
            [
                "Accounting", "Gifting", "Hooks", "JobTesting", "Jobs", "Kernel", "Keys", "Orders", "Policies",
                "Postgres", "Vault",
                "WeChat", logging,
            ]),
        tests(
            "GiftsTests",
            [
                "Accounting", "Audit", "Gifting", "Gifts", "Hooks", "Hosting", "Jobs", "Kernel", "Keys", "Orders",
                "Policies",
                "Postgres", "Sandbox", "Vault", "WeChat", asyncHTTPClient, logging, nio, nioHTTP1,
            ]),
        tests(
            "HooksTests",
            [
                "Hooks", "JobTesting", "Jobs", "Kernel", "Keys", "Postgres", asyncHTTPClient, logging, nio, nioHTTP1,
                nioPosix,
            ]),
        tests(
            "HostingTests",
            [
                "Hooks", "Hosting", "Kernel", "Keys", "Postgres", asyncHTTPClient, coreMetrics, httpTypes, hummingbird,
                lifecycle,
                logging, nio, nioHTTP1, nioPosix,
            ]),
        tests(
            "IngestTests",
            [
                "Accounting", "Ingest", "Hooks", "Hosting", "JobTesting", "Jobs", "Kernel", "Keys", "Orders",
                "Postgres", "WeChat",
                asyncHTTPClient,
                crypto, cryptoExtras, logging, nio, nioHTTP1,
            ]),
        tests(
            "JobsTests",
            ["CrashWorker", "JobTesting", "Jobs", "Postgres", inMemoryTracing, lifecycle, logging, tracing]),
        tests("KernelTests", ["Kernel"]),
        tests("KeysTests", ["Kernel", "Keys", crypto]),
        tests("MembersTests", ["Kernel", "Members"]),
        tests(
            "OperatorTests",
            [
                "Audit", "Codes", "Gifting", "Hooks", "Jobs", "Kernel", "Keys", "Operator", "Orders", "Postgres",
                "Vault", argumentParser, logging,
            ]),
        tests(
            "OrdersTests",
            [
                "Accounting", "JobTesting", "Jobs", "Kernel", "Keys", "Orders", "Policies", "Postgres", "Vault",
                "WeChat",
                logging,
            ]),
        tests("PoliciesTests", ["Kernel", "Policies", "Postgres"]),
        tests("PostgresTests", ["Postgres", logging]),
        tests(
            "PromotionsTests",
            [
                "Accounting", "JobTesting", "Jobs", "Kernel", "Keys", "Members", "Orders", "Postgres", "Promotions",
                "Vault",
                "WeChat", logging,
            ]),
        tests(
            "RedeemTests",
            [
                "Codes", "Hooks", "Hosting", "JobTesting", "Jobs", "Kernel", "Keys", "Orders", "Postgres", "Redeem",
                "Sandbox", "Vault", "WeChat", asyncHTTPClient, crypto, logging, nio, nioHTTP1, nioPosix,
            ]),
        tests(
            "ReportingTests",
            [
                "Accounting", "Codes", "Hooks", "JobTesting", "Jobs", "Kernel", "Keys", "Members", "Orders", "Postgres",
                "Reporting", "Touch", "Vault",
                logging,
            ], exclude: ["Snapshots"]),
        tests(
            "ReportsTests",
            [
                "Audit", "Reports", "Hooks", "Hosting", "Kernel", "Keys", "Postgres", "Reporting", asyncHTTPClient,
                logging, nio,
                nioHTTP1,
            ]),
        tests("SimulationTests", ["Codes", "Gifting", "Kernel", "Orders"]),
        tests(
            "SandboxTests",
            ["Hosting", "Kernel", "Sandbox", "WeChat", asyncHTTPClient, logging, nio, nioHTTP1, nioPosix]),
        tests("SchemaTests", ["Postgres", "Schema", logging]),
        tests("TestSupportTests", ["Postgres"]),
        tests("TouchTests", ["JobTesting", "Jobs", "Kernel", "Members", "Postgres", "Touch"]),
        tests("VaultTests", ["Kernel", "Keys", "Postgres", "Vault"]),
        tests(
            "WeChatTests", ["Kernel", "WeChat", asyncHTTPClient, cryptoExtras, nio, nioPosix], exclude: ["Vectors"]),
    ],
    swiftLanguageModes: [.v6]
)
