import FoundationEssentials
package import Kernel
import Policies
package import Postgres
package import Vault

/// Whether a brand lets givers fill in addresses at all.
struct AddressBookPolicy: Codable, Hashable, Sendable {
    let enabled: Bool
}

extension PolicyKey where Value == AddressBookPolicy {
    /// Whether a brand lets givers fill in addresses at all.
    static var addressBook: Self { Self("gift.address_book") }
}

extension Gifts {
    /// Lets a giver fill in one's address from now on, or no more; saying it again changes nothing.
    ///
    /// - Throws: ``Problem/giftAddressBookOff``; ``Problem/giftToOneself``.
    package func consent(
        _ isGiven: Bool, toGiver giver: String, by recipient: Shopper, on tx: Transaction
    ) async throws {
        guard giver != recipient.openID else { throw Problem.giftToOneself }
        let brand = recipient.brand
        let now = try await tx.one(GiftStatements.clock())
        // Taking it back is never refused.
        if isGiven { try await requireAddressBook(brand: brand, at: now, on: tx) }
        let people = try await vault.persons(
            [recipient.openID, giver], kind: Self.openID, brand: brand, now: now, on: tx)
        try await tx.execute(
            AddressBookStatements.consent(isGiven, of: people[0], to: people[1], brand: brand, now: now))
    }

    /// Keeps what the giver knows of where the gift goes, sealed as the recipient's; nobody reads it back.
    ///
    /// It becomes the gift's address when the recipient opens it, who may replace it by their own.
    ///
    /// - Throws: ``Problem/giftAddressBookOff``; ``Problem/giftAddressNotConsented``; ``Problem/giftSent`` once it is opened.
    package func prefill(
        _ address: PostalAddress, for id: ID<Gift>, by shopper: Shopper, on tx: Transaction
    ) async throws -> SenderView {
        let turn = try await turn(on: id, of: shopper, as: .sender, tx)
        try await requireAddressBook(brand: turn.brand, at: turn.now, on: tx)
        guard try await isConsented(turn.gift, brand: turn.brand, on: tx) else {
            throw Problem.giftAddressNotConsented
        }
        // Sealed before it is decided: a refusal rolls the address back with everything else.
        let kept = try await vault.keepAddress(
            address, of: turn.gift.recipient, brand: turn.brand, now: turn.now, on: tx)
        let gift = try await carryOut(.prefill(kept), turn, on: tx)
        return try await senderView(of: gift, brand: turn.brand, on: tx)
    }

    /// A gift as its recipient opens it: without what the giver filled in, if they may not any more.
    func asOpened(_ turn: Turn, on tx: Transaction) async throws -> Turn {
        guard turn.gift.prefilledAddress != nil else { return turn }
        let policy = try await Policies.value(.addressBook, brand: turn.brand, at: turn.now, on: tx)
        if policy.enabled, try await isConsented(turn.gift, brand: turn.brand, on: tx) { return turn }
        var gift = turn.gift
        gift.prefilledAddress = nil
        return Turn(gift: gift, role: turn.role, brand: turn.brand, now: turn.now)
    }

    private func requireAddressBook(brand: ID<Brand>, at now: Date, on tx: Transaction) async throws {
        guard try await Policies.value(.addressBook, brand: brand, at: now, on: tx).enabled else {
            throw Problem.giftAddressBookOff
        }
    }

    private func isConsented(_ gift: GiftRecord, brand: ID<Brand>, on tx: Transaction) async throws -> Bool {
        try await tx.first(AddressBookStatements.consented(gift.recipient, to: gift.sender, brand: brand)) != nil
    }
}
