package import Foundation
package import Kernel
package import Postgres

/// What makes two requests the same: the caller, the route, and the `Idempotency-Key` (or a hook's `webhook-id`).
package struct IdempotentRequest: Sendable, Hashable {
    /// The tenant.
    package let brand: ID<Brand>
    /// Who calls: the id of the API key, or of a hook's source.
    package let caller: UUID
    /// The route's template, for instance `POST /v1/imports`.
    package let route: String
    /// The key the caller chose.
    package let key: String

    /// The longest key; a UUID or a hash fits several times.
    package static let keyLengthMax = 255

    /// A request by its parts.
    ///
    /// - Throws: ``Problem`` 400 if `key` is nil (`idempotency_key_missing`), empty, too long or not printable ASCII.
    package init(brand: ID<Brand>, caller: UUID, route: String, key: String?) throws(Problem) {
        guard let key else {
            throw Problem(
                status: 400, code: ProblemCode.idempotencyKeyMissing, title: "Bad request",
                detail: "This request needs an Idempotency-Key: the same one each time it is repeated.")
        }
        guard (1...Self.keyLengthMax).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20..<0x7F).contains($0) })
        else {
            throw .badRequest("An Idempotency-Key has 1 to \(Self.keyLengthMax) printable ASCII characters.")
        }
        self.brand = brand
        self.caller = caller
        self.route = route
        self.key = key
    }
}

/// An answer as it was given: repeated to the byte.
package struct StoredAnswer: Sendable, Hashable {
    /// The HTTP status.
    package var status: Int
    /// The media type.
    package var contentType: String
    /// The body.
    package var body: [UInt8]

    /// An answer in its parts.
    package init(status: Int, contentType: String = "application/json", body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// Requests that may be repeated: the effect happens once, and every repetition gets the first answer.
///
/// The answer is stored in the transaction of the effect. A request that fails stores nothing and may be tried again.
package enum Idempotency {
    /// How many days an answer is kept.
    package static let days: Int32 = 7

    /// Answers from the store, or runs `effect` and stores its answer.
    ///
    /// For routes that stream their body, whose hash is known only at the end, there are ``find(_:on:)`` and ``store(_:bodyHash:_:on:)``.
    ///
    /// - Parameters:
    ///   - bodyHash: SHA-256 of the request's body.
    ///   - tx: The transaction of the effect, not yet used for anything.
    /// - Throws: ``Problem`` 409 `idempotency_mismatch` (same key, other body) or `idempotency_in_progress` (the first request has
    ///   not been answered yet); what `effect` throws; `PostgresError`.
    package static func answer(
        _ request: IdempotentRequest, bodyHash: [UInt8], on tx: Transaction,
        effect: (Transaction) async throws -> StoredAnswer
    ) async throws -> StoredAnswer {
        if let (storedHash, answer) = try await find(request, on: tx) {
            try requireSame(bodyHash, storedHash)
            return answer
        }
        let answer = try await effect(tx)
        try await store(request, bodyHash: bodyHash, answer, on: tx)
        return answer
    }

    /// The answer that is stored for a request, with the hash of the body it was for.
    ///
    /// - Throws: ``Problem`` 409 `idempotency_in_progress`; `PostgresError`.
    package static func find(
        _ request: IdempotentRequest, on tx: Transaction
    ) async throws -> (bodyHash: [UInt8], answer: StoredAnswer)? {
        // Two statements: the second must see what the previous holder of the lock committed.
        let (locked, stored) = try await tx.pipeline(
            IdempotencyStatements.lock(request), IdempotencyStatements.select(request))
        guard locked == [true] else { throw inProgress }
        return stored.first
    }

    /// 409: the first request with the key has not been answered yet.
    package static let inProgress = Problem.conflict(
        "The first request with this Idempotency-Key is still being worked on: try again in a moment.",
        code: ProblemCode.idempotencyInProgress)

    /// Stores the answer of a request that ``find(_:on:)`` did not know, in the same transaction.
    package static func store(
        _ request: IdempotentRequest, bodyHash: [UInt8], _ answer: StoredAnswer, on tx: Transaction
    ) async throws(PostgresError) {
        try await tx.execute(IdempotencyStatements.insert(request, bodyHash: bodyHash, answer))
    }

    /// Refuses a repetition whose body is another.
    ///
    /// - Throws: ``Problem`` 409 `idempotency_mismatch`.
    package static func requireSame(_ bodyHash: [UInt8], _ storedHash: [UInt8]) throws(Problem) {
        guard bodyHash == storedHash else {
            throw .conflict(
                "This Idempotency-Key came with another body before.", code: ProblemCode.idempotencyMismatch)
        }
    }

    /// Removes a brand's expired answers, at most `limit` of them, so that no transaction is long.
    ///
    /// - Returns: How many were removed.
    package static func purge(
        brand: ID<Brand>, limit: Int = 1_000, on db: some Executor
    ) async throws(PostgresError) -> Int {
        try await db.run(IdempotencyStatements.purge(brand: brand, limit: limit)).count
    }
}

// MARK: - Many at once

/// What is known of a request.
package enum IdempotencyStanding: Sendable, Hashable {
    /// Nobody has answered it, and until the transaction ends nobody else will.
    case new
    /// It was answered before; the hash is that of the body it was answered for.
    case answered(bodyHash: [UInt8], StoredAnswer)
    /// Somebody else works on it.
    case inProgress
}

/// A look for the answers of several requests that travels in a flight of its caller.
package struct IdempotencySearch: Sendable {
    let requests: [IdempotentRequest]
    let locked: Flight.Ticket<(place: Int, isLocked: Bool)>
    let stored: Flight.Ticket<(place: Int, bodyHash: [UInt8], answer: StoredAnswer)>

    /// What is known of each request.
    package func standings(in landing: Landing) throws(PostgresError) -> [IdempotentRequest: IdempotencyStanding] {
        var standings: [IdempotentRequest: IdempotencyStanding] = [:]
        for (place, isLocked) in try landing.rows(locked) {
            standings[requests[place - 1]] = isLocked ? .new : .inProgress
        }
        for (place, bodyHash, answer) in try landing.rows(stored) where standings[requests[place - 1]] == .new {
            standings[requests[place - 1]] = .answered(bodyHash: bodyHash, answer)
        }
        return standings
    }
}

/// A request that was answered just now.
package struct AnsweredRequest: Sendable, Hashable {
    /// Which one.
    package let request: IdempotentRequest
    /// SHA-256 of its body.
    package let bodyHash: [UInt8]
    /// What it was answered.
    package let answer: StoredAnswer

    /// A request with its answer.
    package init(_ request: IdempotentRequest, bodyHash: [UInt8], _ answer: StoredAnswer) {
        self.request = request
        self.bodyHash = bodyHash
        self.answer = answer
    }
}

extension Idempotency {
    /// Adds to `flight` what ``find(_:on:)`` asks about one request, for several of a brand, each of them once.
    package static func search(
        _ requests: [IdempotentRequest], brand: ID<Brand>, in flight: inout Flight
    ) -> IdempotencySearch {
        // Two statements: the second must see what the previous holders of the locks committed.
        let locked = flight.add(IdempotencyStatements.lock(requests))
        let stored = flight.add(IdempotencyStatements.select(requests, brand: brand))
        return IdempotencySearch(requests: requests, locked: locked, stored: stored)
    }

    /// ``store(_:bodyHash:_:on:)`` for several requests of a brand, as a statement, for a flight of the caller.
    package static func storing(_ answered: [AnsweredRequest], brand: ID<Brand>) -> Statement<Void> {
        IdempotencyStatements.insert(answered, brand: brand)
    }
}
