import FoundationEssentials
import Jobs
package import Kernel
package import Orders
import Policies
package import Postgres

extension Gifts {
    /// The word before a gift's id in the subject of its payment.
    static let subjectWord = "gift:"

    /// The gift that a payment is for; nil for payments of other things.
    static func gift(ofSubject subject: String) -> ID<Gift>? {
        guard subject.hasPrefix(subjectWord) else { return nil }
        return ID<Gift>(subject.dropFirst(subjectWord.count))
    }

    /// The giver's money is here: the gift is sent, and its recipient's time begins.
    ///
    /// Heard again, it changes nothing.
    package func send(_ paid: OrderPaid, on tx: Transaction) async throws {
        if let group = Self.group(ofSubject: paid.subject) { return try await open(group, paid, on: tx) }
        if let cash = Self.cash(ofSubject: paid.subject) { return try await sendCash(cash, paid, on: tx) }
        guard let id = Self.gift(ofSubject: paid.subject),
            let (gift, now) = try await lock(id, brand: paid.brand, on: tx)
        else { throw JobFailure.giftUnknown }
        let policies = PolicySheet(
            try await tx.run(
                Policies.reading(
                    [PolicyKey<PolicyDuration>.acceptWindow.name, PolicyKey<GuaranteeShops>.guaranteeShops.name],
                    brand: paid.brand, at: now)))
        let window = try policies.value(.acceptWindow)
        let command = GiftCommand.paid(paid.payment, order: paid.order, window: window.asSeconds)
        do {
            let sent = try await carryOut(command, Turn(gift: gift, role: .sender, brand: paid.brand, now: now), on: tx)
            try await promise(sent, by: try policies.value(.guaranteeShops), brand: paid.brand, now: now, on: tx)
        } catch let problem as Problem {
            // Trying again changes nothing: the job stays visible until somebody looks at the money.
            throw JobFailure.permanent(problem.detail)
        }
    }

    /// Sends a gift that was paid for ahead, once its time has come: its recipient's time begins now.
    ///
    /// Whoever comes too early asks again later; whoever comes a second time finds it sent, and does nothing.
    package func deliver(_ id: ID<Gift>, brand: ID<Brand>, on tx: Transaction) async throws {
        guard let (gift, now) = try await lock(id, brand: brand, on: tx) else { throw JobFailure.giftUnknown }
        let window = try await Policies.value(.acceptWindow, brand: brand, at: now, on: tx)
        switch GiftLife.decide(gift, .deliver(window: window.asSeconds), now: now) {
        case .unchanged, .refused: break
        case .notYet(let instant):
            try await schedule(GiftSend(brand: brand, gift: id), after: instant, brand: brand, now: now, on: tx)
        case .changed(let next, let effects):
            _ = try await carryOut(effects, to: next, from: gift.state, brand: brand, on: tx)
        }
    }

    /// The giver has the money back.
    ///
    /// Heard again, it changes nothing; nor does the money of an after-sales case, which is another refund of the same payment.
    package func noteRefund(_ refunded: OrderRefunded, on tx: Transaction) async throws {
        if let group = Self.group(ofSubject: refunded.subject) {
            return try await noteRefund(of: group, refunded, on: tx)
        }
        if let cash = Self.cash(ofSubject: refunded.subject) {
            return try await noteRefund(of: cash, refunded, on: tx)
        }
        guard let id = Self.gift(ofSubject: refunded.subject) else { throw JobFailure.giftUnknown }
        if let refund = try await Refunds.refund(refunded.refund, brand: refunded.brand, on: tx),
            refund.cause != refunded.payment.rawValue, refund.cause != id.rawValue
        {
            return
        }
        guard let (gift, now) = try await lock(id, brand: refunded.brand, on: tx) else { throw JobFailure.giftUnknown }
        let turn = Turn(gift: gift, role: .sender, brand: refunded.brand, now: now)
        _ = try await carryOut(.refunded(refunded.refund, of: refunded.payment), turn, on: tx)
    }
}

extension JobFailure {
    /// A job about a gift that does not exist; it stays visible until somebody looks.
    static var giftUnknown: JobFailure { .permanent("there is no such gift") }
}
