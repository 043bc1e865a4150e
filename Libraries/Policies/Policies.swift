package import Foundation
package import Kernel
package import Postgres

/// The name of a dated value of the business, with its type.
///
/// ```swift
/// extension PolicyKey where Value == PolicyDuration {
///     static var acceptWindow: Self { Self("gift.accept_window") }
/// }
/// ```
package struct PolicyKey<Value: Codable & Sendable>: Sendable {
    /// The name in the tables: a path in snake_case.
    package let name: String

    /// A key by its name.
    package init(_ name: String) { self.name = name }
}

/// A duration as policies write it: `{"seconds": 86400}`.
package struct PolicyDuration: Codable, Sendable, Hashable {
    /// Whole seconds.
    package var seconds: Int

    /// A duration of whole seconds.
    package init(seconds: Int) { self.seconds = seconds }

    /// The duration, to be compared with others.
    package var duration: Duration { .seconds(seconds) }

    /// The duration, to be added to an instant.
    package var interval: TimeInterval { TimeInterval(seconds) }
}

/// Why a policy has no value.
package enum PoliciesError: Error, Hashable, Sendable {
    /// Neither the brand nor the standard says anything as of that instant.
    case unknown(name: String)
    /// What is stored is not what the program expects.
    case unreadable(name: String)
}

/// Dated values of the business, read as of an instant.
///
/// A brand's own newest setting counts, else the newest standard; both only from their `valid_from` on, so that yesterday is
/// judged by yesterday's numbers.
package enum Policies {
    /// The value of a policy for a brand, as of an instant.
    ///
    /// - Parameter instant: When the thing happened that is to be judged, not when it is judged.
    /// - Throws: ``PoliciesError``; `PostgresError`.
    package static func value<Value>(
        _ key: PolicyKey<Value>, brand: ID<Brand>, at instant: Date, on db: some Executor
    ) async throws -> Value {
        try read(key, try await db.first(PolicyStatements.value(key.name, brand: brand, at: instant)))
    }

    /// What the standard says as of an instant, whatever a brand said: for numbers that a brand may not loosen.
    ///
    /// - Throws: ``PoliciesError``; `PostgresError`.
    package static func standard<Value>(
        _ key: PolicyKey<Value>, at instant: Date, on db: some Executor
    ) async throws -> Value {
        try read(key, try await db.first(PolicyStatements.standard(key.name, at: instant)))
    }

    /// What several policies say as of an instant, as a statement, for a flight of the caller; see ``PolicySheet``.
    package static func reading(
        _ names: [String], brand: ID<Brand>, at instant: Date
    ) -> Statement<(name: String, json: String)> {
        PolicyStatements.values(names, brand: brand, at: instant)
    }

    static func read<Value>(_ key: PolicyKey<Value>, _ json: String?) throws(PoliciesError) -> Value {
        guard let json else { throw .unknown(name: key.name) }
        do {
            return try JSONDecoder().decode(Value.self, from: Data(json.utf8))
        } catch {
            throw .unreadable(name: key.name)
        }
    }
}

/// What several policies say as of one instant, read in one look.
package struct PolicySheet: Sendable {
    private let texts: [String: String]

    /// The sheet that ``Policies/reading(_:brand:at:)`` brought.
    package init(_ rows: [(name: String, json: String)]) {
        texts = Dictionary(rows.map { ($0.name, $0.json) }) { first, _ in first }
    }

    /// The value of a policy that was asked for.
    ///
    /// - Throws: ``PoliciesError``, also where the sheet was not asked for this one.
    package func value<Value>(_ key: PolicyKey<Value>) throws(PoliciesError) -> Value {
        try Policies.read(key, texts[key.name])
    }
}
