package import Accounting

extension AccountKind {
    /// What the prizes of a batch cost; subject: the batch.
    package static let prizeCost: AccountKind = "prize_cost"
    /// Prizes of a batch that were won and not yet given; subject: the batch.
    package static let prizeOwed: AccountKind = "prize_owed"
    /// What the points of a person cost; subject: the person.
    package static let points: AccountKind = "points"
}

extension TransferKind {
    /// A prize was won; subject: the redemption.
    package static let prizeOwed: TransferKind = "prize.owed"
    /// A prize was given; subject: the redemption.
    package static let prizePaid: TransferKind = "prize.paid"
}
