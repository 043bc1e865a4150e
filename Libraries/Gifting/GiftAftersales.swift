import FoundationEssentials
package import Kernel
package import Orders
import Policies
package import Postgres

/// Which after-sales each side of a gift may ask for.
struct GiftAftersaleRules: Codable, Hashable, Sendable {
    let sender: [AftersaleKind]
    let recipient: [AftersaleKind]
}

extension PolicyKey where Value == GiftAftersaleRules {
    /// Which after-sales each side of a gift may ask for.
    static var giftAftersales: Self { Self("gift.aftersales") }
}

/// What a case is to be about.
package enum AftersaleTarget: Hashable, Sendable {
    /// A gift, by its own id: all that a recipient knows.
    case gift(ID<Gift>)
    /// An order, of a gift or not.
    case order(ID<Order>)
}

extension Gifts {
    /// Opens a case for a person: of an order that they paid, or of a gift in which they have a part.
    ///
    /// A gift that was accepted is an order like any other, once its lock is over; only who may ask for what is the gift's to say.
    ///
    /// - Throws: ``Problem``; the same for whoever has no part and for what does not exist.
    package func openAftersale(
        _ wish: AftersaleWish, of target: AftersaleTarget, by shopper: Shopper, with aftersales: Aftersales,
        on tx: Transaction
    ) async throws -> AftersaleView {
        guard let person = try await person(of: shopper, on: tx) else { throw Problem.aftersaleNotAParty }
        let record: AftersaleRecord
        switch try await Self.resolve(target, brand: shopper.brand, on: tx) {
        case .gift(let id): record = try await open(wish, of: id, by: shopper, with: aftersales, on: tx)
        case .order(let id):
            guard let intent = try await Payments.intent(of: id, brand: shopper.brand, on: tx), intent.payer == person,
                shopper.shop == nil || shopper.shop == intent.shop
            else { throw Problem.aftersaleNotAParty }
            record = try await aftersales.open(
                wish, of: id, by: AftersaleApplicant(person), brand: shopper.brand, on: tx)
        }
        return try Self.view(record, to: person)
    }

    /// Shows a case to whoever has a part in it.
    package func showAftersale(
        _ id: ID<Aftersale>, to shopper: Shopper, on tx: Transaction
    ) async throws
        -> AftersaleView
    {
        guard let person = try await person(of: shopper, on: tx),
            let record = try await Aftersales.aftersale(id, brand: shopper.brand, on: tx),
            shopper.shop == nil || shopper.shop == record.shop
        else { throw Problem.aftersaleNotAParty }
        return try Self.view(record, to: person)
    }

    /// Does what whoever opened a case wants of it.
    package func advanceAftersale(
        _ command: AftersaleCommand, on id: ID<Aftersale>, by shopper: Shopper, with aftersales: Aftersales,
        on tx: Transaction
    ) async throws -> AftersaleView {
        guard let person = try await person(of: shopper, on: tx) else { throw Problem.aftersaleNotAParty }
        let record = try await aftersales.carryOut(
            command, on: id, by: person, shop: shopper.shop, brand: shopper.brand, on: tx)
        return try Self.view(record, to: person)
    }

    /// The order of a gift is the gift: its rules hold by whichever name it is called.
    private static func resolve(
        _ target: AftersaleTarget, brand: ID<Brand>, on tx: Transaction
    ) async throws -> AftersaleTarget {
        guard case .order(let id) = target,
            let intent = try await Payments.intent(of: id, brand: brand, on: tx)
        else { return target }
        // One payment of many gifts: which of them a case is about, nobody could tell from the order.
        guard group(ofSubject: intent.subject) == nil else { throw Problem.groupAftersale }
        guard cash(ofSubject: intent.subject) == nil else { throw Problem.cashGiftIsNoOrder }
        return gift(ofSubject: intent.subject).map { .gift($0) } ?? target
    }

    private func open(
        _ wish: AftersaleWish, of id: ID<Gift>, by shopper: Shopper, with aftersales: Aftersales, on tx: Transaction
    ) async throws -> AftersaleRecord {
        let turn = try await turn(on: id, of: shopper, tx)
        let gift = turn.gift
        guard gift.state == .accepted, let order = gift.order, let since = gift.acceptedAt else {
            throw Problem.giftAftersaleTooEarly
        }
        guard gift.group == nil else { throw Problem.groupAftersale }
        guard gift.withdrawnAt == nil else { throw Problem.giftEnded }
        if let until = gift.lockedUntil, turn.now <= until { throw Problem.giftLocked }
        let rules = try await Policies.value(.giftAftersales, brand: turn.brand, at: turn.now, on: tx)
        let isSender = turn.role == .sender
        guard (isSender ? rules.sender : rules.recipient).contains(wish.kind) else {
            throw Problem.giftAftersaleNotYours
        }
        let applicant = AftersaleApplicant(
            isSender ? gift.sender : gift.recipient, as: isSender ? .payer : .recipient, since: since,
            variant: gift.variant)
        return try await aftersales.open(wish, of: order, by: applicant, brand: turn.brand, on: tx)
    }

    private static func view(_ record: AftersaleRecord, to person: ID<Person>) throws(Problem) -> AftersaleView {
        guard let view = AftersaleView(record, to: person) else { throw .aftersaleNotAParty }
        return view
    }
}

extension Problem {
    /// 409: not an order yet.
    package static let giftAftersaleTooEarly = Problem.conflict(
        "After-sales begin once a gift is accepted: until then it can be declined, and goes back by itself.",
        code: "gift_aftersale_too_early")
    /// 403: the other side may ask for this.
    package static let giftAftersaleNotYours = Problem(
        status: 403, code: "gift_aftersale_not_yours", title: "Forbidden",
        detail:
            "Whoever has the goods may send them back, whoever paid may ask for the money: this is the other side's to ask."
    )
}
