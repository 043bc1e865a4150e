import Foundation
import Hosting
import Hummingbird
import Kernel
import WeChat

/// The bills of a day, made from the book: trades, and the flow of funds.
struct BillRoutes: Sendable {
    let sandbox: Sandbox

    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.get("v3/bill/tradebill") { request, context in try await ticket(.trade, request, context) }
        router.get("v3/bill/fundflowbill") { request, context in try await ticket(.fundFlow, request, context) }
        router.get("v3/billdownload/file") { request, context in try await file(request, context) }
    }

    private func ticket(
        _ kind: PayBillKind, _ request: Request, _ context: SiyuRequestContext
    ) async throws -> Response {
        let call = try await Call(request, context, sandbox)
        return await call.answer {
            let now = try await sandbox.read { $0.time(at: Sandbox.now()) }
            let parameters = request.uri.queryParameters
            guard let day = parameters["bill_date"].map(String.init), BillDay(day) != nil else {
                throw PayRefusal.parameter("bill_date")
            }
            guard ["ALL", nil].contains(parameters["bill_type"].map(String.init)),
                ["BASIC", nil].contains(parameters["account_type"].map(String.init)),
                ["GZIP", nil].contains(parameters["tar_type"].map(String.init))
            else { throw PayRefusal.parameter("only ALL and BASIC bills are made here") }
            let ticket = BillTicket(
                kind: kind, day: day, isPacked: parameters["tar_type"] != nil, asOf: now.timeIntervalSince1970)
            let bill = try await bill(ticket)
            guard bill.hasRows else {
                throw PayRefusal(status: 400, code: "NO_STATEMENT_EXIST", message: "账单不存在")
            }
            let base = try sandbox.platform.merchant.baseURL
            return Call.Answer(
                json: try Wire.json([
                    "hash_type": "SHA1", "hash_value": PayBill.digest(of: bill.csv),
                    "download_url": "\(base)/v3/billdownload/file?token=\(ticket.token)",
                ]))
        }
    }

    /// Answers with what the ticket was of, whatever happened since.
    private func file(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await Call(request, context, sandbox)
        return await call.answer {
            let now = try await sandbox.read { $0.time(at: Sandbox.now()) }
            guard let ticket = request.uri.queryParameters["token"].flatMap({ BillTicket(token: String($0)) }),
                now.timeIntervalSince1970 - ticket.asOf < Self.life
            else { throw PayRefusal(status: 403, code: "NO_AUTH", message: "下载链接已过期") }
            let csv = try await bill(ticket).csv
            return Call.Answer(json: ticket.isPacked ? Gzip.stored(csv) : csv)
        }
    }

    /// As WeChat Pay has it: five minutes.
    private static let life: TimeInterval = 300

    private func bill(_ ticket: BillTicket) async throws -> BillFile {
        guard let day = BillDay(ticket.day) else { throw PayRefusal.parameter("bill_date") }
        let merchant = try sandbox.platform.merchant
        return try await sandbox.read { book in
            BillFile(
                ticket.kind, of: day, asOf: Date(timeIntervalSince1970: ticket.asOf), book, merchant: merchant)
        }
    }
}

/// What a download address says.
private struct BillTicket {
    let kind: PayBillKind
    let day: String
    let isPacked: Bool
    let asOf: TimeInterval

    var token: String { "\(kind.rawValue).\(day).\(isPacked ? "gzip" : "plain").\(Int64((asOf * 1_000).rounded()))" }

    init(kind: PayBillKind, day: String, isPacked: Bool, asOf: TimeInterval) {
        (self.kind, self.day, self.isPacked) = (kind, day, isPacked)
        // What happened in this very millisecond is in it.
        self.asOf = (asOf * 1_000).rounded(.up) / 1_000
    }

    init?(token: String) {
        let parts = token.split(separator: ".").map(String.init)
        guard parts.count == 4, let kind = PayBillKind(rawValue: parts[0]), let instant = Int64(parts[3]) else {
            return nil
        }
        self.init(kind: kind, day: parts[1], isPacked: parts[2] == "gzip", asOf: Double(instant) / 1_000)
    }
}

/// A day in Beijing.
struct BillDay {
    let start: Date

    /// Nil for what is no day.
    init?(_ text: String) {
        guard text.wholeMatch(of: /\d{4}-\d\d-\d\d/) != nil, let start = PayInstant.read("\(text)T00:00:00+08:00")
        else {
            return nil
        }
        self.start = start
    }

    func contains(_ instant: Date) -> Bool { instant >= start && instant < start.addingTimeInterval(86_400) }
}

/// A bill as WeChat Pay writes it.
struct BillFile {
    let csv: [UInt8]
    let hasRows: Bool

    init(_ kind: PayBillKind, of day: BillDay, asOf: Date, _ book: Book, merchant: MerchantCredentials) {
        let lines =
            switch kind {
            case .trade: Self.trades(day, asOf, book, merchant)
            case .fundFlow: Self.funds(day, asOf, book)
            }
        hasRows = !lines.rows.isEmpty
        let rows = lines.rows.sorted { ($0.at, $0.number) < ($1.at, $1.number) }
        var text = [lines.header]
        text += rows.map { row in row.cells.map { "`\(Self.clean($0))" }.joined(separator: ",") }
        text += [lines.summaryHeader, lines.summary.map { "`\($0)" }.joined(separator: ",")]
        csv = Array((text.joined(separator: "\r\n") + "\r\n").utf8)
    }

    private struct Line {
        let at: Date
        let number: String
        let cells: [String]
    }

    private struct Lines {
        let header: String
        var rows: [Line] = []
        let summaryHeader: String
        var summary: [String] = []
    }

    /// The file knows no quoting.
    private static func clean(_ text: String) -> String {
        text.replacing(",", with: "\\ ").replacing("\n", with: " ").replacing("\r", with: " ").replacing("`", with: "'")
    }

    private static func yuan(_ fen: Int64) -> String { Money(fen: fen).yuanText }

    private static func time(_ instant: Date) -> String {
        String(PayInstant.write(instant.addingTimeInterval(0)).prefix(19)).replacing("T", with: " ")
    }

    private static func trades(_ day: BillDay, _ asOf: Date, _ book: Book, _ merchant: MerchantCredentials) -> Lines {
        var lines = Lines(
            header:
                "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注",
            summaryHeader: "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额")
        var (paid, returned): (Int64, Int64) = (0, 0)
        func add(_ at: Date, _ payment: Book.Payment, _ refund: Book.Refund?) {
            let (order, back) = (payment.order, refund?.asked.refund ?? 0)
            let isThrough = refund?.succeededAt.map { $0 <= asOf } ?? false
            let amount = refund == nil ? order.total : 0
            let kind = refund == nil ? "SUCCESS" : "REFUND"
            let state = refund.map { isThrough ? "SUCCESS" : $0.end == nil ? "PROCESSING" : "FAIL" } ?? ""
            let (refundID, number) = (refund?.asked.refundID ?? "0", refund?.asked.outRefundNo ?? "0")
            let way = refund == nil ? "" : "ORIGINAL"
            var cells: [String] = [time(at), merchant.appid, merchant.mchid, "0", "", payment.transactionID ?? ""]
            cells += [order.outTradeNo, order.openID, "JSAPI", kind, "OTHERS", "CNY", yuan(amount), "0.00"]
            cells += [refundID, number, yuan(back), "0.00", way, state, order.description, order.attach ?? ""]
            cells += ["0.00000", "0.00%", yuan(amount), yuan(back), ""]
            lines.rows.append(
                Line(at: at, number: refund?.asked.outRefundNo ?? order.outTradeNo, cells: cells))
            paid += amount
            returned += back
        }
        for payment in book.payments.values {
            if let at = payment.paidAt, at <= asOf, day.contains(at) { add(at, payment, nil) }
        }
        for refund in book.refunds.values where refund.acceptedAt <= asOf && day.contains(refund.acceptedAt) {
            if let payment = book.payments[refund.asked.outTradeNo] { add(refund.acceptedAt, payment, refund) }
        }
        lines.summary = [
            "\(lines.rows.count)", yuan(paid), yuan(returned), "0.00", "0.00000", yuan(paid), yuan(returned),
        ]
        return lines
    }

    private static func funds(_ day: BillDay, _ asOf: Date, _ book: Book) -> Lines {
        var lines = Lines(
            header: "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号",
            summaryHeader: "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额")
        var sums: [Bool: (count: Int, fen: Int64)] = [true: (0, 0), false: (0, 0)]
        func add(_ at: Date?, _ provider: String, _ kind: String, isIncome: Bool, _ fen: Int64, _ number: String) {
            guard let at, at <= asOf, day.contains(at) else { return }
            lines.rows.append(
                Line(
                    at: at, number: number,
                    cells: [
                        time(at), provider, "\(provider)F", kind, kind, isIncome ? "收入" : "支出", yuan(fen), "0.00",
                        "system", "", number,
                    ]))
            let sum = sums[isIncome] ?? (0, 0)
            sums[isIncome] = (sum.count + 1, sum.fen + fen)
        }
        for payment in book.payments.values {
            add(
                payment.paidAt, payment.transactionID ?? "", "交易", isIncome: true, payment.order.total,
                payment.order.outTradeNo)
        }
        for refund in book.refunds.values where refund.succeededAt.map({ $0 <= asOf }) ?? false {
            add(
                refund.acceptedAt, refund.asked.refundID, "退款", isIncome: false, refund.asked.refund,
                refund.asked.outRefundNo)
        }
        for transfer in book.transfers.values
        where transfer.end == .success && (transfer.endedAt.map { $0 <= asOf } ?? false) {
            add(
                transfer.acceptedAt, transfer.asked.transferBillNo, "商家转账", isIncome: false, transfer.asked.amount,
                transfer.asked.outBillNo)
        }
        let (income, expense) = (sums[true] ?? (0, 0), sums[false] ?? (0, 0))
        lines.summary = [
            "\(lines.rows.count)", "\(income.count)", yuan(income.fen), "\(expense.count)", yuan(expense.fen),
        ]
        return lines
    }
}

/// Packs without making smaller: enough to be unpacked by whoever asked for it.
enum Gzip {
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var packed: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        var start = 0
        repeat {
            let end = min(start + 65_535, bytes.count)
            let count = UInt16(end - start)
            packed.append(end == bytes.count ? 1 : 0)
            packed += [UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8)]
            packed += bytes[start..<end]
            start = end
        } while start < bytes.count
        for word in [Gunzip.checksum(bytes), UInt32(truncatingIfNeeded: bytes.count)] {
            packed += (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
        }
        return packed
    }
}
