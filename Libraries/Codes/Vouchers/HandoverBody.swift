import Foundation
import Hooks
import Kernel

/// What a store tells when it hands over, as JSON.
struct HandoverBody: Decodable, Sendable {
    let voucher: String
    let store: String

    /// A store's code is shorter; whatever is longer is none.
    private static let textBytesMax = 100

    /// Reads a body.
    ///
    /// - Throws: ``Problem`` 400 for what is no JSON object of this shape, 422 for texts that are too long.
    static func read(_ body: [UInt8]) throws(Problem) -> HandoverBody {
        // What was wrong with it is said in one sentence, whatever the decoder found.
        guard let read = try? JSONDecoder().decode(HandoverBody.self, from: Data(body)) else {
            throw .badRequest("The body must be a JSON object with the strings `voucher` and `store`.")
        }
        guard read.voucher.utf8.count <= textBytesMax, read.store.utf8.count <= textBytesMax else {
            throw .invalid("`voucher` and `store` have at most \(textBytesMax) bytes each.")
        }
        return read
    }
}

/// What a store tells when it takes a handover back, as JSON.
struct ReversalBody: Decodable, Sendable {
    let reason: String

    private static let reasonCharactersMax = 200

    /// Reads a body.
    ///
    /// - Throws: ``Problem`` 400 for what is no JSON object of this shape, 422 for a reason that is none.
    static func read(_ body: [UInt8]) throws(Problem) -> ReversalBody {
        // What was wrong with it is said in one sentence, whatever the decoder found.
        guard let read = try? JSONDecoder().decode(ReversalBody.self, from: Data(body)) else {
            throw .badRequest("The body must be a JSON object with the string `reason`.")
        }
        let reason = read.reason.unicodeScalars
        guard (1...reasonCharactersMax).contains(reason.count), !reason.contains(where: { $0.value < 0x20 }) else {
            throw .invalid("`reason` has 1 to \(reasonCharactersMax) characters, no control characters.")
        }
        return read
    }
}

/// The answer to a handover, as JSON.
struct HandoverAnswer: Codable, Sendable {
    struct Prize: Codable {
        let tier: Int32
        let name: String
        let kind: PrizeKind
    }

    let handoverID: ID<Handover>
    let prize: Prize
    let store: String
    let handedOverAt: Date

    private enum CodingKeys: String, CodingKey {
        case prize, store
        case handoverID = "handover_id"
        case handedOverAt = "handed_over_at"
    }
}

/// The answer to a reversal, as JSON.
struct ReversalAnswer: Codable, Sendable {
    let handoverID: ID<Handover>
    let reversedAt: Date

    private enum CodingKeys: String, CodingKey {
        case handoverID = "handover_id"
        case reversedAt = "reversed_at"
    }
}

extension Problem {
    /// 409: the path is no part of a body, so that the same id and words elsewhere must not read this one's answer.
    static let answeredElsewhere = Problem.conflict(
        "This webhook-id came with the same body to another path before.", code: ProblemCode.idempotencyMismatch)
}

extension Decodable {
    /// Reads an answer back; nil if it is one to something else.
    init?(_ stored: StoredAnswer) {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        // What cannot be read as this is another kind of answer.
        guard let answer = try? decoder.decode(Self.self, from: Data(stored.body)) else { return nil }
        self = answer
    }
}

extension Encodable {
    /// The bytes that are stored with a delivery: equal values are equal bytes.
    var handoverJSON: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .iso8601
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(self))
        }
    }
}
