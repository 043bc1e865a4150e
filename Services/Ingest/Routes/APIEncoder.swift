import Foundation

extension JSONEncoder {
    /// JSON as the contract has it: `snake_case`, instants in RFC 3339 with offset, keys in one order.
    static var api: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
