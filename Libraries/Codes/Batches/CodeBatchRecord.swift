package import FoundationEssentials
package import Kernel
package import Keys

extension KeyRing.Purpose {
    /// The keys of batches of codes.
    package static let codeBatch = KeyRing.Purpose("code-batch")
}

/// A batch as it stands in the database.
package struct CodeBatchRecord: Sendable, Hashable {
    /// Its id.
    package let id: ID<CodeBatch>
    /// The tenant.
    package let brand: ID<Brand>
    /// The first four characters of its codes.
    package let handle: BatchHandle
    /// How many codes it has, by index from 0.
    package let count: Int64
    /// Its key under the master key.
    package let wrappedKey: [UInt8]
    /// What it wins.
    package let prizes: PrizeTable
    /// The commitment to its prizes.
    package let rulesHash: [UInt8]
    /// What people call it.
    package let label: String
    /// The shop it is for; nil for all of them.
    package let shop: ID<Shop>?
    /// The product it is printed on; nil for any.
    package let product: ID<Product>?
    /// Where the cost of its prizes is booked.
    package let costAccount: ID<Account>
    /// Where the prizes that it owes are booked.
    package let owedAccount: ID<Account>
    /// When it was minted.
    package let createdAt: Date
    /// What its packs tell beside their codes.
    package let facts: BatchFacts
    /// The name of the product; nil where the batch is for any.
    package let productTitle: String?
    /// Who made its codes and what they look like; nil for codes of our own.
    package let imported: ImportedForm?
    /// What its codes win, sealed; nil for a batch without prizes and for one that is large enough to do without.
    package let sealedShuffle: [UInt8]?

    /// A batch in its parts.
    package init(
        id: ID<CodeBatch>, brand: ID<Brand>, handle: BatchHandle, count: Int64, wrappedKey: [UInt8],
        prizes: PrizeTable, rulesHash: [UInt8], label: String, shop: ID<Shop>?, product: ID<Product>?,
        costAccount: ID<Account>, owedAccount: ID<Account>, createdAt: Date, facts: BatchFacts = .none,
        productTitle: String? = nil, imported: ImportedForm? = nil, sealedShuffle: [UInt8]? = nil
    ) {
        self.id = id
        self.brand = brand
        self.handle = handle
        self.count = count
        self.wrappedKey = wrappedKey
        self.prizes = prizes
        self.rulesHash = rulesHash
        self.label = label
        self.shop = shop
        self.product = product
        self.costAccount = costAccount
        self.owedAccount = owedAccount
        self.createdAt = createdAt
        self.facts = facts
        self.productTitle = productTitle
        self.imported = imported
        self.sealedShuffle = sealedShuffle
    }
}

/// Who made the codes of a batch, where it was not us, and what they look like.
package struct ImportedForm: Hashable, Sendable {
    /// Who made them.
    package let origin: CodeOrigin
    /// What they look like.
    package let form: CodeForm

    /// Who and what.
    package init(origin: CodeOrigin, form: CodeForm) {
        self.origin = origin
        self.form = form
    }
}

/// Why a batch cannot be used.
package enum CodesError: Error, Hashable, Sendable {
    /// The stored key is none.
    case keyUnusable(ID<CodeBatch>)
    /// No handle was free after many tries: nearly all of a million are taken.
    case handlesExhausted
    /// A redemption that was just refused as a repetition cannot be found.
    case redemptionMissing(ID<CodeBatch>)
    /// A redemption that somebody speaks of does not exist.
    case redemptionUnknown(ID<Redemption>)
    /// The clock of the business gave no instant: the environment's row is gone.
    case clockMissing
    /// A batch has no published rules, which minting gives it.
    case rulesMissing(ID<CodeBatch>)
    /// A small batch with prizes has no stored shuffle, which minting gives it.
    case shuffleMissing(ID<CodeBatch>)
    /// A draw that was locked is not as it was read: something changed it without the lock.
    case drawMoved(ID<Campaign>)
    /// A voucher that was locked is not as it was read: something changed it without the lock.
    case voucherMoved(ID<Voucher>)
}

/// A batch with its key opened: it reads codes, and knows what they win.
package struct OpenBatch: Sendable {
    /// What the database says of it.
    package let record: CodeBatchRecord
    /// Reads and writes its codes.
    package let cipher: CodeCipher
    /// Ranks its codes; nil for a batch without prizes.
    private let order: PrizeOrder?
    let answerParts: ScanAnswerParts

    /// Opens a batch.
    ///
    /// - Throws: `KeysError` for a key of another master, ``CodesError/keyUnusable(_:)`` for one that is none.
    package init(_ record: CodeBatchRecord, keys: KeyRing) throws {
        guard let key = BatchKey(try keys.unwrapRaw(record.wrappedKey, for: .codeBatch)) else {
            throw CodesError.keyUnusable(record.id)
        }
        self.record = record
        answerParts = try ScanAnswerParts(record)
        cipher = try CodeCipher(key: key, handle: record.handle)
        order = try Self.order(record, key: key, keys: keys)
    }

    private static func order(_ record: CodeBatchRecord, key: BatchKey, keys: KeyRing) throws -> PrizeOrder? {
        if record.prizes.tiers.isEmpty { return nil }
        guard record.count < PrizeRanks.countMin else {
            return .ranks(
                try PrizeRanks(key: key.prizeKey(of: record.handle), handle: record.handle, count: record.count))
        }
        guard let sealed = record.sealedShuffle else { throw CodesError.shuffleMissing(record.id) }
        return .shuffle(try PrizeShuffle(sealed: sealed, batch: record.id, count: record.count, keys: keys))
    }

    /// Whether a stored shuffle is the one that the key gives.
    func isShuffleRight(_ key: BatchKey) -> Bool {
        guard case .shuffle(let stored) = order else { return true }
        return stored == key.shuffle(of: record.handle, count: record.count)
    }

    /// What a code wins, by its index; nil for nothing.
    package func prize(of index: Int64) -> PrizeTier? {
        order.flatMap { record.prizes.prize(at: $0.rank(of: index)) }
    }
}
