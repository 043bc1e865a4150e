package import Kernel

extension WeChatPayClient {
    /// From this amount on WeChat Pay wants the name of whoever gets the money, which nobody here knows.
    package static let transferMax = Limit(199_999, reason: "2,000 yuan and more need a name, encrypted.")
    private static let transfers = "/v3/fund-app/mch-transfer/transfer-bills"

    /// Gives somebody money, once for each number; an answer means that it was accepted, and its state how far it is.
    package func transfer(_ order: TransferOrder) async throws(WeChatPayError) -> TransferResult {
        try Self.require(billNo: order.outBillNo)
        guard order.amount > .zero, order.amount.fen <= Int64(Self.transferMax.value) else {
            throw .notSent(reason: "a transfer is of 0.01 to 1,999.99 yuan")
        }
        guard (1...64).contains(order.openID.utf8.count), (1...32).contains(order.remark.count),
            order.report.allSatisfy({ (1...32).contains($0.content.count) })
        else { throw .notSent(reason: "an openid has 1 to 64 bytes, a remark and a line 1 to 32 characters") }
        let body = try Self.json(TransferBody(order, appid: merchant.appid))
        let transfer = try Self.read(TransferResult.self, try await call("POST", Self.transfers, body: body))
        guard transfer.outBillNo == order.outBillNo else { throw .mistaken }
        return transfer
    }

    /// How a transfer stands; WeChat Pay remembers it for 30 days.
    package func transfer(outBillNo: String) async throws(WeChatPayError) -> TransferResult {
        try Self.require(billNo: outBillNo)
        let transfer = try Self.read(
            TransferResult.self, try await call("GET", "\(Self.transfers)/out-bill-no/\(outBillNo)"))
        guard transfer.outBillNo == outBillNo, transfer.mchid == nil || transfer.mchid == merchant.mchid else {
            throw .mistaken
        }
        return transfer
    }

    private static func require(billNo: String) throws(WeChatPayError) {
        guard (1...32).contains(billNo.utf8.count), billNo.utf8.allSatisfy({ $0.isDigit || $0.isLetter }) else {
            throw .notSent(reason: "out_bill_no must have 1 to 32 letters and digits")
        }
    }
}

private struct TransferBody: Encodable {
    struct Line: Encodable {
        let type: String
        let content: String

        private enum CodingKeys: String, CodingKey {
            case type = "info_type"
            case content = "info_content"
        }
    }

    let appid: String
    let outBillNo: String
    let sceneID: String
    let openID: String
    let amount: Money
    let remark: String
    let notifyURL: String?
    let report: [Line]

    init(_ order: TransferOrder, appid: String) {
        self.appid = appid
        outBillNo = order.outBillNo
        sceneID = order.sceneID
        openID = order.openID
        amount = order.amount
        remark = order.remark
        notifyURL = order.notifyURL
        report = order.report.map { Line(type: $0.type, content: $0.content) }
    }

    private enum CodingKeys: String, CodingKey {
        case appid
        case outBillNo = "out_bill_no"
        case sceneID = "transfer_scene_id"
        case openID = "openid"
        case amount = "transfer_amount"
        case remark = "transfer_remark"
        case notifyURL = "notify_url"
        case report = "transfer_scene_report_infos"
    }
}
