package import Foundation
package import Hooks
import HTTPTypes
package import Hummingbird
import NIOCore

extension JSONEncoder {
    /// JSON as the contract has it: `snake_case`, instants in RFC 3339 with offset, keys in one order.
    package static var api: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

extension WholeAnswer {
    /// An answer as it was stored, or would be; nobody on the way may keep it.
    package init(_ answer: StoredAnswer) {
        self.init(
            status: answer.status, headers: [.contentType: answer.contentType, .cacheControl: "no-store"],
            body: ByteBuffer(bytes: answer.body))
    }
}

extension Response {
    /// An answer as it was stored, or would be.
    package init(_ answer: StoredAnswer) { self.init(WholeAnswer(answer)) }
}
