import Foundation
import Gifting
import Jobs
import Kernel
import Keys
import Orders
import Postgres
import TestSupport
import Testing

/// Group gifts on the shelves of a ``GiftBench``.
struct GroupBench {
    let bench: GiftBench
    let groups: GiftGroups
    let desk: AcceptDesk

    init(_ db: TestDatabase, pay: StubPay = StubPay(), stock: Int = 2_000, connections: Int = 12) async throws {
        bench = try await GiftBench(db, pay: pay, stock: stock, connections: connections)
        groups = GiftGroups(gifts: bench.gifts, keys: .ephemeral())
        groups.register()
        desk = bench.acceptDesk()
    }

    var giver: Shopper { bench.shopper("giver") }

    func terms(
        units: Int, places: Int, split: GroupSplit = .fixed, entries: Int, moment: GroupMoment = .whenFull
    ) -> GroupTerms {
        GroupTerms(units: units, places: places, split: split, moment: moment, entriesMax: entries)
    }

    /// The clock of the business.
    func clock() async throws -> Date {
        try await bench.db.owner.one(Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() })
    }

    func create(_ terms: GroupTerms, greeting: String? = "For all of you") async throws -> ID<GiftGroup> {
        let wish = NewGroup(shop: bench.shop, variant: bench.red.id, terms: terms, greeting: greeting)
        let view = try await bench.pool.transaction { tx in try await groups.create(wish, by: giver, on: tx) }
        return try #require(view.field("group_id"))
    }

    func reserve(_ id: ID<GiftGroup>) async throws -> ID<Payment> {
        try await bench.pool.transaction { tx in try await groups.reserve(id, by: giver, on: tx) }.payment
    }

    /// A group gift that people may enter; the worker must run.
    func open(_ terms: GroupTerms) async throws -> ID<GiftGroup> {
        let id = try await create(terms)
        try await bench.notify(try await reserve(id), fen: 10_000 * Int64(terms.units))
        try await eventually { try await state(of: id) == "open" }
        return id
    }

    @discardableResult
    func enter(_ id: ID<GiftGroup>, _ name: String) async throws -> GroupGuestView {
        let shopper = bench.shopper(name)
        return try await bench.pool.transaction { tx in try await groups.enter(id, by: shopper, on: tx) }
    }

    func due(_ id: ID<GiftGroup>) async throws {
        try await bench.pool.transaction { tx in try await groups.due(id, brand: bench.brand, on: tx) }
    }

    func proof(_ id: ID<GiftGroup>) async throws -> GroupProof {
        try await GiftGroups.proof(of: id, brand: bench.brand, on: bench.pool)
    }

    func state(of id: ID<GiftGroup>) async throws -> String {
        let brand = bench.brand
        return try await bench.db.owner.one(
            Statement("SELECT state FROM gifting.gift_group WHERE brand_id = \(brand) AND group_id = \(id)") {
                row throws(PostgresError) in try row.next()
            })
    }

    /// What somebody won, as a gift that they may take; nil for those who did not win.
    func won(_ id: ID<GiftGroup>, _ name: String) async throws -> GiftBench.Pair? {
        let shopper = bench.shopper(name)
        let seen = try await bench.pool.transaction { tx in try await groups.show(id, to: shopper, on: tx) }
        guard case .guest(let view) = seen, let gift = view.json["gift"] as? [String: Any],
            let text = gift["gift_id"] as? String, let id = ID<Gift>(text)
        else { return nil }
        return GiftBench.Pair(id: id, sender: giver, recipient: shopper)
    }

    func take(_ pair: GiftBench.Pair) async throws {
        try await bench.claim(pair)
        try await bench.fillIn(pair)
        try await bench.accept(pair, at: desk)
    }

    /// What came back to the giver at the provider, in fen.
    var paidBack: Int64 { bench.pay.payouts.values.flatMap(\.values).reduce(0, +) }
}
