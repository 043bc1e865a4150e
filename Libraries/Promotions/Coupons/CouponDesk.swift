import Foundation
package import Hooks
package import Kernel
package import Keys
package import Postgres
import Vault

/// What somebody tells who has a coupon count, as JSON.
struct CouponUseBody: Decodable, Sendable {
    let openid: String
    let orderID: ID<Order>

    private enum CodingKeys: String, CodingKey {
        case openid
        case orderID = "order_id"
    }

    /// Reads a body.
    ///
    /// - Throws: ``Problem`` 400 for what is no JSON object of this shape.
    static func read(_ body: [UInt8]) throws(Problem) -> CouponUseBody {
        // What was wrong with it is said in one sentence, whatever the decoder found.
        guard let read = try? JSONDecoder().decode(CouponUseBody.self, from: Data(body)) else {
            throw .badRequest("The body must be a JSON object with the strings `openid` and `order_id`, a UUID.")
        }
        return read
    }
}

/// The answer to a use, as JSON.
struct CouponUseAnswer: Codable, Sendable {
    let couponID: ID<Coupon>
    let orderID: ID<Order>
    let offFen: Int64
    let usedAt: Date

    private enum CodingKeys: String, CodingKey {
        case couponID = "coupon_id"
        case orderID = "order_id"
        case offFen = "off_fen"
        case usedAt = "used_at"
    }
}

/// A coupon as whoever holds it sees it, as JSON.
package struct CouponView: Encodable, Sendable {
    let couponID: ID<Coupon>
    let name: String
    let state: String
    let offFen: Int64
    let thresholdFen: Int64
    let expiresAt: Date
    /// The order that it counts for; nil for none.
    let orderID: ID<Order>?

    init(_ coupon: CouponRecord, order: ID<Order>?, now: Date) {
        couponID = coupon.id
        name = coupon.name
        state = coupon.shownState(now: now).rawValue
        offFen = coupon.off.fen
        thresholdFen = coupon.threshold.fen
        expiresAt = coupon.expiresAt
        orderID = order
    }
}

/// Answers those who ask for coupons, and those who take them.
package struct CouponDesk: Sendable {
    /// How many coupons a page may hold.
    package static let pageMax = Limit(100, reason: "a page is one response in memory; more coupons are more pages")
    /// How often a lost connection, or a commit that was not answered, is followed by another try.
    ///
    /// The inbox makes it safe: what was committed answers for itself.
    private static let attemptsMax = 3
    /// WeChat's identifier of a person within one app.
    private static let openid: PersonKind = "openid"

    private let pool: Pool
    private let coupons: Coupons
    private let vault: Vault
    private let inbox: Inbox

    /// Answers from the database of `pool`.
    package init(pool: Pool, coupons: Coupons, keys: KeyRing) {
        self.pool = pool
        self.coupons = coupons
        vault = Vault(keys: keys)
        inbox = Inbox(keys: keys)
    }

    /// Has a coupon count for an order, as a hook tells; told again it is answered as before.
    ///
    /// - Throws: ``Problem``; what the transaction threw.
    package func use(_ coupon: ID<Coupon>, _ delivery: Delivery) async throws -> StoredAnswer {
        let body = try CouponUseBody.read(delivery.body)
        let stored = try await answer(coupon, body, delivery)
        // What cannot be read as this is the answer to something else.
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let told = try? decoder.decode(CouponUseAnswer.self, from: Data(stored.body)), told.couponID == coupon
        else {
            throw Problem.conflict(
                "This webhook-id came with the same body to another path before.",
                code: ProblemCode.idempotencyMismatch)
        }
        return stored
    }

    private func answer(
        _ coupon: ID<Coupon>, _ body: CouponUseBody, _ delivery: Delivery
    ) async throws -> StoredAnswer {
        for attempt in 1... {
            do {
                return try await pool.transaction { tx in
                    let now = try await tx.one(CardStatements.clock())
                    return try await inbox.answer(delivery, now: now, on: tx) { tx in
                        try await use(coupon, body, delivery, on: tx)
                    }
                }
            } catch let error as PostgresError where error.endsConnection && attempt < Self.attemptsMax {
                continue
            }
        }
        preconditionFailure("the loop ends by returning or throwing")
    }

    private func use(
        _ id: ID<Coupon>, _ body: CouponUseBody, _ delivery: Delivery, on tx: Transaction
    ) async throws -> StoredAnswer {
        let brand = delivery.brand
        guard let person = try await person(body.openid, brand: brand, on: tx) else { throw Problem.couponUnknown }
        let (coupon, use) = try await coupons.use(
            id, of: person, for: body.orderID, shop: delivery.shop, brand: brand, on: tx)
        let answer = CouponUseAnswer(
            couponID: id, orderID: use.order, offFen: coupon.off.fen, usedAt: use.usedAt)
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return StoredAnswer(status: 200, body: Array(try encoder.encode(answer)))
    }

    /// What a person holds, the last first; nothing for whom the brand does not know.
    ///
    /// - Throws: ``Problem`` 422 for a page that is too long.
    package func held(
        by openid: String, after: ID<Coupon>?, limit: Int, brand: ID<Brand>
    ) async throws -> (coupons: [CouponView], next: ID<Coupon>?) {
        guard (1...Self.pageMax.value).contains(limit) else {
            throw Problem.invalid("`limit` must be a number from 1 to \(Self.pageMax.value).")
        }
        return try await pool.transaction { tx in
            guard let person = try await person(openid, brand: brand, on: tx) else { return ([], nil) }
            let now = try await tx.one(CardStatements.clock())
            let (page, next) = try await coupons.held(by: person, after: after, limit: limit, brand: brand, on: tx)
            return (page.map { CouponView($0.coupon, order: $0.order, now: now) }, next)
        }
    }

    private func person(_ openid: String, brand: ID<Brand>, on tx: Transaction) async throws -> ID<Person>? {
        let index = vault.blindIndex(of: openid, kind: Self.openid, brand: brand)
        return try await vault.known([index], kind: Self.openid, brand: brand, on: tx)[index]
    }
}
