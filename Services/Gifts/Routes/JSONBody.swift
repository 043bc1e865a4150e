import Crypto
import Foundation
import Hooks
import HTTPTypes
import Hosting
import Hummingbird
import Kernel
import NIOCore

extension StoredAnswer {
    /// An answer of one document.
    init(_ status: Int, _ document: some Encodable) throws {
        self.init(status: status, body: Array(try JSONEncoder.api.encode(document)))
    }
}

/// A request's JSON document, whole and read once.
struct JSONBody {
    private let bytes: [UInt8]
    private let path: String

    init(_ request: Request, _ context: SiyuRequestContext) async throws {
        try request.require(contentType: "application/json")
        bytes = Array(buffer: try await request.body.collect(upTo: context.maxUploadSize))
        path = request.uri.path
    }

    /// What must be the same when the request is repeated: the gift it names, too.
    var hash: [UInt8] { Array(SHA256.hash(data: Array(path.utf8) + [0x0A] + bytes)) }

    /// Reads the document.
    ///
    /// - Throws: `Problem` 400 that names the field; it never quotes a value, which may be a person's.
    func decode<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch let error as DecodingError {
            let field = error.field
            throw Problem.badRequest(
                field.isEmpty
                    ? "The body must be a JSON object as the OpenAPI document describes it."
                    : "`\(field)` is missing, or not what the OpenAPI document describes.")
        }
    }
}

extension DecodingError {
    /// The field that could not be read; empty if it is the document itself.
    fileprivate var field: String {
        let path: [any CodingKey] =
            switch self {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                context.codingPath
            case .keyNotFound(let key, let context): context.codingPath + [key]
            @unknown default: []
            }
        return path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
}
