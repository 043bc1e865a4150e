import Foundation
import Jobs
import Kernel
import Postgres

/// Something that holds of the rows at any instant, whatever process died when.
struct Invariant: Hashable, Sendable {
    /// Its name: what it is about, and what holds.
    let name: String
    /// Which of the promises of the whole it belongs to, B1 to B18.
    let promise: String

    init(_ name: String, _ promise: String) {
        self.name = name
        self.promise = promise
    }
}

/// A row of which an invariant does not hold.
struct BrokenRow: Sendable {
    /// The invariant, by its name.
    let rule: String
    /// Which row: its id, and nothing about a person.
    let key: String
}

/// One question to the database about one or more invariants, asked of one snapshot.
struct InvariantLook: Sendable {
    /// What is asked about.
    let rules: [Invariant]
    /// The rows of which it does not hold; nil for a look that is taken once for all brands.
    let ofBrand: (@Sendable (ID<Brand>, Date) -> Statement<BrokenRow>)?
    /// The same, for a look at what belongs to no brand.
    let ofAll: (@Sendable (Date) -> Statement<BrokenRow>)?

    init(_ rules: [Invariant], ofBrand: @escaping @Sendable (ID<Brand>, Date) -> Statement<BrokenRow>) {
        self.rules = rules
        self.ofBrand = ofBrand
        ofAll = nil
    }

    init(_ rules: [Invariant], ofAll: @escaping @Sendable (Date) -> Statement<BrokenRow>) {
        self.rules = rules
        ofBrand = nil
        self.ofAll = ofAll
    }

    /// How many rows of one rule are named; the rest is only said to be there.
    ///
    /// The statements ask for one more.
    static let keysMax = Limit(10, reason: "one row leads to the cause; a thousand hide it")
}

/// All invariants that rows can show.
enum AllInvariants {
    static let looks: [InvariantLook] =
        BookInvariantStatements.looks + MoneyInvariantStatements.looks + GiftInvariantStatements.looks
        + PromiseInvariantStatements.looks + CouponInvariantStatements.looks + CodeInvariantStatements.looks
        + HookInvariantStatements.looks
        + PrivacyInvariantStatements.looks
        + QueueInvariantStatements.looks

    /// The books as they were sealed, which takes more than a statement.
    static let seals = Invariant("books.transfers_are_as_they_were_sealed", "B3")

    /// What the queue's own room says of itself.
    static var ofQueue: [Invariant] { JobInvariants.rules.map(Invariant.init(ofQueue:)) }

    /// Every rule, in the order in which they are asked.
    static var rules: [Invariant] { looks.flatMap(\.rules) + ofQueue + [seals] }
}
