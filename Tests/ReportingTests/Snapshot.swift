import Foundation
import TestSupport
import Testing

/// Compares a text with the file of this name in `Snapshots`.
///
/// A missing file is written and the test fails once; so a snapshot is renewed by deleting it, and the difference is read in the
/// commit.
func expectSnapshot(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let path = Repository.path("Tests/ReportingTests/Snapshots/\(name)")
    guard let expected = FileManager.default.contents(atPath: path) else {
        try FileManager.default.createDirectory(
            atPath: Repository.path("Tests/ReportingTests/Snapshots"), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
        Issue.record(
            "The snapshot \(name) was missing and has been written: read it, then run again.",
            sourceLocation: sourceLocation)
        return
    }
    let lines = (
        actual: text.split(separator: "\n"), expected: String(decoding: expected, as: UTF8.self).split(separator: "\n")
    )
    for (index, pair) in zip(lines.actual, lines.expected).enumerated() where pair.0 != pair.1 {
        Issue.record("\(name):\(index + 1) is\n\(pair.0)\nnot\n\(pair.1)", sourceLocation: sourceLocation)
        return
    }
    #expect(lines.actual.count == lines.expected.count, "\(name) has another length", sourceLocation: sourceLocation)
}
