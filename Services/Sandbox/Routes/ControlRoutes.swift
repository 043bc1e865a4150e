import Foundation
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import WeChat

/// What a test or a tour asks of the stand-in: to pay as a shopper, to fail, and to show its book.
struct ControlRoutes: Sendable {
    let sandbox: Sandbox

    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("sandbox/pay") { request, context in try await pay(request, context) }
        router.post("sandbox/transfers/{no}/confirm") { _, context in try await confirm(context) }
        router.post("sandbox/refunds/{no}/deliver") { _, context in try await deliver(context) }
        router.post("sandbox/clock") { request, context in try await moveClock(request, context) }
        router.post("sandbox/codes/scan") { request, context in try await scan(request, context) }
        router.post("sandbox/tokens/expire") { _, _ in
            sandbox.tokens.expire()
            return json(["expired": true])
        }
        router.get("sandbox/book") { _, _ in try await book() }
        router.get("sandbox/book/{no}") { _, context in try await payment(context) }
        router.get("sandbox/faults") { _, _ in json(try await sandbox.read { $0.faults }) }
        router.put("sandbox/faults") { request, context in try await setFaults(request, context) }
    }

    // MARK: Paying

    private struct PayRequest: Decodable {
        let prepay_id: String?
        let out_trade_no: String?
        let openid: String?
    }

    private func pay(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked: PayRequest = try await read(request, context)
        let now = try sandbox.clock()
        let merchant = try sandbox.platform.merchant
        do {
            let payment = try await sandbox.change(now: now) { book in
                try book.pay(outTradeNo: try number(asked, book), openID: asked.openid, now: now)
            } then: {
                $0.payments[try number(asked, $0)]
            }
            guard let payment else { throw Problem.notFound("There is no such order.") }
            return json(Wire.Payment(payment, merchant: merchant, now: now))
        } catch let refusal as PayRefusal {
            guard refusal.status != 404 else { throw Problem.notFound("There is no such order.") }
            throw Problem.conflict("The order cannot be paid: \(refusal.message).")
        }
    }

    private func number(_ asked: PayRequest, _ book: Book) throws -> String {
        if let number = asked.out_trade_no { return number }
        guard let id = asked.prepay_id else { throw Problem.invalid("Name a `prepay_id` or an `out_trade_no`.") }
        guard let number = book.outTradeNos[id] else { throw Problem.notFound("There is no such prepay id.") }
        return number
    }

    // MARK: Transfers

    /// Whoever is to get the money takes it.
    private func confirm(_ context: SiyuRequestContext) async throws -> Response {
        let number = try context.parameters.require("no")
        let merchant = try sandbox.platform.merchant
        do {
            let transfer = try await sandbox.change {
                try $0.confirm(outBillNo: number)
            } then: {
                $0.transfers[number]
            }
            guard let transfer else { throw Problem.notFound("There is no such transfer.") }
            return json(Wire.Transfer(transfer, merchant: merchant))
        } catch let refusal as PayRefusal {
            guard refusal.status != 404 else { throw Problem.notFound("There is no such transfer.") }
            throw Problem.conflict("The money cannot be taken: \(refusal.message).")
        }
    }

    /// Somebody sees to it that an abnormal refund arrives.
    private func deliver(_ context: SiyuRequestContext) async throws -> Response {
        let number = try context.parameters.require("no")
        do {
            let refund = try await sandbox.change {
                try $0.deliver(outRefundNo: number)
            } then: {
                $0.refunds[number]
            }
            guard let refund else { throw Problem.notFound("There is no such refund.") }
            return json(Wire.Refund(refund))
        } catch let refusal as PayRefusal {
            guard refusal.status != 404 else { throw Problem.notFound("There is no such refund.") }
            throw Problem.conflict("The money cannot be delivered: \(refusal.message).")
        }
    }

    // MARK: Time

    private struct ClockRequest: Decodable { let advance_seconds: Double }
    private struct ClockAnswer: Encodable { let now: String }

    private static let stepMax = 366.0 * 86_400

    /// The book's time goes on: refunds and transfers end, notifications become due.
    private func moveClock(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked: ClockRequest = try await read(request, context)
        guard asked.advance_seconds > 0, asked.advance_seconds <= Self.stepMax else {
            throw Problem.invalid("`advance_seconds` is above 0 and a year at most: time does not go back.")
        }
        try await sandbox.record([.clockMoved(seconds: asked.advance_seconds)])
        return json(ClockAnswer(now: PayInstant.write(try sandbox.clock())))
    }

    // MARK: Codes

    private struct ScanRequest: Decodable {
        let application_id: Int64
        let index: Int64
        let openid: String
    }

    private struct ScanAnswer: Encodable {
        let code_ticket: String
        let code: String
    }

    /// Somebody scans a code with WeChat.
    private func scan(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked: ScanRequest = try await read(request, context)
        do {
            let ticket = try await sandbox.change { book in
                try book.codes.scan(asked.application_id, asked.index, openID: asked.openid)
            } then: { book in
                book.codes.tickets.values.filter { $0.scan.openID == asked.openid && $0.scan.index == asked.index }
                    .max { $0.at < $1.at }?.scan
            }
            guard let ticket else { throw Problem.notFound("There is no such code.") }
            return json(
                ScanAnswer(
                    code_ticket: ticket.ticket, code: MarketcodeText.code(asked.index, of: asked.application_id)))
        } catch let refusal as PayRefusal {
            throw Problem.conflict("The code leads nowhere: \(refusal.message).")
        }
    }

    // MARK: Faults

    private func setFaults(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let faults: FaultSettings = try await read(request, context)
        if let flaw = faults.flaw { throw Problem.invalid(flaw) }
        let now = try await sandbox.change({ _ in [.faultsSet(faults)] }, then: { $0.faults })
        sandbox.counter.restart()
        return json(now)
    }

    // MARK: Book

    private struct Totals: Encodable {
        var orders = 0
        var payments = 0
        var payments_fen: Int64 = 0
        var refunds = 0
        var refunds_fen: Int64 = 0
        var payouts = 0
        var payouts_fen: Int64 = 0
        var payments_with_payout = 0
        var payouts_per_payment_max = 0
        var transfers = 0
        var transfers_paid = 0
        var transfers_paid_fen: Int64 = 0
        var code_applications = 0
        var codes_made: Int64 = 0
        var code_activations = 0
        var codes_active: Int64 = 0
        var code_tickets = 0
        var notifications: [String: Int] = ["open": 0, "delivered": 0, "lost": 0, "given_up": 0]
        var refunds_closed = 0
        var refunds_abnormal = 0
        var probes_sent = 0
        var probes_believed = 0
        /// Since the start of the process.
        var calls = 0
        var faults: [String: Int] = [:]

        mutating func count(_ codes: MarketcodeShelf) {
            code_applications = codes.applications.count
            code_tickets = codes.tickets.count
            for application in codes.applications.values {
                codes_made += application.asked.count
                code_activations += application.activations.count
                codes_active += application.activations.reduce(0) { $0 + $1.last - $1.first + 1 }
            }
        }
    }

    private func book() async throws -> Response {
        var totals = try await sandbox.read { book in
            var totals = Totals()
            totals.orders = book.payments.count
            for payment in book.payments.values where payment.paidAt != nil {
                totals.payments += 1
                totals.payments_fen &+= payment.order.total
                let payouts = payment.refunds.compactMap { book.refunds[$0] }.filter { $0.succeededAt != nil }
                totals.payouts += payouts.count
                totals.payouts_fen &+= payouts.reduce(0) { $0 &+ $1.asked.refund }
                if !payouts.isEmpty { totals.payments_with_payout += 1 }
                totals.payouts_per_payment_max = max(totals.payouts_per_payment_max, payouts.count)
            }
            totals.refunds = book.refunds.count
            totals.refunds_closed = book.refunds.values.count { $0.end == .closed }
            totals.refunds_abnormal = book.refunds.values.count { $0.end == .abnormal && $0.succeededAt == nil }
            totals.refunds_fen = book.refunds.values.reduce(0) { $0 &+ $1.asked.refund }
            totals.transfers = book.transfers.count
            for transfer in book.transfers.values where transfer.end == .success {
                totals.transfers_paid += 1
                totals.transfers_paid_fen &+= transfer.asked.amount
            }
            totals.count(book.codes)
            for notice in book.notices.values { totals.notifications[notice.end?.rawValue ?? "open", default: 0] += 1 }
            totals.probes_sent = book.probesSent
            totals.probes_believed = book.probesBelieved
            return totals
        }
        totals.calls = sandbox.counter.calls
        totals.faults = sandbox.counter.faults
        return json(totals)
    }

    private struct PaymentPage: Encodable {
        let payment: Wire.Payment
        let payouts: Int
        let payouts_fen: Int64
        let refunds: [Wire.Refund]
    }

    private func payment(_ context: SiyuRequestContext) async throws -> Response {
        let number = try context.parameters.require("no").removingPercentEncoding ?? ""
        let merchant = try sandbox.platform.merchant
        let page = try await sandbox.read { book -> PaymentPage? in
            guard let payment = book.payments[number] else { return nil }
            let refunds = payment.refunds.compactMap { book.refunds[$0] }
            let payouts = refunds.filter { $0.succeededAt != nil }
            return PaymentPage(
                payment: Wire.Payment(payment, merchant: merchant, now: book.time(at: Sandbox.now())),
                payouts: payouts.count,
                payouts_fen: payouts.reduce(0) { $0 &+ $1.asked.refund }, refunds: refunds.map { Wire.Refund($0) })
        }
        guard let page else { throw Problem.notFound("There is no such order.") }
        return json(page)
    }

    // MARK: JSON

    private func read<Value: Decodable>(_ request: Request, _ context: SiyuRequestContext) async throws -> Value {
        try request.require(contentType: "application/json")
        var request = request
        let body = try await request.collectBody(upTo: context.maxUploadSize)
        do {
            return try JSONDecoder().decode(Value.self, from: Data(Array(buffer: body)))
        } catch let DecodingError.dataCorrupted(context) where context.debugDescription.hasSuffix("is unknown.") {
            throw Problem.invalid(context.debugDescription)
        } catch {
            throw Problem.badRequest("The body is not the JSON that this path takes.")
        }
    }

    private func json(_ value: some Encodable) -> Response {
        guard let body = try? Wire.json(value) else { return Problem.internalError.response() }
        return Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}
