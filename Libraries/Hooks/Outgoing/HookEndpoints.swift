package import Foundation
package import Kernel
package import Keys
package import Postgres

/// An endpoint as the database knows it: everything but the secrets.
package struct HookEndpointRecord: Sendable, Hashable {
    /// How operators call it.
    package let name: String
    /// Its id.
    package let id: ID<HookEndpoint>
    /// Where its hooks go.
    package let url: String
    /// What it is told.
    package let events: [String]
    /// Whether it is told anything.
    package let isActive: Bool
    /// Why it is disabled.
    package let reason: String?
    /// Whether it is being spared.
    package let breaker: HookBreaker
    /// When it was made.
    package let createdAt: Date
    /// How many secrets are valid now.
    package let secretCount: Int
    /// How many messages are on their way to it, counted up to 10,001.
    package let pending: Int
    /// How many messages it refused, or did not take in time, counted up to 10,001.
    package let dead: Int
}

/// Who is told what happens here: made, given new secrets, switched and listed by operators.
package enum HookEndpoints {
    /// An endpoint as whoever tells must know it.
    struct Listener: Sendable {
        let id: ID<HookEndpoint>
        let events: Set<String>
    }

    /// The most endpoints of a brand: what happens is written once for each of them.
    package static let countMax = Limit(
        20, reason: "each message costs a row and a job for each endpoint, within a scan")

    /// Makes an endpoint with its first secret.
    ///
    /// It hears what happens from a second later on.
    ///
    /// - Parameters:
    ///   - known: The events that there are.
    ///   - allowsLocal: Whether this machine may be told, without encryption: in development.
    /// - Returns: The id and the secret, which is shown once and never again; nil if the brand does not exist.
    /// - Throws: ``Problem`` for a name, a URL or an event that will not do, and for one endpoint too many; `PostgresError`.
    package static func create(
        _ name: String, url: String, events: [String], known: Set<String>, allowsLocal: Bool = false, brand: ID<Brand>,
        keys: KeyRing, on pool: Pool
    ) async throws -> (id: ID<HookEndpoint>, secret: HookSecret)? {
        guard HookSources.isName(name) else {
            throw Problem.invalid("An endpoint's name has 1 to 64 lower-case letters, digits and inner hyphens.")
        }
        let url = try HookURL(url, allowsLocal: allowsLocal)
        let events = try check(events, known: known)
        let secret = HookSecret.generate()
        let id = ID<HookEndpoint>.mint()
        return try await pool.transaction { tx in
            let others = try await tx.run(EndpointStatements.list(brand: brand))
            if others.contains(where: { $0.name == name }) {
                throw Problem.conflict("The brand has an endpoint called \(name) already.")
            }
            guard others.count < countMax.value else {
                throw Problem.conflict("A brand has \(countMax.value) endpoints at most: let one of them hear more.")
            }
            let insert = EndpointStatements.insert(name, url: url.text, events: events, id: id, brand: brand)
            guard try await tx.first(insert) != nil else { return nil }
            try await add(secret, number: 1, endpoint: id, brand: brand, keys: keys, on: tx)
            return (id, secret)
        }
    }

    /// Gives an endpoint a new secret; hooks are signed with the old one too for `overlap`, with older ones no more.
    ///
    /// - Returns: The new secret and its number; nil if the brand has no such endpoint.
    /// - Throws: ``Problem`` for an overlap that is negative or too long; `PostgresError`.
    package static func rotate(
        _ name: String, brand: ID<Brand>, overlap: Duration = HookSources.overlapUsual, keys: KeyRing, on pool: Pool
    ) async throws -> (number: Int, secret: HookSecret)? {
        guard (.zero...HookSources.overlapMax).contains(overlap) else {
            throw Problem.invalid("The old secret may stay valid for 0 seconds to 30 days.")
        }
        let secret = HookSecret.generate()
        return try await pool.transaction { tx in
            guard let id = try await tx.first(EndpointStatements.lock(name, brand: brand)) else { return nil }
            let number = try await tx.one(EndpointStatements.newestNumber(id, brand: brand)) + 1
            try await add(secret, number: number, endpoint: id, brand: brand, keys: keys, on: tx)
            try await tx.execute(
                EndpointStatements.endSecrets(
                    before: number, overlap: Int(overlap.components.seconds), endpoint: id, brand: brand))
            return (Int(number), secret)
        }
    }

    /// Changes where an endpoint's hooks go, or what it is told; what is on its way goes to the new place.
    ///
    /// - Returns: False if the brand has no such endpoint.
    /// - Throws: ``Problem`` as ``create(_:url:events:known:allowsLocal:brand:keys:on:)``; `PostgresError`.
    package static func change(
        _ name: String, url: String?, events: [String]?, known: Set<String>, allowsLocal: Bool = false,
        brand: ID<Brand>, on pool: Pool
    ) async throws -> Bool {
        let place = try url.map { text throws(Problem) in try HookURL(text, allowsLocal: allowsLocal) }
        let heard = try events.map { events throws(Problem) in try check(events, known: known) }
        let change = EndpointStatements.change(name, url: place?.text, events: heard, brand: brand)
        return try await pool.first(change) != nil
    }

    /// Lets an endpoint hear again; its breaker begins anew.
    ///
    /// - Returns: False if the brand has no such endpoint.
    package static func enable(_ name: String, brand: ID<Brand>, on pool: Pool) async throws(PostgresError) -> Bool {
        try await pool.first(EndpointStatements.switchTo("active", reason: nil, name: name, brand: brand)) != nil
    }

    /// Tells an endpoint nothing more; what is on its way to it is refused one by one, and can be delivered again later.
    ///
    /// - Returns: False if the brand has no such endpoint.
    /// - Throws: ``Problem`` for a reason that is empty or longer than 200 characters; `PostgresError`.
    package static func disable(_ name: String, reason: String, brand: ID<Brand>, on pool: Pool) async throws -> Bool {
        guard (1...200).contains(reason.count) else {
            throw Problem.invalid("The reason has 1 to 200 characters.")
        }
        return try await pool.first(
            EndpointStatements.switchTo("disabled", reason: reason, name: name, brand: brand)) != nil
    }

    /// The endpoints of a brand, by name.
    package static func list(
        brand: ID<Brand>, on db: some Executor
    ) async throws(PostgresError) -> [HookEndpointRecord] {
        try await db.run(EndpointStatements.list(brand: brand))
    }

    /// Sorted, each once, and known to us: a slip of the pen would never be heard of otherwise.
    private static func check(_ events: [String], known: Set<String>) throws(Problem) -> [String] {
        let all = known.sorted().joined(separator: ", ")
        let unknown = Set(events).subtracting(known).sorted()
        guard unknown.isEmpty else {
            throw .invalid("There is no event \(unknown.joined(separator: ", ")): there are \(all).")
        }
        guard !events.isEmpty else { throw .invalid("Name what the endpoint shall hear: \(all).") }
        return Set(events).sorted()
    }

    private static func add(
        _ secret: HookSecret, number: Int32, endpoint: ID<HookEndpoint>, brand: ID<Brand>, keys: KeyRing,
        on tx: Transaction
    ) async throws {
        let context = secretContext(endpoint, brand: brand, number: number)
        let sealed = try keys.seal(secret.bytes, for: .hookSecret, context: context)
        try await tx.execute(
            EndpointStatements.insertSecret(sealed, number: number, endpoint: endpoint, brand: brand))
    }

    /// What binds a sealed secret to its row.
    static func secretContext(_ endpoint: ID<HookEndpoint>, brand: ID<Brand>, number: Int32) -> [UInt8] {
        withUnsafeBytes(of: (brand.rawValue.uuid, endpoint.rawValue.uuid)) { Array($0) }
            + withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
