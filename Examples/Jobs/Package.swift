// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "tea-house",
    dependencies: [
        .package(name: "siyu", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .executableTarget(
            name: "TeaHouse",
            dependencies: [
                .product(name: "Jobs", package: "siyu"),
                .product(name: "Postgres", package: "siyu"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ])
    ],
    swiftLanguageModes: [.v6])
