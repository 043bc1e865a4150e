import Crypto
package import Foundation
package import Kernel
package import Keys
package import Postgres

/// A hook that was checked: who sent it, under which id, and its body as it came.
package struct Delivery: Sendable, Hashable {
    /// Who sent it.
    package let source: ID<HookSource>
    /// The tenant.
    package let brand: ID<Brand>
    /// The only shop whose things the sender may touch; nil for all of the brand.
    package let shop: ID<Shop>?
    /// The sender's id of the message, the same for every attempt.
    package let id: String
    /// SHA-256 of the body.
    package let bodyHash: [UInt8]
    /// The body, byte by byte.
    package let body: [UInt8]
    /// What the batch functions of ``Inbox`` name a delivery by: `source/id`.
    package let key: String

    /// A delivery; the body is hashed here.
    package init(source: ID<HookSource>, brand: ID<Brand>, shop: ID<Shop>? = nil, id: String, body: [UInt8]) {
        self.source = source
        self.brand = brand
        self.shop = shop
        self.id = id
        self.body = body
        key = Self.key(source, id)
        bodyHash = Array(SHA256.hash(data: body))
    }

    static func key(_ source: ID<HookSource>, _ id: String) -> String { "\(source)/\(id)" }

    /// Refuses a delivery whose id came with another body before.
    ///
    /// - Throws: ``Problem`` 409 `idempotency_mismatch`.
    package func requireSame(_ storedHash: [UInt8]) throws(Problem) {
        guard storedHash == bodyHash else {
            throw .conflict(
                "This webhook-id came with another body before.", code: ProblemCode.idempotencyMismatch)
        }
    }
}

extension Delivery: CustomStringConvertible, CustomReflectable {
    /// Who and which, never the body: it may hold personal data.
    package var description: String { "Delivery(\(key))" }
    /// Empty, so that `dump` shows no body.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A delivery that was answered before.
package struct AnsweredDelivery: Sendable {
    /// What ``Delivery/key`` is of it.
    package let key: String
    /// SHA-256 of its body.
    package let bodyHash: [UInt8]
    /// What it was answered.
    package let answer: StoredAnswer
}

/// Deliveries with the answers they got: whatever comes again reads the same bytes and changes nothing.
///
/// An answer is stored in the transaction of its effect. Bodies are sealed, and dropped after ``bodyDays`` by ``HookSweep``.
package struct Inbox: Sendable {
    /// How many days a body is kept.
    package static let bodyDays: Int32 = 14

    private let keys: KeyRing

    /// An inbox that seals bodies with `keys`.
    package init(keys: KeyRing) { self.keys = keys }

    /// The stored answers of those deliveries that came before, by ``Delivery/key``.
    package func find(
        _ deliveries: [Delivery], brand: ID<Brand>, on tx: Transaction
    ) async throws -> [String: (bodyHash: [UInt8], answer: StoredAnswer)] {
        if deliveries.isEmpty { return [:] }
        var found: [String: (bodyHash: [UInt8], answer: StoredAnswer)] = [:]
        for row in try await tx.run(finding(deliveries, brand: brand)) {
            found[row.key] = (row.bodyHash, row.answer)
        }
        return found
    }

    /// ``find(_:brand:on:)`` as a statement, for a flight of the caller.
    package func finding(_ deliveries: [Delivery], brand: ID<Brand>) -> Statement<AnsweredDelivery> {
        InboxStatements.find(deliveries, brand: brand)
    }

    /// Stores answers in the transaction of their effects.
    ///
    /// A delivery that another transaction stores at this moment is waited for. Deliveries are unique within a call.
    ///
    /// - Returns: The ``Delivery/key`` of those that were stored. Whoever is missing lost a race and has an answer by now: read again.
    package func store(
        _ answered: [(Delivery, StoredAnswer)], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> Set<String> {
        if answered.isEmpty { return [] }
        return Set(try await tx.run(storing(answered, .doNothing, brand: brand, now: now)))
    }

    /// ``store(_:brand:now:on:)`` as a statement, for a flight of the caller; its rows are the keys of those that were stored.
    package func storing(
        _ answered: [(Delivery, StoredAnswer)], _ onConflict: OnConflict, brand: ID<Brand>, now: Date
    ) throws -> Statement<String> {
        var bodies: [[UInt8]] = []
        bodies.reserveCapacity(answered.count)
        for (delivery, _) in answered {
            bodies.append(try keys.seal(delivery.body, for: .inboxBody, context: Self.context(delivery)))
        }
        return InboxStatements.store(answered, onConflict, bodies: bodies, brand: brand, now: now)
    }

    /// Answers one delivery from the inbox, or runs `effect` and stores its answer.
    ///
    /// Deliveries with the same id follow each other, so that the second reads what the first was told.
    ///
    /// - Parameter tx: The transaction of the effect, not yet used for anything.
    /// - Throws: ``Problem`` 409 `idempotency_mismatch`; what `effect` throws; `PostgresError`.
    package func answer(
        _ delivery: Delivery, now: Date, on tx: Transaction,
        effect: (Transaction) async throws -> StoredAnswer
    ) async throws -> StoredAnswer {
        // Two statements: the second must see what the previous holder of the lock committed.
        let (_, stored) = try await tx.pipeline(
            InboxStatements.lock(delivery), InboxStatements.find([delivery], brand: delivery.brand))
        if let earlier = stored.first {
            try delivery.requireSame(earlier.bodyHash)
            return earlier.answer
        }
        let answer = try await effect(tx)
        let isStored = try await store([(delivery, answer)], brand: delivery.brand, now: now, on: tx)
        guard !isStored.isEmpty else {
            // Somebody stored it without the lock: what `effect` did is rolled back with this.
            throw Problem.conflict(
                "This delivery is being worked on: try again in a moment.",
                code: ProblemCode.idempotencyInProgress)
        }
        return answer
    }

    /// The body of a delivery, for whoever must look at what was sent; nil if there is none or it was dropped.
    package func body(
        of id: String, source: ID<HookSource>, brand: ID<Brand>, on db: some Executor
    ) async throws -> [UInt8]? {
        guard let sealed = try await db.first(InboxStatements.body(id, source: source, brand: brand))
        else {
            return nil
        }
        return try keys.open(
            sealed, for: .inboxBody, context: Self.context(id, source: source, brand: brand))
    }

    private static func context(_ delivery: Delivery) -> [UInt8] {
        context(delivery.id, source: delivery.source, brand: delivery.brand)
    }

    /// What binds a sealed body to its row.
    private static func context(_ id: String, source: ID<HookSource>, brand: ID<Brand>) -> [UInt8] {
        withUnsafeBytes(of: (brand.rawValue.uuid, source.rawValue.uuid)) { Array($0) } + Array(id.utf8)
    }
}
