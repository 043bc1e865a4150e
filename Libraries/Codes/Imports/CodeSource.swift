package import Foundation

/// A file of codes that can be read again from its beginning.
package protocol CodeSource: Sendable {
    /// Hands out the bytes in order, a piece at a time.
    func read(_ body: ([UInt8]) async throws -> Void) async throws
}

/// A file on the disk.
package struct CodeFileOnDisk: CodeSource {
    /// Large enough that a system call is not what costs.
    private static let pieceBytes = 1 << 18

    private let url: URL

    /// The file at a path.
    package init(_ url: URL) { self.url = url }

    /// Hands out the bytes in order, a piece at a time.
    package func read(_ body: ([UInt8]) async throws -> Void) async throws {
        let file = try FileHandle(forReadingFrom: url)
        // Nothing was written: an error of closing tells nothing.
        defer { try? file.close() }
        while let piece = try file.read(upToCount: Self.pieceBytes), !piece.isEmpty { try await body(Array(piece)) }
    }
}

/// Bytes in memory.
package struct CodeBytes: CodeSource {
    private let bytes: [UInt8]
    private let pieceBytes: Int

    /// Bytes that are handed out in pieces of some length.
    package init(_ bytes: [UInt8], pieceBytes: Int = 1 << 18) {
        self.bytes = bytes
        self.pieceBytes = max(1, pieceBytes)
    }

    /// Hands out the bytes in order, a piece at a time.
    package func read(_ body: ([UInt8]) async throws -> Void) async throws {
        for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
            try await body(Array(bytes[start..<min(start + pieceBytes, bytes.count)]))
        }
    }
}
