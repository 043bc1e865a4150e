package import Foundation

/// A value in a message: ids, words, numbers; no text that a person wrote.
package enum EventValue: Sendable, Hashable, Encodable {
    case string(String)
    case int(Int64)
    case bool(Bool)
    case null

    /// Writes the value alone.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let text): try container.encode(text)
        case .int(let number): try container.encode(number)
        case .bool(let isTrue): try container.encode(isTrue)
        case .null: try container.encodeNil()
        }
    }
}

/// Something that happened, to be told to whoever asked for it.
///
/// Only ids, kinds, instants and amounts: whoever is told more than that would have to be trusted with it.
package struct OutgoingEvent: Sendable, Hashable {
    /// What happened, such as `scan.redeemed`.
    package let type: String
    /// To what it happened; it is told once of each.
    package let subject: UUID
    /// Messages of one lane reach an endpoint in order.
    package let lane: String
    /// When it happened, by the clock of the business.
    package let occurredAt: Date
    /// What there is to say.
    package let data: [String: EventValue]

    /// An event in its parts.
    package init(_ type: String, subject: UUID, lane: String, at occurredAt: Date, data: [String: EventValue]) {
        self.type = type
        self.subject = subject
        self.lane = lane
        self.occurredAt = occurredAt
        self.data = data
    }

    private struct Body: Encodable {
        let type: String
        let timestamp: Date
        let data: [String: EventValue]
    }

    /// The body of its hooks, made once and sent as it is: `type`, `timestamp`, `data`, as Standard Webhooks recommends.
    var payload: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .iso8601
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(Body(type: type, timestamp: occurredAt, data: data)))
        }
    }
}
