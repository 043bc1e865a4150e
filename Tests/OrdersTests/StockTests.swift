import FoundationEssentials
import Kernel
import Postgres
import TestSupport
import Testing

@testable import Orders

struct StockTests {
    private struct Shelf {
        let bundle: PaymentsBundle
        let variants: [ID<Variant>]

        init(_ db: TestDatabase, variants count: Int = 1, received: Int) async throws {
            let bundle = try await PaymentsBundle(db)
            self.bundle = bundle
            // The catalogue is the operator's; siyu-gifts only moves what is in it.
            variants = try await db.pool(as: .operator).transaction { tx in
                let product = try await Catalogue.addProduct(
                    sku: "TEA", title: "Tea", listPrice: Money(fen: 100), shop: bundle.shop, brand: bundle.brand,
                    now: .now, on: tx)
                var variants: [ID<Variant>] = []
                for number in 0..<count {
                    let variant = try await Catalogue.addVariant(
                        sku: "V\(number)", title: "Tea \(number)", listPrice: Money(fen: 100), product: product.id,
                        brand: bundle.brand, now: .now, on: tx)
                    variants.append(variant.id)
                    _ = try await Stock.receive(
                        received, of: variant.id, delivery: bundle.brand.rawValue, brand: bundle.brand, now: .now,
                        on: tx)
                }
                return variants
            }
        }

        /// Once only: a deadlock is a failure here, where elsewhere the transaction would quietly run again.
        func move(_ moves: [StockMove]) async throws -> StockOutcome {
            try await bundle.pool.transaction(.init(attemptsMax: 1)) { tx in
                try await Stock.move(moves, brand: bundle.brand, now: .now, on: tx)
            }
        }

        func take(_ variant: ID<Variant>, _ quantity: Int = 1, subject: UUID = ID<Gift>.mint().rawValue) -> StockMove {
            StockMove(variant: variant, quantity: -quantity, kind: "gift.reserve", subject: subject)
        }

        func available(_ variant: ID<Variant>) async throws -> Int? {
            try await Catalogue.variant(variant, brand: bundle.brand, on: bundle.pool)?.available
        }

        /// Variants whose movements do not add up to what is available.
        func wrong() async throws -> Int {
            let brand = bundle.brand
            return try await bundle.number(
                """
                SELECT count(*) FROM orders.stock s WHERE s.brand_id = \(brand) AND s.available <> COALESCE((
                    SELECT sum(m.quantity) FROM orders.stock_movement m
                    WHERE m.brand_id = s.brand_id AND m.variant_id = s.variant_id), 0)
                """)
        }
    }

    @Test func move_twice_changesNothingTheSecondTimeAndSaysSo() async throws {
        try await withTestDatabase { db in
            let shelf = try await Shelf(db, received: 3)
            let variant = shelf.variants[0]
            let move = shelf.take(variant)

            #expect(try await shelf.move([move]) == .moved)
            #expect(try await shelf.move([move]) == .repeated)
            #expect(try await shelf.move([move, shelf.take(variant)]) == .moved)
            #expect(try await shelf.available(variant) == 1)
            #expect(try await shelf.wrong() == 0)
        }
    }

    @Test func move_ofTwoVariantsWhereOneIsSoldOut_movesNeither() async throws {
        try await withTestDatabase { db in
            let shelf = try await Shelf(db, variants: 2, received: 2)
            let subject = ID<Gift>.mint().rawValue

            let outcome = try await shelf.move([
                shelf.take(shelf.variants[0], subject: subject), shelf.take(shelf.variants[1], 3, subject: subject),
            ])

            #expect(outcome == .soldOut(shelf.variants[1]))
            #expect(try await shelf.available(shelf.variants[0]) == 2)
            #expect(try await shelf.wrong() == 0)
        }
    }

    @Test func move_thatContradictsOrNamesNothing_isAFault() async throws {
        try await withTestDatabase { db in
            let shelf = try await Shelf(db, received: 9)
            let move = shelf.take(shelf.variants[0])
            var other = move
            other.quantity = -2
            var nothing = move
            nothing.quantity = 0
            let stranger = shelf.take(.mint())
            _ = try await shelf.move([move])

            for moves in [[other], [nothing], [move, move], [stranger]] {
                await #expect(throws: StockError.self) { try await shelf.move(moves) }
            }
            #expect(try await shelf.available(shelf.variants[0]) == 8)
        }
    }

    @Test func move_hundredAtOnceForThirty_sellsThirtyAndNeverMore() async throws {
        try await withTestDatabase { db in
            let shelf = try await Shelf(db, variants: 2, received: 30)

            let outcomes = try await withThrowingTaskGroup(of: StockOutcome.self) { group in
                for number in 0..<100 {
                    // Half of them name the variants in the other order: a lock taken out of order would deadlock.
                    let pair = number.isMultiple(of: 2) ? shelf.variants : shelf.variants.reversed()
                    let subject = ID<Gift>.mint().rawValue
                    group.addTask { try await shelf.move(pair.map { shelf.take($0, subject: subject) }) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(outcomes.count { $0 == .moved } == 30)
            #expect(outcomes.count { if case .soldOut = $0 { true } else { false } } == 70)
            #expect(try await shelf.available(shelf.variants[0]) == 0)
            #expect(try await shelf.available(shelf.variants[1]) == 0)
            #expect(try await shelf.wrong() == 0)
        }
    }

    @Test func movements_byTheService_cannotBeChangedOrDeleted() async throws {
        try await withTestDatabase { db in
            let shelf = try await Shelf(db, received: 1)
            let brand = shelf.bundle.brand
            let statements: [Statement<Void>] = [
                Statement("UPDATE orders.stock_movement SET quantity = 5 WHERE brand_id = \(brand)"),
                Statement("DELETE FROM orders.stock_movement WHERE brand_id = \(brand)"),
                Statement("DELETE FROM orders.refund WHERE brand_id = \(brand)"),
                Statement("UPDATE orders.refund SET amount_fen = 1 WHERE brand_id = \(brand)"),
                Statement("UPDATE orders.payment_intent SET amount_fen = 1 WHERE brand_id = \(brand)"),
            ]
            for role in [TestRole.gifts, .operator, .ingest] {
                for statement in statements {
                    let error = await #expect(throws: PostgresError.self) {
                        try await db.pool(as: role).execute(statement)
                    }
                    #expect(error?.sqlState == .insufficientPrivilege)
                }
            }
            let oversold = await #expect(throws: PostgresError.self) {
                try await shelf.bundle.pool.execute(
                    Statement("UPDATE orders.stock SET available = -1 WHERE brand_id = \(brand)"))
            }
            #expect(oversold?.constraint == "stock_not_oversold")
        }
    }
}
