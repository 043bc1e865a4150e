import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import Keys
import Orders
import Postgres
import Vault

/// Cash that was won, as the winner's mini program asks for it.
struct PayoutRoutes: Sendable {
    let pool: Pool
    let keys: KeyRing

    /// Adds the routes to a group that asks for a bearer key.
    func add(to api: some RouterMethods<SiyuRequestContext>) {
        api.get("v1/payouts/{id}") { request, context in try await show(request, context) }
    }

    /// How the payout of a redemption stands; with what the mini program needs while it waits for its winner.
    private func show(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        guard let redemption = ID<Redemption>(try context.parameters.require("id")) else { throw Problem.unknown }
        guard let openID = request.uri.queryParameters["openid"].flatMap({ OpenID($0) }) else {
            throw Problem.invalid("`openid` must name the person who asks.")
        }
        let vault = Vault(keys: keys)
        let index = vault.blindIndex(of: openID.text, kind: "openid", brand: caller.brand)
        let view = try await pool.transaction { tx -> PayoutView? in
            let known = try await vault.known([index], kind: "openid", brand: caller.brand, on: tx)
            let view = try await PayoutView.of(redemption.rawValue, brand: caller.brand, keys: keys, on: tx)
            // Nobody learns that somebody else won.
            return view?.payout.person == known[index] ? view : nil
        }
        guard let view else { throw Problem.unknown }
        return Response(try StoredAnswer(200, Answer(redemption, view)))
    }

    private struct Answer: Encodable {
        let redemptionID: ID<Redemption>
        let payoutID: ID<Payout>
        let attempt: Int
        let state: String
        let amountFen: Int64
        let requestedAt: Date
        let finishedAt: Date?
        let confirmUntil: Date?
        /// For `wx.requestMerchantTransfer` as it is, hence in WeChat's own spelling: keys of a dictionary are not converted.
        let confirmation: [String: String]?

        init(_ redemption: ID<Redemption>, _ view: PayoutView) {
            redemptionID = redemption
            payoutID = view.payout.id
            attempt = view.payout.number
            state = view.payout.stage.rawValue
            amountFen = view.payout.amount.fen
            requestedAt = view.payout.requestedAt
            finishedAt = view.payout.finishedAt
            confirmUntil = view.confirmation?.until
            confirmation = view.confirmation.map {
                ["mchId": $0.mchid, "appId": $0.appid, "package": $0.ticket]
            }
        }
    }
}

extension Problem {
    fileprivate static let unknown = Problem.notFound("There is no payout for such a redemption of this person.")
}
