import Foundation

// The book of the stand-in: what happened, and what follows from it. Pure values; the shell is `Sandbox`.

/// One line of the journal.
struct BookEntry: Codable {
    let at: Date
    let event: BookEvent
}

/// What can happen.
enum BookEvent: Codable {
    case ordered(PlacedOrder)
    case paid(outTradeNo: String, transactionID: String)
    case closed(outTradeNo: String)
    case refundAccepted(AcceptedRefund)
    case refundSucceeded(outRefundNo: String)
    case refundEnded(outRefundNo: String, as: RefundEnd)
    case clockMoved(seconds: Double)
    case transferAccepted(AcceptedTransfer)
    case transferEnded(outBillNo: String, state: TransferEnd)
    case codesApplied(AppliedCodes)
    case codesActivated(ActivatedCodes)
    case codeScanned(ScanTicket)
    case probed(notice: String, status: Int)
    case noticeFailed(notice: String, status: Int, next: Date)
    case noticeEnded(notice: String, end: Notice.End)
    case faultsSet(FaultSettings)
}

/// An order as the merchant placed it.
struct PlacedOrder: Codable, Equatable {
    let outTradeNo: String
    let prepayID: String
    let description: String
    let notifyURL: String
    let total: Int64
    let openID: String
    let attach: String?
    let expiresAt: Date?
}

/// A refund as the merchant asked for it.
struct AcceptedRefund: Codable, Equatable {
    let outRefundNo: String
    let refundID: String
    let outTradeNo: String
    let refund: Int64
    let total: Int64
    let reason: String?
    let notifyURL: String?
}

/// How a refund ends that is not paid out, in WeChat Pay's words.
enum RefundEnd: String, Codable {
    /// It could not be paid out for seven days.
    case closed = "CLOSED"
    /// It could not be delivered; somebody may still see to it.
    case abnormal = "ABNORMAL"
}

/// A transfer as the merchant asked for it.
struct AcceptedTransfer: Codable, Equatable {
    let outBillNo: String
    let transferBillNo: String
    let openID: String
    let amount: Int64
    let remark: String
    let notifyURL: String?
}

/// How a transfer ends, in WeChat Pay's words.
enum TransferEnd: String, Codable {
    case success = "SUCCESS"
    /// Nobody took it in time.
    case failed = "FAIL"
}

/// Something the merchant is to be told.
struct Notice: Codable, Equatable {
    enum Subject: Codable, Equatable {
        case payment(outTradeNo: String)
        case refund(outRefundNo: String)
        case refundEnd(outRefundNo: String, RefundEnd)
        case transfer(outBillNo: String)
    }

    enum End: String, Codable {
        case delivered
        /// By the fault `lost_notification`: nobody ever hears of it.
        case lost
        case givenUp = "given_up"
    }

    let id: String
    let subject: Subject
    let url: String
    let since: Date
    var next: Date
    var attempts = 0
    var wasProbed = false
    var end: End?
}

/// The state after all entries so far.
struct Book {
    struct Payment {
        let order: PlacedOrder
        let placedAt: Date
        var transactionID: String?
        var paidAt: Date?
        var closedAt: Date?
        var refunds: [String] = []

        /// Whether nobody can pay it any more: closed by the merchant, or by its own time.
        func isClosed(at now: Date) -> Bool {
            paidAt == nil && (closedAt != nil || order.expiresAt.map { now > $0 } ?? false)
        }
    }

    struct Refund {
        let asked: AcceptedRefund
        let transactionID: String
        let acceptedAt: Date
        /// What it comes to, where that is not the payer's account; settled by the faults of when it was accepted.
        var fate: RefundEnd?
        var succeededAt: Date?
        var end: RefundEnd?

        var state: String { succeededAt != nil ? "SUCCESS" : end?.rawValue ?? "PROCESSING" }
    }

    struct Transfer {
        let asked: AcceptedTransfer
        let acceptedAt: Date
        var end: TransferEnd?
        var endedAt: Date?

        var state: String { end?.rawValue ?? "WAIT_USER_CONFIRM" }
    }

    private(set) var payments: [String: Payment] = [:]
    private(set) var outTradeNos: [String: String] = [:]
    private(set) var refunds: [String: Refund] = [:]
    private(set) var transfers: [String: Transfer] = [:]
    /// Transfers that wait for whoever is to get the money, in the order they came.
    private(set) var waiting: [String] = []
    /// What service accounts asked for.
    private(set) var codes = MarketcodeShelf()
    private(set) var notices: [String: Notice] = [:]
    private(set) var faults = FaultSettings()
    /// How far this book's time is ahead of the real one.
    private(set) var clockOffset: TimeInterval = 0
    private(set) var probesSent = 0
    /// Probes that the merchant took for true: each is a fault of the merchant's.
    private(set) var probesBelieved = 0
    /// Refunds that are accepted and not paid out, in the order they came.
    private(set) var processing: [String] = []
    /// Notices that are not at their end.
    private(set) var openNotices: Set<String> = []
}

// MARK: - Applying

extension Book {
    /// Makes an entry part of the state; only entries that a decision gave, in the same order.
    mutating func apply(_ entry: BookEntry) throws(BookDamage) {
        switch entry.event {
        case .ordered(let order):
            payments[order.outTradeNo] = Payment(order: order, placedAt: entry.at)
            outTradeNos[order.prepayID] = order.outTradeNo
        case .paid(let number, let transactionID):
            guard let order = payments[number]?.order else { throw BookDamage() }
            payments[number]?.transactionID = transactionID
            payments[number]?.paidAt = entry.at
            add(.payment(outTradeNo: number), url: order.notifyURL, at: entry.at)
        case .closed(let number):
            guard payments[number] != nil else { throw BookDamage() }
            payments[number]?.closedAt = entry.at
        case .refundAccepted(let asked):
            guard let transactionID = payments[asked.outTradeNo]?.transactionID else { throw BookDamage() }
            payments[asked.outTradeNo]?.refunds.append(asked.outRefundNo)
            refunds[asked.outRefundNo] = Refund(
                asked: asked, transactionID: transactionID, acceptedAt: entry.at,
                fate: faults.fate(of: asked.outRefundNo))
            processing.append(asked.outRefundNo)
        case .refundSucceeded(let number):
            guard let asked = refunds[number]?.asked else { throw BookDamage() }
            refunds[number]?.succeededAt = entry.at
            processing.removeAll { $0 == number }
            if let url = asked.notifyURL { add(.refund(outRefundNo: number), url: url, at: entry.at) }
        case .refundEnded(let number, let end):
            guard let asked = refunds[number]?.asked else { throw BookDamage() }
            refunds[number]?.end = end
            processing.removeAll { $0 == number }
            if let url = asked.notifyURL { add(.refundEnd(outRefundNo: number, end), url: url, at: entry.at) }
        case .clockMoved(let seconds): clockOffset += seconds
        case .transferAccepted(let asked):
            transfers[asked.outBillNo] = Transfer(asked: asked, acceptedAt: entry.at)
            waiting.append(asked.outBillNo)
        case .transferEnded(let number, let end):
            guard let asked = transfers[number]?.asked else { throw BookDamage() }
            transfers[number]?.end = end
            transfers[number]?.endedAt = entry.at
            waiting.removeAll { $0 == number }
            if let url = asked.notifyURL { add(.transfer(outBillNo: number), url: url, at: entry.at) }
        case .codesApplied(let asked): codes.apply(asked, at: entry.at)
        case .codesActivated(let activated): try codes.apply(activated)
        case .codeScanned(let scan): codes.apply(scan, at: entry.at)
        case .probed(let id, let status):
            guard notices[id] != nil else { throw BookDamage() }
            notices[id]?.wasProbed = true
            probesSent += 1
            if (200..<300).contains(status) { probesBelieved += 1 }
        case .noticeFailed(let id, _, let next):
            guard notices[id] != nil else { throw BookDamage() }
            notices[id]?.attempts += 1
            notices[id]?.next = next
        case .noticeEnded(let id, let end):
            guard notices[id] != nil else { throw BookDamage() }
            notices[id]?.attempts += 1
            notices[id]?.end = end
            openNotices.remove(id)
        case .faultsSet(let settings): faults = settings
        }
    }

    private mutating func add(_ subject: Notice.Subject, url: String, at instant: Date) {
        let id = Draw.uuid("notice|\(subject)")
        let lateness =
            Draw.unit(faults.seed, "late_notification", id, 0) < faults.rates.lateNotification
            ? Double(faults.lateMilliseconds) / 1_000 : 0
        notices[id] = Notice(
            id: id, subject: subject, url: url, since: instant, next: instant.addingTimeInterval(lateness))
        openNotices.insert(id)
    }
}

/// An entry that no decision can have given.
struct BookDamage: Error {}

extension Book {
    /// The book's time at an instant of the real one.
    func time(at real: Date) -> Date { real.addingTimeInterval(clockOffset) }
}

// MARK: - Refusals

/// A refusal in WeChat Pay's form.
struct PayRefusal: Error, Equatable {
    let status: Int
    let code: String
    let message: String

    static func parameter(_ message: String) -> PayRefusal {
        PayRefusal(status: 400, code: "PARAM_ERROR", message: message)
    }
    static func invalid(_ message: String) -> PayRefusal {
        PayRefusal(status: 400, code: "INVALID_REQUEST", message: message)
    }
    static let noOrder = PayRefusal(status: 404, code: "ORDER_NOT_EXIST", message: "订单不存在")
    static let noTransfer = PayRefusal(status: 404, code: "NOT_FOUND", message: "记录不存在")
    static let noResource = PayRefusal(status: 404, code: "RESOURCE_NOT_EXISTS", message: "查询的资源不存在")
    static let paid = PayRefusal(status: 400, code: "ORDERPAID", message: "该订单已支付")
    static let unsigned = PayRefusal(status: 401, code: "SIGN_ERROR", message: "签名错误")
    static let fault = PayRefusal(status: 500, code: "SYSTEM_ERROR", message: "系统异常，请用原单号重试")
    static let throttled = PayRefusal(status: 429, code: "FREQUENCY_LIMITED", message: "频率超限")
    static let notEnough = PayRefusal(status: 403, code: "NOT_ENOUGH", message: "商户余额不足")
}

// MARK: - Decisions

extension Book {
    /// Places an order; the same content again gives the same prepay id.
    func place(_ order: PlacedOrder, now: Date) throws(PayRefusal) -> [BookEvent] {
        guard let known = payments[order.outTradeNo] else { return [.ordered(order)] }
        if known.paidAt != nil { throw .paid }
        if known.isClosed(at: now) { throw PayRefusal(status: 400, code: "ORDER_CLOSED", message: "订单已关闭") }
        guard known.order == order else {
            throw PayRefusal(status: 403, code: "OUT_TRADE_NO_USED", message: "商户订单号重复")
        }
        return []
    }

    /// The shopper pays; again gives the same.
    func pay(outTradeNo: String, openID: String?, now: Date) throws(PayRefusal) -> [BookEvent] {
        guard let payment = payments[outTradeNo] else { throw .noOrder }
        guard openID == nil || openID == payment.order.openID else {
            throw .invalid("another openid placed this order")
        }
        if payment.paidAt != nil { return [] }
        if payment.isClosed(at: now) { throw .invalid("this order is closed") }
        return [.paid(outTradeNo: outTradeNo, transactionID: "4200" + Draw.digits(24, "transaction|\(outTradeNo)"))]
    }

    /// Sees to it that an order is not paid any more.
    func close(outTradeNo: String) throws(PayRefusal) -> [BookEvent] {
        guard let payment = payments[outTradeNo] else { throw .noOrder }
        if payment.paidAt != nil { throw .paid }
        return payment.closedAt == nil ? [.closed(outTradeNo: outTradeNo)] : []
    }

    /// Accepts a refund, once per number, and another one of the same order only a while after the last.
    func refund(_ asked: AcceptedRefund, spacing: Double, now: Date) throws(PayRefusal) -> [BookEvent] {
        guard let payment = payments[asked.outTradeNo] else { throw .noResource }
        if let known = refunds[asked.outRefundNo] {
            guard known.asked == asked else { throw .invalid("商户退款单号已存在，且参数与原退款不一致") }
            return []
        }
        guard payment.paidAt != nil else { throw .invalid("订单未支付") }
        guard asked.total == payment.order.total else { throw .invalid("订单金额与原订单不一致") }
        // What was closed is with the merchant again.
        let before = payment.refunds.compactMap { refunds[$0] }.filter { $0.end != .closed }.map(\.asked.refund)
        // Each is at most the total and there are at most fifty, so the sum fits.
        let (sum, tooMuch) = before.reduce(0, &+).addingReportingOverflow(asked.refund)
        guard asked.refund > 0, !tooMuch, sum <= payment.order.total else { throw .invalid("退款金额超过可退金额") }
        guard payment.refunds.count < Self.refundsPerPaymentMax else { throw .invalid("超过部分退款次数限制") }
        let last = payment.refunds.compactMap { refunds[$0]?.acceptedAt }.max() ?? .distantPast
        guard now.timeIntervalSince(last) >= spacing else { throw .throttled }
        return [.refundAccepted(asked)]
    }

    /// As WeChat Pay has it.
    static let refundsPerPaymentMax = 50

    /// As WeChat Pay has it: what cannot be paid out for so long is closed.
    static let refundClosesAfter: TimeInterval = 7 * 86_400

    /// The refunds that have come to their end by now, whichever that is.
    func settle(after seconds: Double, now: Date) -> [BookEvent] {
        processing.compactMap { number in
            guard let refund = refunds[number] else { return nil }
            let time = refund.fate == .closed ? Self.refundClosesAfter : seconds
            guard refund.acceptedAt.addingTimeInterval(time) <= now else { return nil }
            return refund.fate.map { .refundEnded(outRefundNo: number, as: $0) }
                ?? .refundSucceeded(outRefundNo: number)
        }
    }

    /// Somebody sees to it that an abnormal refund is delivered; again changes nothing.
    func deliver(outRefundNo: String) throws(PayRefusal) -> [BookEvent] {
        guard let refund = refunds[outRefundNo] else { throw .noResource }
        if refund.succeededAt != nil { return [] }
        guard refund.end == .abnormal else { throw .invalid("only an abnormal refund is delivered by hand") }
        return [.refundSucceeded(outRefundNo: outRefundNo)]
    }

    /// Accepts a transfer, once per number; it then waits for whoever is to get the money.
    func transfer(_ asked: AcceptedTransfer) throws(PayRefusal) -> [BookEvent] {
        guard let known = transfers[asked.outBillNo] else { return [.transferAccepted(asked)] }
        guard known.asked == asked else { throw .invalid("商户单号已存在，且参数与原请求不一致") }
        return []
    }

    /// Whoever is to get the money takes it; again changes nothing.
    func confirm(outBillNo: String) throws(PayRefusal) -> [BookEvent] {
        guard let transfer = transfers[outBillNo] else { throw .noTransfer }
        guard transfer.end != .failed else { throw .invalid("the transfer has expired") }
        return transfer.end == nil ? [.transferEnded(outBillNo: outBillNo, state: .success)] : []
    }

    /// The transfers that nobody took in time.
    func expire(after seconds: Double, now: Date) -> [BookEvent] {
        waiting.filter { number in
            (transfers[number]?.acceptedAt).map { $0.addingTimeInterval(seconds) <= now } ?? false
        }.map { .transferEnded(outBillNo: $0, state: .failed) }
    }

    /// The notices that are due, and not in `flight`.
    func due(now: Date, flight: Set<String>) -> [Notice] {
        openNotices.subtracting(flight).compactMap { notices[$0] }.filter { $0.next <= now }
            .sorted { ($0.next, $0.id) < ($1.next, $1.id) }
    }
}
