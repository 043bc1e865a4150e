import Kernel
import WeChat

/// The codes of a package, opened and counted.
struct MarketcodePackage: Sendable {
    /// Where they stand in their batch.
    let indexes: Range<Int64>
    private let codes: [String]

    /// Opens a package as WeChat sends it.
    ///
    /// - Parameters:
    ///   - chunk: What was asked for: exactly that must be in it.
    ///   - base: WeChat's index of the first code of the batch.
    /// - Throws: ``Problem`` 422 that says what is wrong with it; never a code.
    init(_ bytes: [UInt8], key: String, chunk: MarketcodeChunk, base: Int64) async throws {
        let opened = try CodePackage.open(bytes, key: key)
        var lines = CodeLines(.marketcode, first: chunk.first)
        var codes: [String] = []
        var wrong: (line: Int64, why: String)?
        func take(_ line: Int64, _ entry: CodeLines.Entry) {
            switch entry {
            case .code(let code): codes.append(String(decoding: code, as: UTF8.self))
            case .bad(let why): wrong = wrong ?? (line, why)
            }
        }
        try await lines.read(opened) { take($0, $1) }
        try await lines.finish { take($0, $1) }
        if let wrong {
            throw Problem.invalid(
                "The package from \(chunk.first) to \(chunk.last) is not what it should be: line \(wrong.line): \(wrong.why).",
                code: "package_malformed")
        }
        guard Int64(codes.count) == chunk.count else {
            throw Problem.invalid(
                "The package from \(chunk.first) to \(chunk.last) has \(codes.count) codes.", code: "package_malformed")
        }
        self.codes = codes
        indexes = chunk.first - base..<chunk.last - base + 1
    }

    subscript(index: Int64) -> String { codes[Int(index - indexes.lowerBound)] }
}
