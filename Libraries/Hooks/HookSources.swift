package import Foundation
package import Kernel
package import Keys
package import Postgres

/// A source of hooks as the database knows it: everything but the secrets.
package struct HookSourceRecord: Sendable, Hashable {
    /// The name in the path.
    package let name: String
    /// The id by which its deliveries are kept.
    package let id: ID<HookSource>
    /// The tenant.
    package let brand: ID<Brand>
    /// The only shop it speaks for; nil for the whole brand.
    package let shop: ID<Shop>?
    /// What its secrets are for.
    package let purposes: Set<HookPurpose>
    /// When it was made.
    package let createdAt: Date
    /// How many secrets are valid now.
    package var secretCount: Int
    /// When the older of two valid secrets ends; nil if there is one only.
    package var olderValidUntil: Date?
}

/// What becomes of a source's shop.
package enum HookSourceShop: Sendable, Hashable {
    /// It stays.
    case asItIs
    /// The source speaks for this shop alone, or with nil for the whole brand.
    case of(ID<Shop>?)
}

/// Sources of hooks: made, changed, given new secrets and listed by operators.
package enum HookSources {
    /// How long the old secret stays valid beside the new one, unless the operator says otherwise.
    package static let overlapUsual: Duration = .seconds(86_400)
    /// The longest overlap: an old secret is a way in for whoever has it.
    package static let overlapMax: Duration = .seconds(30 * 86_400)

    /// Makes a source with its first secret.
    ///
    /// - Parameters:
    ///   - shop: The only shop it speaks for, one of the brand's; nil for the whole brand.
    ///   - purposes: What its secret is for; for nothing else.
    /// - Returns: The record and the secret, which is shown once and never again; nil if the brand does not exist.
    /// - Throws: ``Problem`` for a name that does not fit a path or is taken, and for a purpose that is no shop's; `PostgresError`.
    package static func create(
        _ name: String, brand: ID<Brand>, shop: ID<Shop>? = nil, purposes: Set<HookPurpose>, keys: KeyRing,
        on pool: Pool
    ) async throws -> (record: HookSourceRecord, secret: HookSecret)? {
        guard isName(name) else {
            throw Problem.invalid("A source's name has 1 to 64 lower-case letters, digits and inner hyphens.")
        }
        try HookPurpose.require(purposes, fit: shop)
        let secret = HookSecret.generate()
        let id = ID<HookSource>.mint()
        return try await pool.transaction { tx in
            let made = try await tx.first(
                HookSourceStatements.insert(name, id: id, brand: brand, shop: shop, purposes: purposes))
            guard var record = made else {
                if try await tx.first(HookSourceStatements.isTaken(name)) != nil {
                    throw Problem.conflict("There is a source called \(name) already; names are shared by all brands.")
                }
                return nil
            }
            try await add(secret, number: 1, source: id, brand: brand, keys: keys, on: tx)
            record.secretCount = 1
            return (record, secret)
        }
    }

    /// Changes what a source is for, from the next second on; its secrets stay.
    ///
    /// - Parameter purposes: All that it is for from now on; nil leaves them as they are.
    /// - Returns: Whether the brand has such a source.
    /// - Throws: ``Problem`` for a purpose that is no shop's; `PostgresError`.
    package static func change(
        _ name: String, shop: HookSourceShop = .asItIs, purposes: Set<HookPurpose>? = nil, brand: ID<Brand>,
        on pool: Pool
    ) async throws -> Bool {
        try await pool.transaction { tx in
            guard let present = try await tx.first(HookSourceStatements.lock(name, brand: brand)) else { return false }
            let purposes = purposes ?? present.purposes
            let next = if case .of(let shop) = shop { shop } else { present.shop }
            try HookPurpose.require(purposes, fit: next)
            try await tx.execute(HookSourceStatements.change(name, shop: next, purposes: purposes, brand: brand))
            return true
        }
    }

    /// Gives a source a new secret; the one before stays valid for `overlap`, older ones end now.
    ///
    /// - Returns: The new secret and the number it has; nil if the brand has no such source.
    /// - Throws: ``Problem`` for an overlap that is negative or too long; `PostgresError`.
    package static func rotate(
        _ name: String, brand: ID<Brand>, overlap: Duration = overlapUsual, keys: KeyRing, on pool: Pool
    ) async throws -> (number: Int, secret: HookSecret)? {
        guard (.zero...overlapMax).contains(overlap) else {
            throw Problem.invalid("The old secret may stay valid for 0 seconds to 30 days.")
        }
        let secret = HookSecret.generate()
        return try await pool.transaction { tx in
            guard let newest = try await tx.first(HookSourceStatements.newestNumber(name, brand: brand)) else {
                return nil
            }
            let number = newest.number + 1
            try await add(secret, number: number, source: newest.id, brand: brand, keys: keys, on: tx)
            try await tx.execute(
                HookSourceStatements.endSecrets(
                    before: number, overlap: Int(overlap.components.seconds), source: newest.id, brand: brand))
            return (Int(number), secret)
        }
    }

    /// The sources of a brand, by name.
    package static func list(brand: ID<Brand>, on db: some Executor) async throws(PostgresError) -> [HookSourceRecord] {
        try await db.run(HookSourceStatements.list(brand: brand))
    }

    private static func add(
        _ secret: HookSecret, number: Int32, source: ID<HookSource>, brand: ID<Brand>, keys: KeyRing, on tx: Transaction
    ) async throws {
        let context = StoredHookSecret.context(source, brand: brand, number: number)
        let sealed = try keys.seal(secret.bytes, for: .hookSecret, context: context)
        try await tx.execute(HookSourceStatements.insertSecret(sealed, number: number, source: source, brand: brand))
    }

    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name.first != "-" && name.last != "-"
            && name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
            }
    }
}
