package import FoundationEssentials
package import Kernel
package import Postgres

/// A redemption that this transaction made, with what else its scan told.
package struct NewlyRedeemed: Sendable {
    /// The redemption.
    package let redemption: ID<Redemption>
    /// Who redeemed.
    package let person: ID<Person>
    /// The batch of the code.
    package let batch: CodeBatchRecord
    /// The place of the code in its batch.
    package let index: Int64
    /// What it won; nil for nothing.
    package let prize: PrizeTier?
    /// Who told of the scan.
    package let source: ID<HookSource>
    /// Where it was scanned, if the sender told; personal data, to be kept sealed or not at all.
    package let place: ScanBody.Location?
    /// With what it was scanned, if the sender told; personal data like the place.
    package let device: String?

    /// A redemption in its parts.
    package init(
        redemption: ID<Redemption>, person: ID<Person>, batch: CodeBatchRecord,
        index: Int64, prize: PrizeTier?, source: ID<HookSource>, place: ScanBody.Location? = nil, device: String? = nil
    ) {
        self.redemption = redemption
        self.person = person
        self.batch = batch
        self.index = index
        self.prize = prize
        self.source = source
        self.place = place
        self.device = device
    }
}

/// What a new redemption leads to, in its own transaction: called once per transaction with what is new, wins or not.
///
/// It comes last, in the order in which followers were given, after persons, redemptions, the ledger and the inbox; it adds rows of its
/// own, sorted by their key, and locks no row that others share. A unique job key must not be pushed here: the transactions of a brand
/// would wait for one another's commit.
package protocol RedemptionFollower: Sendable {
    /// Follows redemptions, whose order says nothing.
    ///
    /// - Parameter now: The instant of the redemptions, from `siyu.clock()`.
    func follow(_ new: [NewlyRedeemed], brand: ID<Brand>, now: Date, on tx: Transaction) async throws
    /// Queues to wake after the commit.
    var queues: [String] { get }
    /// Looks up the kinds of jobs that it pushes, before a transaction of scans holds its connection: while others wait for its rows with
    /// all the rest of the pool, it would get no second one.
    func prepare() async throws
}

extension RedemptionFollower {
    /// Nothing: whoever pushes no job has nothing to look up.
    package func prepare() async throws {}
}

/// A won item, about to be told to whoever won it.
package struct HeldPrize: Sendable {
    /// The redemption that won.
    package let redemption: ID<Redemption>
    /// When.
    package let redeemedAt: Date
    /// What.
    package let prize: PrizeTier
    /// With a code of which batch.
    package let batch: CodeBatchRecord
    /// Whether this transaction redeemed it, so that its voucher is not in the database yet.
    package let isNew: Bool
}

/// What a winner shows at a store.
package struct ScanVoucher: Hashable, Sendable, Codable {
    /// The secret that a store asks for.
    package let token: String
    /// The last instant at which a store hands over.
    package let expiresAt: Date

    private enum CodingKeys: String, CodingKey {
        case token
        case expiresAt = "expires_at"
    }

    /// A voucher in its parts.
    package init(token: String, expiresAt: Date) {
        self.token = token
        self.expiresAt = expiresAt
    }
}

/// Knows the vouchers of won items; asked before answers are written, only when there are items to tell of.
package protocol VoucherIssuer: Sendable {
    /// The vouchers by redemption, in one statement at most; whoever is missing is told none.
    func vouchers(
        of prizes: [HeldPrize], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> [ID<Redemption>: ScanVoucher]
}
