package import Foundation
package import Kernel
package import Postgres

/// A dated value as it stands in the tables.
package struct PolicyRecord: Sendable, Hashable {
    /// The policy.
    package let name: String
    /// The value, as JSON.
    package let value: String
    /// From when on it counts.
    package let validFrom: Date
    /// Whether the brand said so itself; false for the standard.
    package let isOwn: Bool
    /// Who decided; `standard` for the standard.
    package let author: String
    /// Why; for the standard, where it is from.
    package let reason: String
    /// When it was written down; nil for the standard.
    package let createdAt: Date?
}

// MARK: - For operators

extension Policies {
    /// The longest name of an author, read by people in a list.
    package static let authorLengthMax = 100
    /// The longest reason.
    package static let reasonLengthMax = 500

    /// Decides a value for a brand, from now or from a later instant on.
    ///
    /// The past is never changed: what was decided by the old value stays right.
    ///
    /// - Parameters:
    ///   - json: The value, in the shape of the standard's.
    ///   - validFrom: From when on it counts; nil for now.
    /// - Throws: ``Problem`` for a name that no standard has, a value of another shape, an instant that has passed; `PostgresError`.
    package static func set(
        _ name: String, to json: String, brand: ID<Brand>, validFrom: Date? = nil, author: String, reason: String,
        on tx: Transaction
    ) async throws -> PolicyRecord {
        guard (1...authorLengthMax).contains(author.unicodeScalars.count) else {
            throw Problem.invalid("Name the author, in at most \(authorLengthMax) characters.")
        }
        guard (1...reasonLengthMax).contains(reason.unicodeScalars.count) else {
            throw Problem.invalid("Give a reason, in at most \(reasonLengthMax) characters.")
        }
        let (clocks, standards) = try await tx.pipeline(PolicyStatements.clock(), PolicyStatements.newestStandard(name))
        guard let standard = standards.first.flatMap(PolicyShape.init) else {
            throw Problem.invalid("There is no policy \(name): `siyu policy list` names them.")
        }
        guard let given = PolicyShape(json), given.fits(standard) else {
            throw Problem.invalid(
                "A value of \(name) has the shape of the standard's: \(standards[0]), numbers not negative.")
        }
        let now = clocks[0]
        let start = validFrom ?? now
        guard start >= now else {
            throw Problem.invalid(
                "A policy counts from now or from a later instant on: the past stays as it was decided.")
        }
        let insert = PolicyStatements.insert(
            name, value: json, brand: brand, validFrom: start, author: author, reason: reason, now: now)
        if let record = try await tx.first(insert) { return record }
        guard try await tx.one(PolicyStatements.brandExists(brand)) else {
            throw Problem.notFound("There is no such brand.")
        }
        throw Problem.conflict("\(name) has a value from that very instant already.")
    }

    /// What counts for a brand as of an instant, by name; nil means now.
    package static func list(
        brand: ID<Brand>, at instant: Date? = nil, on db: some Executor
    ) async throws -> [PolicyRecord] {
        var at = instant
        if at == nil { at = try await db.one(PolicyStatements.clock()) }
        return try await db.run(PolicyStatements.list(brand: brand, at: at ?? .distantFuture))
    }

    /// Everything that was ever said about a policy, the standard and the brand's own, newest first.
    package static func history(
        _ name: String, brand: ID<Brand>, on db: some Executor
    ) async throws(PostgresError) -> [PolicyRecord] {
        try await db.run(PolicyStatements.history(name, brand: brand))
    }
}

/// What sort of JSON a value is: a brand's value must be of the standard's sort, or the room that reads it would fail.
indirect enum PolicyShape: Equatable {
    case object([String: PolicyShape])
    case array([PolicyShape])
    case text
    case whole(Int64)
    case flag

    /// The shape of a JSON text; nil if it is none, or has what policies do not use: fractions and null.
    init?(_ json: String) {
        guard let value = try? JSONDecoder().decode(JSON.self, from: Data(json.utf8)) else { return nil }
        self = value.shape
    }

    /// Whether a value of this shape can stand where `other` stands.
    func fits(_ other: PolicyShape) -> Bool {
        switch (self, other) {
        case (.object(let own), .object(let others)):
            own.keys == others.keys && own.allSatisfy { key, shape in others[key].map(shape.fits) ?? false }
        case (.whole(let own), .whole): own >= 0
        case (.array(let own), .array(let others)):
            // The standard's elements are all of one sort, and so must the brand's be.
            others.first.map { other in own.allSatisfy { $0.fits(other) } } ?? true
        case (.text, .text), (.flag, .flag): true
        default: false
        }
    }

    private struct JSON: Decodable {
        let shape: PolicyShape

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            // The decoder tells a sort of JSON only by trying; what fits none is an error.
            if (try? container.decode(Bool.self)) != nil {
                shape = .flag
            } else if let number = try? container.decode(Int64.self) {
                shape = .whole(number)
            } else if (try? container.decode(String.self)) != nil {
                shape = .text
            } else if let members = try? container.decode([String: JSON].self) {
                shape = .object(members.mapValues(\.shape))
            } else {
                shape = .array(try container.decode([JSON].self).map(\.shape))
            }
        }
    }
}
