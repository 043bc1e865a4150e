import Foundation
import Gifting
import Hooks
import Hosting
import Hummingbird
import Jobs
import Kernel
import NIOCore
import Orders
import Postgres
import WeChat

/// Gifts, as a partner's mini program moves them on behalf of a giver or a recipient.
///
/// Who somebody is in a gift is never asked of the caller: it follows from the openid, and with it what they see and may do.
struct GiftRoutes: Sendable {
    let pool: Pool
    let queue: JobQueue
    let gifts: Gifts
    let accepts: AcceptDesk
    let payments: Payments
    let screens: GreetingScreens

    /// Adds the routes to a group that asks for a bearer key.
    func add(to api: some RouterMethods<SiyuRequestContext>) {
        api.post("v1/gifts") { request, context in try await create(request, context) }
        api.get("v1/gifts/{id}") { request, context in try await show(request, context) }
        addGiver(to: api)
        addRecipient(to: api)
        addAddressBook(to: api)
    }

    private func addGiver(to api: some RouterMethods<SiyuRequestContext>) {
        api.post("v1/gifts/{id}/quote") { request, context in
            try await act(request, context, "POST /v1/gifts/{id}/quote") { id, shopper, _, tx in
                try StoredAnswer(200, try await gifts.quote(id, by: shopper, on: tx))
            }
        }
        api.post("v1/gifts/{id}/pay") { request, context in try await pay(request, context) }
        api.post("v1/gifts/{id}/cancel") { request, context in
            try await act(request, context, "POST /v1/gifts/{id}/cancel") { id, shopper, _, tx in
                try StoredAnswer(200, try await gifts.cancel(id, by: shopper, on: tx))
            }
        }
    }

    /// Addresses that givers fill in, where the brand and the recipient let them.
    private func addAddressBook(to api: some RouterMethods<SiyuRequestContext>) {
        api.put("v1/gifts/{id}/prefilled-address") { request, context in
            try await act(request, context, "PUT /v1/gifts/{id}/prefilled-address") { id, shopper, body, tx in
                let address = try body.decode(AddressRequest.self).checked()
                return try StoredAnswer(200, try await gifts.prefill(address, for: id, by: shopper, on: tx))
            }
        }
        api.put("v1/address-consents") { request, context in
            let asked = try await Asked(request, context, "PUT /v1/address-consents")
            let wish = try asked.body.decode(ConsentRequest.self)
            return try await asked.answer(on: pool) { tx in
                try await gifts.consent(wish.given, toGiver: wish.giver.text, by: asked.shopper, on: tx)
                return try StoredAnswer(200, ConsentAnswer(given: wish.given))
            }
        }
    }

    private func addRecipient(to api: some RouterMethods<SiyuRequestContext>) {
        api.post("v1/gifts/{id}/claim") { request, context in
            try await act(request, context, "POST /v1/gifts/{id}/claim") { id, shopper, _, tx in
                try StoredAnswer(200, try await gifts.claim(id, by: shopper, on: tx))
            }
        }
        api.put("v1/gifts/{id}/address") { request, context in
            try await act(request, context, "PUT /v1/gifts/{id}/address") { id, shopper, body, tx in
                let address = try body.decode(AddressRequest.self).checked()
                return try StoredAnswer(200, try await gifts.keepAddress(address, for: id, by: shopper, on: tx))
            }
        }
        api.post("v1/gifts/{id}/swap") { request, context in
            try await act(request, context, "POST /v1/gifts/{id}/swap") { id, shopper, body, tx in
                let variant = try body.decode(SwapRequest.self).variant
                return try StoredAnswer(200, try await gifts.swap(id, to: variant, by: shopper, on: tx))
            }
        }
        api.post("v1/gifts/{id}/accept") { request, context in
            let asked = try await Asked(request, context, "POST /v1/gifts/{id}/accept")
            let answer = try await accepts.accept(
                try context.giftID(), by: asked.shopper, as: asked.same, bodyHash: asked.body.hash)
            return Response(answer)
        }
        api.post("v1/gifts/{id}/decline") { request, context in
            try await act(request, context, "POST /v1/gifts/{id}/decline") { id, shopper, _, tx in
                try StoredAnswer(200, try await gifts.decline(id, by: shopper, on: tx))
            }
        }
        api.post("v1/gifts/{id}/transfer") { request, context in
            try await act(request, context, "POST /v1/gifts/{id}/transfer") { id, shopper, _, tx in
                try await gifts.transfer(id, by: shopper, on: tx)
                throw Problem.giftNotTransferable
            }
        }
    }

    // MARK: One shape for all

    /// Does something about a gift on behalf of a person: once, however often the request is repeated.
    private func act(
        _ request: Request, _ context: SiyuRequestContext, _ route: String,
        _ effect: (ID<Gift>, Shopper, JSONBody, Transaction) async throws -> StoredAnswer
    ) async throws -> Response {
        let asked = try await Asked(request, context, route)
        let id = try context.giftID()
        return try await asked.answer(on: pool) { tx in try await effect(id, asked.shopper, asked.body, tx) }
    }

    private func create(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await Asked(request, context, "POST /v1/gifts")
        let wish = try asked.body.decode(CreateRequest.self).wish
        _ = try context.requireCaller().require(shop: wish.shop)
        let earlier = try await screens.admit(wish.greeting, of: asked, on: pool) {
            try Gifts.check(wish, by: asked.shopper)
        }
        if let earlier { return Response(earlier) }
        return try await asked.answer(on: pool) { tx in
            try StoredAnswer(201, try await gifts.create(wish, by: asked.shopper, on: tx))
        }
    }

    private func show(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let shopper = try Shopper(of: request, try context.requireCaller())
        let id = try context.giftID()
        // Two types, two encodings: there is no place at which one person's fields could reach the other.
        let seen = try await pool.transaction { tx in try await gifts.show(id, to: shopper, on: tx) }
        switch seen {
        case .sender(let view): return Response(try StoredAnswer(200, view))
        case .recipient(let view): return Response(try StoredAnswer(200, view))
        }
    }

    // MARK: Paying

    /// Three steps, because WeChat Pay is asked between two commits: what was reserved stands, whatever comes of the call, and the same
    /// request or another one goes on from there.
    private func pay(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await Asked(request, context, "POST /v1/gifts/{id}/pay")
        let id = try context.giftID()
        let reserved = try await pool.transaction { tx -> Reserved in
            if let answer = try await asked.earlier(on: tx) { return .answered(answer) }
            return .payable(try await gifts.reserve(id, by: asked.shopper, on: tx))
        }
        switch reserved {
        case .answered(let answer): return Response(answer)
        case .payable(let payable): return try await prepay(payable, asked)
        }
    }

    private func prepay(_ payable: PayableGift, _ asked: Asked) async throws -> Response {
        let parameters = try await payments.prepay(
            payable.payment, payerOpenID: asked.shopper.openID, brand: asked.shopper.brand)
        let fresh = try StoredAnswer(200, PayAnswer(payable, parameters))
        let answer = try await pool.transaction { tx in
            if let answer = try await asked.earlier(on: tx) { return answer }
            try await Idempotency.store(asked.same, bodyHash: asked.body.hash, fresh, on: tx)
            return fresh
        }
        await queue.wake(PaymentReceived.jobQueue)
        return Response(answer)
    }

    private enum Reserved: Sendable {
        case answered(StoredAnswer)
        case payable(PayableGift)
    }
}

/// Whether somebody lets a giver fill in their address.
private struct ConsentAnswer: Encodable {
    let given: Bool
}

/// What the mini program needs to let its user pay.
struct PayAnswer: Encodable {
    let giftID: ID<Gift>
    let paymentID: ID<Payment>
    /// For `wx.requestPayment` as it is, hence in WeChat's own spelling: keys of a dictionary are not converted.
    let payment: [String: String]

    init(_ payable: PayableGift, _ parameters: PaymentParameters) {
        giftID = payable.gift
        paymentID = payable.payment
        payment = Self.words(parameters)
    }

    /// The parameters by WeChat's names.
    static func words(_ parameters: PaymentParameters) -> [String: String] {
        [
            "appId": parameters.appID, "timeStamp": parameters.timeStamp, "nonceStr": parameters.nonce,
            "package": parameters.package, "signType": parameters.signType, "paySign": parameters.paySign,
        ]
    }
}

extension SiyuRequestContext {
    /// The gift that the path names; what is no id is nobody's gift.
    fileprivate func giftID() throws -> ID<Gift> {
        guard let id = ID<Gift>(try parameters.require("id")) else { throw Problem.giftNotAParty }
        return id
    }
}
