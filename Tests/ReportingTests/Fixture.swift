import FoundationEssentials
import Kernel
import Postgres
import Reporting

/// An order of a fixture, in its newest version.
struct FixtureOrder: Hashable, Sendable {
    var id: ID<Order>
    var shop: ID<Shop>
    var person: ID<Person>
    var version: Int32
    var status: String
    var placedAt: Date
    var amount: Money

    /// The business day: the zone has been eight hours ahead of UTC, without summer time, in all years that fixtures
    /// use.
    var day: CalendarDate {
        CalendarDate(daysSinceEpoch: Int32(((placedAt.timeIntervalSince1970 + 8 * 3_600) / 86_400).rounded(.down)))
    }

    var counts: Bool { status != "cancelled" }
}

/// A transfer of a fixture.
struct FixtureTransfer: Sendable {
    var id: ID<Transfer>
    var debit: ID<Account>
    var credit: ID<Account>
    var amount: Money
    var kind: String
    var occurredAt: Date
}

/// Days of a shop that a change touched, as the owner of orders tells it.
struct FixtureChange: Sendable {
    var shop: ID<Shop>
    var days: [CalendarDate]
}

/// A brand whose shops sell to people at random; every write keeps orders and ledger in step.
struct Fixture {
    let brand = ID<Brand>.mint()
    let shops: [ID<Shop>]
    let people: [ID<Person>]
    private(set) var orders: [FixtureOrder] = []
    private let accounts: [ID<Shop>: (clearing: ID<Account>, sales: ID<Account>)]
    private let db: Pool
    private var random: SplitMix64

    static let firstDay = CalendarDate(daysSinceEpoch: 20_000)

    init(seed: UInt64, shops count: Int = 3, people: Int = 12, on db: Pool) async throws {
        random = SplitMix64(state: seed)
        self.db = db
        shops = (0..<count).map { _ in .mint() }
        self.people = (0..<people).map { _ in .mint() }
        try await db.execute(FixtureStatements.addBrand(brand, name: "Random brand"))
        var accounts: [ID<Shop>: (ID<Account>, ID<Account>)] = [:]
        for (index, shop) in shops.enumerated() {
            let (clearing, sales) = (ID<Account>.mint(), ID<Account>.mint())
            accounts[shop] = (clearing, sales)
            try await db.execute(
                FixtureStatements.addShop(shop, code: "s\(index)", name: "Shop \(index)", brand: brand))
            try await db.execute(FixtureStatements.addAccount(clearing, kind: "clearing", shop: shop, brand: brand))
            try await db.execute(FixtureStatements.addAccount(sales, kind: "sales", shop: shop, brand: brand))
        }
        self.accounts = accounts
    }

    /// New orders, late ones, changed ones and cancelled ones: what an hour may bring.
    ///
    /// Answers which days it touched.
    mutating func change(days: Int = 90, count: Int = 20) async throws -> [FixtureChange] {
        var put: [FixtureOrder] = []
        var transfers: [FixtureTransfer] = []
        var touched: [ID<Shop>: Set<CalendarDate>] = [:]
        for _ in 0..<count {
            let isNew = orders.isEmpty || random.chance(70)
            let index = isNew ? orders.count : Int.random(in: 0..<orders.count, using: &random)
            if !isNew, put.contains(where: { $0.id == orders[index].id }) { continue }
            let new = isNew ? randomOrder(days: days) : changed(orders[index], days: days)
            if !isNew {
                touched[new.shop, default: []].insert(orders[index].day)
                transfers += self.transfers(taking: orders[index], back: true)
                orders[index] = new
            } else {
                orders.append(new)
            }
            touched[new.shop, default: []].insert(new.day)
            transfers += self.transfers(taking: new, back: false)
            put.append(new)
        }
        let (brand, rows, moves) = (brand, put, transfers)
        try await db.transaction { tx in
            try await tx.execute(FixtureStatements.putOrders(rows, brand: brand))
            try await tx.execute(FixtureStatements.postTransfers(moves, brand: brand))
        }
        return touched.map { FixtureChange(shop: $0.key, days: $0.value.shuffled(using: &random)) }
    }

    /// Puts one order and its payment.
    mutating func put(person: Int, shop: Int = 0, day: Int, fen: Int64) async throws -> FixtureChange {
        let order = FixtureOrder(
            id: .mint(), shop: shops[shop], person: people[person], version: 1, status: "paid",
            placedAt: Self.instant(day: day, second: 43_200), amount: Money(fen: fen))
        orders.append(order)
        try await db.execute(FixtureStatements.putOrders([order], brand: brand))
        try await db.execute(FixtureStatements.postTransfers(transfers(taking: order, back: false), brand: brand))
        return FixtureChange(shop: order.shop, days: [order.day])
    }

    /// Posts money that no order explains.
    func postStrayPayment(day: Int, fen: Int64) async throws {
        let order = FixtureOrder(
            id: .mint(), shop: shops[0], person: people[0], version: 1, status: "paid",
            placedAt: Self.instant(day: day, second: 1), amount: Money(fen: fen))
        try await db.execute(FixtureStatements.postTransfers(transfers(taking: order, back: false), brand: brand))
    }

    private mutating func randomOrder(days: Int) -> FixtureOrder {
        FixtureOrder(
            id: .mint(), shop: shops[Int.random(in: shops.indices, using: &random)],
            person: people[Int.random(in: people.indices, using: &random)], version: 1,
            status: random.chance(95) ? "paid" : "cancelled", placedAt: randomInstant(days: days),
            amount: randomAmount())
    }

    private mutating func changed(_ order: FixtureOrder, days: Int) -> FixtureOrder {
        var order = order
        order.version += 1
        switch Int.random(in: 0..<5, using: &random) {
        case 0: order.status = order.counts ? "cancelled" : "paid"
        case 1: order.status = "completed"
        case 2: order.amount = randomAmount()
        case 3: order.placedAt = randomInstant(days: days)
        default: order.person = people[Int.random(in: people.indices, using: &random)]
        }
        return order
    }

    private mutating func randomInstant(days: Int) -> Date {
        // Midnight and the second before it are where days go wrong, so they are frequent.
        let second = [0, 86_399, Int.random(in: 0..<86_400, using: &random)].randomElement(using: &random) ?? 0
        return Self.instant(day: Int.random(in: 0..<days, using: &random), second: second)
    }

    private mutating func randomAmount() -> Money {
        Money(fen: random.chance(10) ? 0 : Int64.random(in: 1...99_999, using: &random))
    }

    static func instant(day: Int, second: Int) -> Date {
        Date(timeIntervalSince1970: Double((Int(firstDay.daysSinceEpoch) + day) * 86_400 + second - 8 * 3_600))
    }

    private func transfers(taking order: FixtureOrder, back: Bool) -> [FixtureTransfer] {
        guard order.counts, order.amount > .zero, let pair = accounts[order.shop] else { return [] }
        return [
            FixtureTransfer(
                id: .mint(), debit: back ? pair.sales : pair.clearing, credit: back ? pair.clearing : pair.sales,
                amount: order.amount, kind: back ? "order.reversed" : "order.paid", occurredAt: order.placedAt)
        ]
    }
}

extension Fixture {
    /// Tells the rollups what changed and lets them catch up.
    func roll(_ changes: [FixtureChange], as reports: Pool) async throws {
        let brand = brand
        for change in changes {
            try await reports.transaction { tx in
                try await Rollup.mark(
                    change.days, shop: change.shop, mark: ID<Import>.mint().rawValue, brand: brand, on: tx)
            }
            try await Rollup.catchUp(brand: brand, pool: reports)
        }
    }

    /// Forgets the rollups and computes them from nothing.
    func rollEverything(as reports: Pool) async throws {
        let brand = brand
        for statement in FixtureStatements.forgetRollups(brand: brand) { try await reports.execute(statement) }
        try await reports.transaction { tx in
            try await Rollup.markEverything(mark: ID<Import>.mint().rawValue, brand: brand, on: tx)
        }
        try await Rollup.catchUp(brand: brand, pool: reports)
    }
}

/// A generator whose sequence is fixed by its seed.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// True in `percent` of a hundred cases.
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
