import Accounting
import Foundation
import Kernel
import Postgres
import TestSupport
import Testing

/// The ledger as plain values: what the one in the database must agree with.
private struct Model {
    struct Pot {
        var floor: Int64?
        var balance: Int64 = 0
    }

    struct Held {
        var hold: Hold
        var isOpen = true
    }

    enum Refusal: Error { case contradiction, belowFloor, ended, moreThanHeld }

    var now: Date
    var pots: [ID<Account>: Pot] = [:]
    var moves: [UUID: Posting] = [:]
    var order: [Posting] = []
    var holds: [ID<Hold>: Held] = [:]

    func held(_ pot: ID<Account>) -> Int64 {
        holds.values.reduce(0) {
            $0 + ($1.isOpen && $1.hold.debit == pot && $1.hold.expiresAt >= now ? $1.hold.amount.fen : 0)
        }
    }

    private func isAllowed(_ pot: ID<Account>) -> Bool {
        guard let floor = pots[pot]?.floor, let balance = pots[pot]?.balance else { return true }
        return balance - held(pot) >= floor
    }

    private mutating func move(_ posting: Posting) {
        pots[posting.debit]?.balance -= posting.amount.fen
        pots[posting.credit]?.balance += posting.amount.fen
        moves[posting.subject] = posting
        order.append(posting)
    }

    /// All of them or none.
    mutating func post(_ postings: [Posting]) throws(Refusal) -> Int {
        var next = self
        var fresh = 0
        for posting in postings {
            guard let earlier = moves[posting.subject] else {
                next.move(posting)
                fresh += 1
                continue
            }
            guard earlier.debit == posting.debit, earlier.credit == posting.credit, earlier.amount == posting.amount
            else { throw .contradiction }
        }
        let touched = Set(postings.filter { moves[$0.subject] == nil }.flatMap { [$0.debit, $0.credit] })
        guard touched.allSatisfy(next.isAllowed) else { throw .belowFloor }
        self = next
        return fresh
    }

    mutating func hold(_ hold: Hold) throws(Refusal) {
        var next = self
        next.holds[hold.id] = Held(hold: hold)
        guard next.isAllowed(hold.debit) else { throw .belowFloor }
        self = next
    }

    mutating func post(hold id: ID<Hold>, _ amount: Money) throws(Refusal) {
        guard let held = holds[id], held.isOpen, held.hold.expiresAt >= now else { throw .ended }
        guard amount <= held.hold.amount else { throw .moreThanHeld }
        holds[id]?.isOpen = false
        move(
            Posting(
                debit: held.hold.debit, credit: held.hold.credit, amount: amount, kind: held.hold.kind,
                subject: held.hold.subject, occurredAt: now))
    }

    mutating func void(_ id: ID<Hold>) { holds[id]?.isOpen = false }
}

/// Random operations on the ledger and on the model, step by step with the same outcome.
///
/// `SIYU_CHAOS=full` takes a million operations; `SIYU_SEED` repeats a run.
struct LedgerModelTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let operations = environment["SIYU_CHAOS"] == "full" ? 1_000_000 : 20_000
    private static let seed = environment["SIYU_SEED"].flatMap(UInt64.init) ?? .random(in: 0...UInt64(UInt32.max))

    @Test func d18_randomOperations_agreeWithAnInMemoryLedger() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            var run = Run(books: books, generator: Seeded(seed: Self.seed))
            try await run.open()
            while run.operations < Self.operations { try await run.step() }
            try await run.compare()
            #expect(
                run.refusals > 20 && run.postedHolds > 20 && run.seals > 0, "the run met no limits; seed \(Self.seed)")
        }
    }

    private struct Run {
        let books: Books
        var generator: Seeded
        var model: Model
        var pots: [ID<Account>] = []
        var openHolds: [Hold] = []
        var operations = 0
        var refusals = 0
        var postedHolds = 0
        var seals = 0

        init(books: Books, generator: Seeded) {
            self.books = books
            self.generator = generator
            model = Model(now: books.now)
        }

        mutating func open() async throws {
            for floor: Int64? in [nil, nil, 0, 0, 0, -500, -500, -5_000, -5_000, 0, nil, 0] {
                let pot = try await books.account("pot", floor: floor.map { Money(fen: $0) })
                pots.append(pot)
                model.pots[pot] = Model.Pot(floor: floor)
            }
            let gifts = pots.dropFirst(2).map { books.posting(pots[0], $0, 3_000) }
            _ = try await books.post(gifts)
            _ = try model.post(gifts)
        }

        mutating func step() async throws {
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<55: try await post()
            case 55..<70: try await hold()
            case 70..<84: try await postHold()
            case 84..<90: try await void()
            case 90..<97: model.now.addTimeInterval(Double(Int.random(in: 0...20, using: &generator)))
            case 97..<99: try await sweep()
            default: seals += try await Ledger.sealAll(brand: books.brand, on: books.pool) > 0 ? 1 : 0
            }
        }

        /// Runs an operation on the database; it must be refused exactly if the model refused it.
        private mutating func agree(
            _ refusal: Model.Refusal?, _ operations: Int = 1, _ body: (Transaction) async throws -> Void
        ) async throws {
            self.operations += operations
            do {
                try await books.pool.transaction { tx in try await body(tx) }
                #expect(refusal == nil, "allowed, against the model: \(refusal.map { "\($0)" } ?? ""); seed \(seed)")
            } catch {
                guard error is LedgerError || error is HoldError else { throw error }
                #expect(refusal != nil, "refused, against the model: \(error); seed \(seed)")
                refusals += 1
            }
        }

        private var seed: UInt64 { LedgerModelTests.seed }

        private mutating func pair() -> (ID<Account>, ID<Account>) {
            let two = pots.shuffled(using: &generator)
            return (two[0], two[1])
        }

        private mutating func post() async throws {
            var batch: [Posting] = []
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                let (from, to) = pair()
                var posting = books.posting(from, to, .random(in: 1...400, using: &generator))
                posting.occurredAt = model.now
                batch.append(posting)
            }
            // Some again, now and then with another amount.
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                guard var again = model.order.randomElement(using: &generator), again.kind == "test.move",
                    !batch.contains(where: { $0.subject == again.subject })
                else { continue }
                again.id = .mint()
                if Int.random(in: 0..<12, using: &generator) == 0 { again.amount = Money(fen: again.amount.fen + 1) }
                batch.append(again)
            }
            var (fresh, refusal): (Int, Model.Refusal?) = (0, nil)
            do { fresh = try model.post(batch) } catch { refusal = error }
            let now = model.now
            let brand = books.brand
            try await agree(refusal, batch.count) { tx in
                let posted = try await Ledger.post(batch, brand: brand, now: now, on: tx)
                #expect(posted.count == fresh)
            }
        }

        private mutating func hold() async throws {
            let (from, to) = pair()
            let hold = Hold(
                debit: from, credit: to, amount: Money(fen: .random(in: 1...900, using: &generator)), kind: "test.hold",
                subject: UUID(),
                expiresAt: model.now.addingTimeInterval(Double(Int.random(in: 1...60, using: &generator))))
            var refusal: Model.Refusal?
            do { try model.hold(hold) } catch { refusal = error }
            if refusal == nil { openHolds.append(hold) }
            let (brand, now) = (books.brand, model.now)
            try await agree(refusal) { tx in _ = try await Ledger.hold(hold, brand: brand, now: now, on: tx) }
        }

        private mutating func postHold() async throws {
            guard let hold = openHolds.randomElement(using: &generator) else { return }
            let amount = Money(fen: .random(in: 1...hold.amount.fen + 1, using: &generator))
            var refusal: Model.Refusal?
            do { try model.post(hold: hold.id, amount) } catch { refusal = error }
            if refusal == nil { postedHolds += 1 }
            // Some that have ended stay in the hat.
            if refusal == nil, Bool.random(using: &generator) { openHolds.removeAll { $0.id == hold.id } }
            let (brand, now) = (books.brand, model.now)
            // The same amount once more is no refusal: it says what was done.
            if refusal == .ended,
                model.moves[hold.subject]?.amount == amount
            {
                refusal = nil
            }
            try await agree(refusal) { tx in
                try await Ledger.post(hold: hold.id, amount: amount, brand: brand, now: now, on: tx)
            }
        }

        private mutating func void() async throws {
            guard let hold = openHolds.randomElement(using: &generator) else { return }
            let refusal: Model.Refusal? = model.moves[hold.subject] == nil ? nil : .ended
            if refusal == nil { model.void(hold.id) }
            let (brand, now) = (books.brand, model.now)
            try await agree(refusal) { tx in try await Ledger.void(hold: hold.id, brand: brand, now: now, on: tx) }
        }

        private mutating func sweep() async throws {
            let (brand, now) = (books.brand, model.now)
            try await agree(nil) { tx in _ = try await Ledger.expireHolds(brand: brand, now: now, on: tx) }
            openHolds.removeAll { $0.expiresAt < now.addingTimeInterval(-60) }
        }

        func compare() async throws {
            let check = try await Ledger.check(brand: books.brand, on: books.pool)
            #expect(check.isBalanced && check.transfers == model.order.count, "\(check); seed \(seed)")
            let middle = model.order[model.order.count / 2].occurredAt
            for pot in pots {
                let balance = try await Ledger.balance(of: pot, brand: books.brand, on: books.pool)
                #expect(balance.fen == model.pots[pot]?.balance, "seed \(seed)")
                let then = try await Ledger.balance(of: pot, asOf: middle, brand: books.brand, on: books.pool)
                let fold = model.order.filter { $0.occurredAt <= middle }.reduce(Int64(0)) {
                    $0 + ($1.credit == pot ? $1.amount.fen : 0) - ($1.debit == pot ? $1.amount.fen : 0)
                }
                #expect(then?.fen == fold, "seed \(seed)")
            }
            try await books.seal()
            let chain = try await Ledger.checkChain(brand: books.brand, on: books.pool)
            #expect(chain.fault == nil && chain.sealed == model.order.count && chain.unsealed == 0, "seed \(seed)")
        }
    }
}
