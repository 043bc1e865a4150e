import Foundation
import Gifting
import Hooks
import Hosting
import Hummingbird
import Jobs
import Kernel
import Orders
import Postgres
import WeChat

/// Gifts of money, as a partner's mini program moves them on behalf of a giver or a recipient.
struct CashRoutes: Sendable {
    let pool: Pool
    let queue: JobQueue
    let gifts: Gifts
    let payments: Payments

    /// Adds the routes to a group that asks for a bearer key.
    func add(to api: some RouterMethods<SiyuRequestContext>) {
        api.post("v1/cash-gifts") { request, context in try await create(request, context) }
        api.get("v1/cash-gifts/{id}") { request, context in try await show(request, context) }
        api.post("v1/cash-gifts/{id}/pay") { request, context in try await pay(request, context) }
        api.post("v1/cash-gifts/{id}/accept") { request, context in
            let answer = try await act(request, context, "POST /v1/cash-gifts/{id}/accept") { id, shopper, tx in
                try await gifts.acceptCash(id, by: shopper, on: tx)
            }
            await queue.wake(PayoutRequest.jobQueue)
            return answer
        }
        api.post("v1/cash-gifts/{id}/decline") { request, context in
            let answer = try await act(request, context, "POST /v1/cash-gifts/{id}/decline") { id, shopper, tx in
                try await gifts.declineCash(id, by: shopper, on: tx)
            }
            await queue.wake(PaymentReceived.jobQueue)
            return answer
        }
    }

    private struct Wish: Decodable {
        let recipientOpenIDs: [OpenID]
        let shop: ID<Shop>
        let amountFen: Int64

        private enum CodingKeys: String, CodingKey {
            case recipientOpenIDs = "recipient_openids"
            case shop = "shop_id"
            case amountFen = "amount_fen"
        }
    }

    private struct Payable: Encodable {
        let cashGiftID: ID<CashGift>
        let paymentID: ID<Payment>
        /// For `wx.requestPayment` as it is, hence in WeChat's own spelling: keys of a dictionary are not converted.
        let payment: [String: String]
    }

    private func create(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await Asked(request, context, "POST /v1/cash-gifts")
        let wish = try asked.body.decode(Wish.self)
        _ = try context.requireCaller().require(shop: wish.shop)
        let gift = NewCashGift(
            shop: wish.shop, amount: Money(fen: wish.amountFen), recipients: wish.recipientOpenIDs.map(\.text))
        return try await asked.answer(on: pool) { tx in
            try StoredAnswer(201, try await gifts.giveCash(gift, by: asked.shopper, on: tx))
        }
    }

    private func show(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let shopper = try Shopper(of: request, try context.requireCaller())
        let id = try context.cashGiftID()
        let seen = try await pool.transaction { tx in try await gifts.showCash(id, to: shopper, on: tx) }
        switch seen {
        case .sender(let view): return Response(try StoredAnswer(200, view))
        case .recipient(let view): return Response(try StoredAnswer(200, view))
        }
    }

    /// WeChat Pay is asked between two transactions; the same request or another one goes on from there.
    private func pay(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await Asked(request, context, "POST /v1/cash-gifts/{id}/pay")
        let id = try context.cashGiftID()
        let (earlier, payable) = try await pool.transaction { tx -> (StoredAnswer?, PayableCash?) in
            if let answer = try await asked.earlier(on: tx) { return (answer, nil) }
            return (nil, try await gifts.payableCash(id, by: asked.shopper, on: tx))
        }
        if let earlier { return Response(earlier) }
        guard let payable else { throw Problem.giftNotAParty }
        let parameters = try await payments.prepay(
            payable.payment, payerOpenID: asked.shopper.openID, brand: asked.shopper.brand)
        let fresh = try StoredAnswer(
            200,
            Payable(
                cashGiftID: payable.gift, paymentID: payable.payment, payment: PayAnswer.words(parameters)))
        let answer = try await pool.transaction { tx in
            if let answer = try await asked.earlier(on: tx) { return answer }
            try await Idempotency.store(asked.same, bodyHash: asked.body.hash, fresh, on: tx)
            return fresh
        }
        await queue.wake(PaymentReceived.jobQueue)
        return Response(answer)
    }

    private func act(
        _ request: Request, _ context: SiyuRequestContext, _ route: String,
        _ effect: (ID<CashGift>, Shopper, Transaction) async throws -> CashRecipientView
    ) async throws -> Response {
        let asked = try await Asked(request, context, route)
        let id = try context.cashGiftID()
        return try await asked.answer(on: pool) { tx in
            try StoredAnswer(200, try await effect(id, asked.shopper, tx))
        }
    }
}

extension SiyuRequestContext {
    /// The gift of money that the path names; what is no id is nobody's.
    fileprivate func cashGiftID() throws -> ID<CashGift> {
        guard let id = ID<CashGift>(try parameters.require("id")) else { throw Problem.giftNotAParty }
        return id
    }
}
