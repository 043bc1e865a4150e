package import Foundation
package import Kernel
package import Postgres

/// An API key as the database knows it: everything but the token.
package struct APIKeyRecord: Sendable, Hashable {
    /// The id by which people name the key.
    package let id: ID<APIKey>
    /// The tenant.
    package let brand: ID<Brand>
    /// What its bearer may do.
    package let role: Role
    /// The only shop it may see, if any.
    package let shop: ID<Shop>?
    /// What it is for, in the words of whoever made it.
    package let label: String
    /// When it was made.
    package let createdAt: Date
    /// When it stopped being valid.
    package let revokedAt: Date?
    /// When it stops being valid by itself; nil for never.
    package let expiresAt: Date?
}

/// API keys: made and revoked by operators, presented by partners and staff.
///
/// Nothing is cached: a revoked key is refused from the next request on, at the price of one look-up by primary key.
package enum APIKeys {
    /// The longest label; it is read by people in a list.
    package static let labelLengthMax = 100

    /// The longest life of a key that ends by itself; whoever needs more makes one that does not.
    package static let lifetimeMax: Duration = .seconds(366 * 86_400)

    /// Makes a key for a brand, or for one shop of it.
    ///
    /// - Parameter lifetime: How long it is valid; nil for until it is revoked.
    /// - Returns: The record and the token, which is shown once and never again; nil if the brand does not exist.
    /// - Throws: ``Problem`` for a label that is empty or too long; `PostgresError`.
    package static func create(
        brand: ID<Brand>, role: Role, shop: ID<Shop>? = nil, label: String, lifetime: Duration? = nil,
        on db: some Executor
    ) async throws -> (record: APIKeyRecord, token: APIKeyToken)? {
        guard (1...labelLengthMax).contains(label.unicodeScalars.count) else {
            throw Problem.invalid("A label has 1 to \(labelLengthMax) characters.")
        }
        if let lifetime, lifetime <= .zero || lifetime > lifetimeMax {
            throw Problem.invalid("A key is valid for a second to 366 days, or until it is revoked.")
        }
        let token = APIKeyToken.generate()
        let key = APIKeyRecord(
            id: .mint(), brand: brand, role: role, shop: shop, label: label, createdAt: .distantPast, revokedAt: nil,
            expiresAt: nil)
        let seconds = lifetime.map { Double($0.components.seconds) }
        return try await db.first(APIKeyStatements.insert(key, lifetime: seconds, hash: token.hash))
            .map { ($0, token) }
    }

    /// Ends a key at once; a key that has ended stays as it is.
    ///
    /// - Returns: The record; nil if the brand has no such key.
    package static func revoke(
        _ id: ID<APIKey>, brand: ID<Brand>, on db: some Executor
    ) async throws(PostgresError) -> APIKeyRecord? {
        try await db.first(APIKeyStatements.revoke(id, brand: brand))
    }

    /// All keys of a brand, also the revoked ones, oldest first.
    package static func list(brand: ID<Brand>, on db: some Executor) async throws(PostgresError) -> [APIKeyRecord] {
        try await db.run(APIKeyStatements.list(brand: brand))
    }

    /// Who presents this text; nil if it is no token, or an unknown or revoked one.
    package static func caller(presenting text: String, on db: some Executor) async throws(PostgresError) -> Caller? {
        guard let token = APIKeyToken(text) else { return nil }
        return try await db.first(APIKeyStatements.caller(hash: token.hash))
    }

    /// Who a key speaks for; nil once it is revoked.
    package static func caller(of id: ID<APIKey>, on db: some Executor) async throws(PostgresError) -> Caller? {
        try await db.first(APIKeyStatements.caller(id: id))
    }
}
