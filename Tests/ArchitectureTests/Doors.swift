/// Who may import whom.
///
/// The picture is in the README; this is its table.
enum Doors {
    /// The ground floor knows nothing of commerce; each room names what it stands on.
    static let ground: [String: Set<String>] = [
        "Kernel": [],
        "CLibPQ": [],
        "CQREncode": [],
        "Postgres": ["CLibPQ"],
        "Jobs": ["Kernel", "Postgres"],
        "JobTesting": ["Jobs", "Postgres"],
        "Keys": ["Kernel"],
        "Hooks": ["Jobs", "Kernel", "Keys", "Postgres"],
        "Policies": ["Kernel", "Postgres"],
        "WeChat": ["Kernel"],
        "Hosting": ["Hooks", "Kernel", "Keys", "Postgres"],
        "Schema": ["Postgres"],
    ]

    /// The doors between rooms of the first floor; they are transitive.
    ///
    /// The ground floor is open to all of them.
    static let first: [String: Set<String>] = [
        "Accounting": [],
        "Audit": ["Accounting"],
        "Vault": [],
        "Orders": ["Accounting", "Vault"],
        "Members": [],
        "Touch": ["Members"],
        "Codes": ["Members", "Orders"],
        "Gifting": ["Orders"],
        "Promotions": ["Members", "Orders"],
        "Reporting": ["Accounting", "Vault", "Orders", "Codes", "Gifting"],
    ]

    /// What is for tests alone.
    static let testing: Set<String> = ["JobTesting"]

    /// Libraries of the system, and who alone may see each.
    static let system: [String: Set<String>] = ["CLibPQ": ["Postgres"], "CQREncode": ["Codes"]]

    /// Whether `room` may import `other`, both of this repository.
    static func isOpen(from room: String, to other: String) -> Bool {
        if let rooms = system[other] { return rooms.contains(room) }
        if testing.contains(other) { return false }
        if let allowed = ground[room] { return allowed.contains(other) }
        if first[room] != nil { return ground[other] != nil || reachable(from: room).contains(other) }
        // Services, tests and their helpers may open any library, but no service another.
        return ground[other] != nil || first[other] != nil
    }

    private static func reachable(from room: String) -> Set<String> {
        (first[room] ?? []).reduce(into: []) {
            $0.formUnion([$1]); $0.formUnion(reachable(from: $1))
        }
    }

    /// The modules that a file imports, with their lines.
    static func imports(of text: SwiftText) -> [(line: Int, module: String)] {
        text.code.enumerated().compactMap { index, line in
            guard line.contains("import"),
                let match = line.firstMatch(
                    of:
                        /^\s*(?:@\w+(?:\(.*?\))?\s+)*(?:(?:package|public|private|internal)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|let|var|typealias)\s+)?(\w+)/
                )
            else { return nil }
            return (index + 1, String(match.1))
        }
    }

    /// The libraries and services of a manifest with what they depend on, by name.
    static func edges(ofManifest manifest: String) -> [String: Set<String>] {
        var edges: [String: Set<String>] = [:]
        for match in manifest.matches(of: /(?:library|service)\(\s*"(\w+)"\s*(?:,\s*\[([^\]]*)\])?/) {
            edges[String(match.1)] = Set((match.2 ?? "").matches(of: /"(\w+)"/).map { String($0.1) })
        }
        return edges
    }

    /// Imports through doors that do not exist, or that the manifest does not name.
    static func violations(in files: [SourceFile], edges: [String: Set<String>]) -> [Violation] {
        let ours = Set(edges.keys).union(ground.keys).union(first.keys)
        return files.filter { $0.isIn("Libraries", "Services") }.flatMap { file in
            imports(of: file.swift).filter { ours.contains($0.module) && $0.module != file.room }.compactMap {
                line, module in
                if !isOpen(from: file.room, to: module) {
                    return Violation(path: file.path, line: line, what: "\(file.room) has no door to \(module)")
                }
                if edges[file.room]?.contains(module) != true {
                    return Violation(
                        path: file.path, line: line,
                        what: "\(module) is not a dependency of \(file.room) in Package.swift")
                }
                return nil
            }
        }
    }

    /// Edges of the manifest through doors that do not exist, and rooms that the table does not know.
    static func violations(inEdges edges: [String: Set<String>], services: Set<String>) -> [Violation] {
        edges.sorted { $0.key < $1.key }.flatMap { room, others in
            var found = others.sorted().filter { !isOpen(from: room, to: $0) }.map {
                Violation(path: "Package.swift", line: 0, what: "\(room) has no door to \($0)")
            }
            if ground[room] == nil, first[room] == nil, !services.contains(room) {
                found.append(
                    Violation(path: "Package.swift", line: 0, what: "\(room) is missing in the table of doors"))
            }
            return found
        }
    }
}
