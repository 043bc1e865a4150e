import FoundationEssentials
package import Kernel
import Orders
package import Postgres
import Vault

/// How much of an address is printed.
package enum SlipAddress: Hashable, Sendable {
    /// What tells parcels apart.
    case masked
    /// All of it: for whoever brings the parcel.
    case full
}

/// What is packed with an accepted gift, as the shop prints it.
///
/// Neither price nor giver: it lies in the parcel. It shares no field, encoder or protocol with ``SenderView`` and ``GiftMoney``.
package struct PackingSlip: Encodable, Hashable, Sendable {
    let giftID: ID<Gift>
    let shopID: ID<Shop>
    let product: String
    let variant: String
    let variantID: ID<Variant>
    let quantity: Int
    let greeting: String?
    let acceptedAt: Date?
    let recipient: Recipient

    /// Where it goes.
    enum Recipient: Encodable, Hashable, Sendable {
        case masked(MaskedAddress)
        case full(PostalAddress)

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .masked(let address): try address.encode(to: encoder)
            case .full(let address): try address.encode(to: encoder)
            }
        }
    }
}

extension Problem {
    /// 404: no gift, or not one of this shop; the two read the same.
    static let slipNoGift = Problem.notFound("There is no such gift.")
    /// 409: nothing is packed for a gift that nobody took, or that was taken back.
    static let slipNothingToPack = Problem.conflict(
        "Nothing is packed for this gift: it was not accepted, or its shop took it back.", code: "gift_not_to_be_packed"
    )
    /// 410: the address was kept for as long as it may be.
    static let slipAddressErased = Problem(
        status: 410, code: "gift_address_erased", title: "Gone",
        detail: "The address was kept for as long as it may be, or its person was erased: ask the recipient again.")
}

extension Gifts {
    /// What is to be printed for an accepted gift.
    ///
    /// - Parameter shop: The only shop whose gifts are the caller's business; nil for all of the brand.
    /// - Throws: ``Problem`` 404, 409, 410.
    package func packingSlip(
        of id: ID<Gift>, _ address: SlipAddress, shop: ID<Shop>?, brand: ID<Brand>, on tx: Transaction
    ) async throws -> PackingSlip {
        guard let gift = try await tx.first(GiftStatements.gift(id, brand: brand)), shop == nil || shop == gift.shop
        else { throw Problem.slipNoGift }
        guard gift.state == .accepted, gift.withdrawnAt == nil, let kept = gift.address else {
            throw Problem.slipNothingToPack
        }
        let product = try await Catalogue.product(gift.product, brand: brand, on: tx)
        let variant = try await Catalogue.variant(gift.variant, brand: brand, on: tx)
        let opened = try await open(kept, brand: brand, on: tx)
        return PackingSlip(
            giftID: gift.id, shopID: gift.shop, product: product?.title ?? "", variant: variant?.title ?? "",
            variantID: gift.variant, quantity: gift.quantity, greeting: gift.greeting, acceptedAt: gift.acceptedAt,
            recipient: address == .full ? .full(opened) : .masked(MaskedAddress(opened)))
    }

    private func open(_ address: ID<Address>, brand: ID<Brand>, on tx: Transaction) async throws -> PostalAddress {
        do {
            return try await vault.revealAddress(address, brand: brand, on: tx)
        } catch VaultError.addressErased, VaultError.personErased {
            throw Problem.slipAddressErased
        }
    }
}
