import FoundationEssentials
package import Hooks
package import Jobs
package import Kernel
package import Keys
import Orders
import Policies
import Postgres
package import Vault

/// On whose behalf a partner asks: the person behind an openid, of whom the partner says that it is them.
package struct Shopper: Hashable, Sendable {
    /// The tenant.
    package let brand: ID<Brand>
    /// The only shop whose gifts the partner may touch; nil for all of the brand.
    package let shop: ID<Shop>?
    /// The person in the partner's mini program.
    package let openID: String

    /// A shopper in three parts.
    package init(brand: ID<Brand>, shop: ID<Shop>? = nil, openID: String) {
        self.brand = brand
        self.shop = shop
        self.openID = openID
    }
}

extension Shopper {
    /// In which hundredth of the people they are for `gift.rollout`.
    var cohort: Int32 { Rollout.hundredth(of: openID, in: .rollout, brand: brand) }
}

extension Shopper: CustomStringConvertible, CustomReflectable {
    /// The brand alone: an openid is a person's.
    package var description: String { "a shopper of \(brand)" }
    /// Empty, so that `dump` shows no openid.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The use cases of gifts, each in a file of its own: lock, decide, carry out, in the caller's transaction.
package struct Gifts: Sendable {
    let queue: JobQueue
    let vault: Vault
    private let pageKeys: KeyRing?
    let hooks: OutgoingHooks?

    /// Gifts whose jobs go to `queue` and whose people live in `vault`.
    ///
    /// - Parameters:
    ///   - pageKeys: What signs the addresses of their pages; without, givers are told none.
    ///   - hooks: Who tells of what becomes of them; nil where nobody is to be told.
    package init(queue: JobQueue, vault: Vault, pageKeys: KeyRing? = nil, hooks: OutgoingHooks? = nil) {
        self.queue = queue
        self.vault = vault
        self.pageKeys = pageKeys
        self.hooks = hooks
    }

    /// Where the recipient of a gift can open it, once it is sent.
    func pagePath(of gift: GiftRecord, brand: ID<Brand>) -> String? {
        guard gift.sentAt != nil else { return nil }
        return pageKeys.map { GiftLink(brand: brand, gift: gift.id).path(keys: $0) }
    }

    /// How openids are found in the vault.
    static let openID: PersonKind = "openid"
}

// MARK: - Whose turn it is

/// A gift in the hands of one of its two people, locked until the transaction ends.
struct Turn {
    let gift: GiftRecord
    let role: GiftRole
    let brand: ID<Brand>
    /// The instant at which all is decided: read after the lock was had.
    let now: Date
}

extension Gifts {
    /// Locks a gift on behalf of a person who has a part in it.
    ///
    /// - Parameter role: Who alone may go on; nil for both.
    /// - Throws: ``Problem/giftNotAParty`` for everybody else, and for a gift that does not exist: the two cannot be told apart.
    func turn(
        on id: ID<Gift>, of shopper: Shopper, as role: GiftRole? = nil, _ tx: Transaction
    ) async throws -> Turn {
        // One flight; in it the clock is read after the gift is locked.
        let (people, gifts, clock) = try await tx.pipeline(
            vault.finding([blindIndex(of: shopper)], kind: Self.openID, brand: shopper.brand),
            GiftStatements.lock(id, brand: shopper.brand), GiftStatements.clock())
        guard let gift = gifts.first, let instant = clock.first else { throw Problem.giftNotAParty }
        let own = try Self.part(of: people.first?.1, in: gift, for: shopper, as: role)
        return Turn(gift: gift, role: own, brand: shopper.brand, now: max(instant, gift.updatedAt))
    }

    /// Who the person behind a shopper is in a gift.
    ///
    /// - Parameters:
    ///   - person: Nil for somebody whom the vault does not know.
    ///   - role: Who alone may go on; nil for both.
    /// - Throws: ``Problem/giftNotAParty``, or that only the other side may do this.
    static func part(
        of person: ID<Person>?, in gift: GiftRecord, for shopper: Shopper, as role: GiftRole?
    ) throws(Problem) -> GiftRole {
        guard let person, shopper.shop == nil || shopper.shop == gift.shop, let own = gift.role(of: person) else {
            throw .giftNotAParty
        }
        switch role {
        case .sender where own != .sender: throw .giftNotTheSender
        case .recipient where own != .recipient: throw .giftNotTheRecipient
        default: return own
        }
    }

    /// By which the vault finds the person behind a shopper.
    func blindIndex(of shopper: Shopper) -> [UInt8] {
        vault.blindIndex(of: shopper.openID, kind: Self.openID, brand: shopper.brand)
    }

    /// The person behind an openid; nil if the vault does not know it.
    ///
    /// Nobody is admitted by asking.
    func person(of shopper: Shopper, on tx: Transaction) async throws -> ID<Person>? {
        let index = blindIndex(of: shopper)
        return try await vault.known([index], kind: Self.openID, brand: shopper.brand, on: tx)[index]
    }

    /// Locks a gift, and reads the clock only then.
    ///
    /// The instants of a gift never go back, even where the server's clock does.
    func lock(_ id: ID<Gift>, brand: ID<Brand>, on tx: Transaction) async throws -> (gift: GiftRecord, now: Date)? {
        let (gifts, clock) = try await tx.pipeline(GiftStatements.lock(id, brand: brand), GiftStatements.clock())
        guard let gift = gifts.first, let now = clock.first else { return nil }
        return (gift, max(now, gift.updatedAt))
    }
}
