package import Foundation

/// The checkout that the tests were built from; some tests read its files.
package enum Repository {
    /// The folder of `Package.swift`, found from where this file stands.
    package static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The path of something in it.
    package static func path(_ relative: String) -> String {
        root.appending(path: relative).path(percentEncoded: false)
    }
}
