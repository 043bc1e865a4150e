import Testing

struct DoorsTests {
    private static let services: Set<String> = ["Gifts", "Ingest", "Operator", "Redeem", "Reports", "Sandbox"]

    @Test func manifest_edges_goThroughDoors() throws {
        let edges = Doors.edges(ofManifest: try SourceFile.read("Package.swift"))

        let violations = Doors.violations(inEdges: edges, services: Self.services)

        #expect(violations.isEmpty, "\(violations.report)")
        #expect(
            Set(edges.keys)
                == Set(Doors.ground.keys).subtracting(Doors.system.keys).union(Doors.first.keys).union(Self.services))
    }

    @Test func sources_imports_goThroughDoorsThatTheManifestNames() throws {
        let edges = Doors.edges(ofManifest: try SourceFile.read("Package.swift"))

        let violations = Doors.violations(in: SourceFile.all, edges: edges)

        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test(arguments: [
        ("Orders", "Kernel", true),
        ("Orders", "Accounting", true), ("Reporting", "Vault", true),
        ("Ingest", "Orders", true),
        ("Accounting", "Orders", false), ("Vault", "Accounting", false), ("Orders", "Reporting", false),
        ("Kernel", "Postgres", false), ("Postgres", "Kernel", false), ("Jobs", "Orders", false),
        ("Hooks", "Hosting", false), ("Hosting", "Hooks", true),
        ("Orders", "CLibPQ", false), ("Postgres", "CLibPQ", true),
        ("Codes", "CQREncode", true), ("Reporting", "CQREncode", false), ("Redeem", "CQREncode", false),
        ("Ingest", "Reports", false),
        ("Gifts", "JobTesting", false), ("Orders", "JobTesting", false), ("JobTesting", "Jobs", true),
    ])
    func door_betweenTwoRooms_isOpenOrNot(from: String, to: String, isOpen: Bool) {
        #expect(Doors.isOpen(from: from, to: to) == isOpen)
    }

    @Test func imports_inEveryForm_areFound() {
        let text = SwiftText(
            """
            import Kernel
            package import Postgres
            @testable import Jobs
            import struct Orders.Shop
            // import Vault
            let text = "import Keys"
            """)

        #expect(Doors.imports(of: text).map(\.module) == ["Kernel", "Postgres", "Jobs", "Orders"])
    }

    @Test func samples_withWrongImports_areFound() {
        let edges: [String: Set<String>] = ["Orders": ["Kernel"], "Kernel": []]
        let files = [
            SourceFile("Libraries/Orders/A.swift", "import Kernel\nimport Accounting\nimport Reporting"),
            SourceFile("Libraries/Kernel/B.swift", "import Foundation"),
        ]

        let found = Doors.violations(in: files, edges: edges).map(\.description)

        #expect(
            found == [
                "Libraries/Orders/A.swift:2: Accounting is not a dependency of Orders in Package.swift",
                "Libraries/Orders/A.swift:3: Orders has no door to Reporting",
            ])
    }

    @Test func manifest_samples_giveTheirEdges() {
        let edges = Doors.edges(
            ofManifest: """
                library("Kernel"),
                library("Orders", ["Kernel", "Jobs", crypto], resources: []),
                service(
                    "Ingest",
                    ["Hooks",
                     "Orders", logging]),
                """)

        #expect(edges == ["Kernel": [], "Orders": ["Kernel", "Jobs"], "Ingest": ["Hooks", "Orders"]])
        #expect(Doors.violations(inEdges: ["Garage": []], services: []).count == 1)
        #expect(Doors.violations(inEdges: ["Kernel": ["Orders"]], services: []).count == 1)
    }
}
