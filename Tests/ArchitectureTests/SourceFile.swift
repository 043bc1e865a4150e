import Foundation
import TestSupport

/// A file of the repository, or a sample that a test of a rule makes up.
struct SourceFile: Sendable {
    /// Relative to the repository, as in `Libraries/Kernel/Money.swift`.
    let path: String
    let text: String
    /// Taken apart once: every rule reads it.
    let swift: SwiftText

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
        swift = SwiftText(text)
    }

    /// The target's folder: `Kernel` in `Libraries/Kernel/Money.swift`.
    var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    var name: String { path.split(separator: "/").last.map(String.init) ?? "" }

    func isIn(_ folders: String...) -> Bool { folders.contains { path.hasPrefix($0 + "/") } }

    /// Every Swift file of the repository.
    static let all: [SourceFile] = ["Libraries", "Services", "Tests"].flatMap(files(in:)).sorted { $0.path < $1.path }

    /// A file of the repository that is not Swift.
    static func read(_ path: String) throws -> String {
        try String(contentsOfFile: Repository.path(path), encoding: .utf8)
    }

    private static func files(in folder: String) -> [SourceFile] {
        let paths = FileManager.default.enumerator(atPath: Repository.path(folder))?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") }.compactMap { path in
            (try? read("\(folder)/\(path)")).map { SourceFile("\(folder)/\(path)", $0) }
        }
    }
}

/// Where a rule is broken.
struct Violation: CustomStringConvertible, Equatable {
    let path: String
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(what)" }
}

extension [Violation] {
    /// One violation a line, so that a failing test can be read.
    var report: String { map(\.description).joined(separator: "\n") }
}
