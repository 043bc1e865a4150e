import Accounting
import Crypto
import FoundationEssentials
package import Kernel
package import Keys
import Orders
package import Postgres

/// A wish for new codes.
package struct MintRequest: Hashable, Sendable {
    /// The tenant.
    package var brand: ID<Brand>
    /// The caller's name for this wish: the same name is minted once.
    package var requestID: String
    /// How many codes.
    package var count: Int64
    /// What they win.
    package var prizes: [PrizeRequest]
    /// What people call the batch.
    package var label: String
    /// The shop it is for; nil for all of them.
    package var shop: ID<Shop>?
    /// The product it is printed on; nil for any.
    package var product: ID<Product>?
    /// What its packs tell beside their codes.
    package var facts: BatchFacts

    /// A wish in its parts.
    package init(
        brand: ID<Brand>, requestID: String, count: Int64, prizes: [PrizeRequest] = [], label: String,
        shop: ID<Shop>? = nil, product: ID<Product>? = nil, facts: BatchFacts = .none
    ) {
        self.brand = brand
        self.requestID = requestID
        self.count = count
        self.prizes = prizes
        self.label = label
        self.shop = shop
        self.product = product
        self.facts = facts
    }

    /// What tells two wishes of one name apart.
    var hash: [UInt8] {
        var text = "\(count)\n\(label)\n\(shop.map { "\($0)" } ?? "")\n\(product.map { "\($0)" } ?? "")\n"
        for prize in prizes {
            let kind = prize.kind.canonical(draw: prize.campaign, coupon: prize.coupon)
            text += "\(kind),\(prize.points),\(prize.cost.fen),\(prize.count),\(prize.name)\n"
        }
        text += facts.hashText
        return Array(SHA256.hash(data: Array(text.utf8)))
    }

    func check() throws(Problem) {
        guard (1...CodeCipher.countMax).contains(count) else {
            throw .invalid("A batch has 1 to \(CodeCipher.countMax) codes.", code: "count_out_of_range")
        }
        guard (1...100).contains(requestID.unicodeScalars.count), (1...100).contains(label.unicodeScalars.count) else {
            throw .invalid("A request's id and a batch's label have 1 to 100 characters.", code: "name_malformed")
        }
    }
}

/// Makes batches of codes.
///
/// A batch is a row, its prizes and two accounts; its codes are computed from its key, the same bytes every time.
package enum Minting {
    /// A million handles: with half of them taken, twenty tries miss once in a million.
    static let handleTries = 20

    /// Makes the batch of a request, or finds the one that was made before.
    ///
    /// - Parameter author: Who is to stand in the record of the key's uses.
    /// - Returns: The batch, and whether it is new.
    /// - Throws: ``Problem`` 422 for a wish that makes no sense, 409 `idempotency_mismatch` for a request that came with another wish
    ///   before, 404 for a brand that is not there.
    package static func mint(
        _ request: MintRequest, author: String, keys: KeyRing, on pool: Pool
    ) async throws -> (batch: CodeBatchRecord, isNew: Bool) {
        try request.check()
        var request = request
        request.facts = try request.facts.checked()
        let wish = request
        let prizes = try PrizeTable(request.prizes, count: request.count)
        for _ in 0..<handleTries {
            do {
                return try await pool.transaction { tx in
                    try await attempt(wish, prizes: prizes, author: author, keys: keys, on: tx)
                }
            } catch is HandleTaken {
                continue
            }
        }
        throw CodesError.handlesExhausted
    }

    /// Rolls a try back: the handle was taken, or somebody minted the same request in this instant.
    struct HandleTaken: Error {}

    private static func attempt(
        _ request: MintRequest, prizes: PrizeTable, author: String, keys: KeyRing, on tx: Transaction
    ) async throws -> (batch: CodeBatchRecord, isNew: Bool) {
        let (clock, brand, minted) = try await tx.pipeline(
            BatchStatements.clock(), BatchStatements.brand(request.brand),
            BatchStatements.minted(request.requestID, brand: request.brand))
        guard let now = clock.first, !brand.isEmpty else { throw Problem.notFound("There is no such brand.") }
        if let earlier = minted.first {
            guard earlier.hash == request.hash else {
                throw Problem.conflict(
                    "The request \(request.requestID) came with another wish before: use a new id for a new batch.",
                    code: ProblemCode.idempotencyMismatch)
            }
            guard let batch = try await CodeBatchRecord.find(earlier.handle, on: tx) else { throw HandleTaken() }
            try await KeyUse.record(.mint, of: batch, author: author, on: tx)
            return (batch, false)
        }
        try await requirePayable(request.prizes, brand: request.brand, now: now, on: tx)
        let batch = try await write(
            request, hash: request.hash, prizes: prizes, author: author, keys: keys, now: now, on: tx)
        try await KeyUse.record(.mint, of: batch, author: author, on: tx)
        return (batch, true)
    }

    /// Refuses prizes of cash that could not be paid out.
    ///
    /// - Throws: ``Problem`` 422 `prize_malformed`.
    static func requirePayable(
        _ prizes: [PrizeRequest], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        for amount in Set(prizes.filter { $0.kind == .cash }.map(\.cost)).sorted() {
            if let problem = try await PayoutLimits.obstacle(to: amount, brand: brand, at: now, on: tx) {
                throw problem
            }
        }
    }

    /// Writes a new batch with everything that belongs to it.
    ///
    /// - Parameter hash: What tells two wishes of one name apart.
    /// - Throws: ``HandleTaken`` where the handle or the request's name was taken; the transaction must be rolled back.
    static func write(
        _ request: MintRequest, as id: ID<CodeBatch> = .mint(), hash: [UInt8], prizes: PrizeTable, author: String,
        keys: KeyRing, now: Date, on tx: Transaction
    ) async throws -> CodeBatchRecord {
        let prizes = try await prizes.bound(to: request.brand, on: tx)
        let batch = try await newBatch(request, as: id, prizes: prizes, keys: keys, now: now, on: tx)
        let inserted = try await tx.run(
            BatchStatements.insertBatch(batch, requestID: request.requestID, requestHash: hash, now: now))
        guard !inserted.isEmpty else { throw HandleTaken() }
        let taken = try await tx.run(
            BatchStatements.insertHandle(batch.handle, batch: batch.id, brand: batch.brand, now: now))
        guard !taken.isEmpty else { throw HandleTaken() }
        if !prizes.tiers.isEmpty {
            try await tx.execute(BatchStatements.insertPrizes(prizes.tiers, batch: batch.id, brand: batch.brand))
        }
        if let sealed = batch.sealedShuffle {
            try await tx.execute(BatchStatements.insertShuffle(sealed, batch: batch.id, brand: batch.brand))
        }
        try await Rules.publishFirst(batch, author: author, now: now, on: tx)
        if batch.facts != .none {
            try await tx.execute(
                BatchStatements.insertFacts(batch.facts, batch: batch.id, brand: batch.brand, now: now))
        }
        return batch
    }

    private static func newBatch(
        _ request: MintRequest, as id: ID<CodeBatch>, prizes: PrizeTable, keys: KeyRing, now: Date, on tx: Transaction
    ) async throws -> CodeBatchRecord {
        var title: String?
        if let product = request.product {
            guard let found = try await Catalogue.product(product, brand: request.brand, on: tx) else {
                throw Problem.notFound("The brand has no product \(product).")
            }
            title = found.title
        }
        let handle = BatchHandle.random()
        let key = BatchKey.generate()
        let isShuffled = !prizes.tiers.isEmpty && request.count < PrizeRanks.countMin
        return CodeBatchRecord(
            id: id, brand: request.brand, handle: handle, count: request.count,
            wrappedKey: try keys.wrapRaw(key.bytes, for: .codeBatch), prizes: prizes,
            rulesHash: prizes.rulesHash(key: key.prizeKey(of: handle), handle: handle, count: request.count),
            label: request.label, shop: request.shop, product: request.product,
            costAccount: try await Ledger.account(
                AccountKey(.prizeCost, of: id.rawValue), brand: request.brand, now: now, on: tx),
            owedAccount: try await Ledger.account(
                AccountKey(.prizeOwed, of: id.rawValue), brand: request.brand, now: now, on: tx), createdAt: now,
            facts: request.facts, productTitle: title,
            sealedShuffle: isShuffled
                ? try key.shuffle(of: handle, count: request.count).sealed(for: id, keys: keys) : nil)
    }
}
