import Foundation
import Hosting
import Hummingbird
import Kernel
import WeChat

/// WeChat Pay's paths for money that a merchant gives: 商家转账.
struct TransferRoutes: Sendable {
    let sandbox: Sandbox

    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("v3/fund-app/mch-transfer/transfer-bills") { request, context in
            try await transfer(request, context)
        }
        router.get("v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{no}") { request, context in
            try await query(request, context)
        }
    }

    private func transfer(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await Call(request, context, sandbox)
        return await call.answer {
            let asked = try call.read(TransferRequest.self).transfer(merchant: try sandbox.platform.merchant)
            return try await call.work(.transfer, number: asked.outBillNo) {
                let transfer = try await sandbox.change(
                    { try $0.transfer(asked) }, then: { $0.transfers[asked.outBillNo] })
                guard let transfer else { throw PayRefusal.noTransfer }
                return Call.Answer(json: try Wire.json(Wire.TransferAnswer(transfer)))
            }
        }
    }

    private func query(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await Call(request, context, sandbox)
        return await call.answer {
            let number = try call.number(context)
            let merchant = try sandbox.platform.merchant
            return try await call.work(.transferQuery, number: number) {
                let transfer = try await sandbox.read { $0.transfers[number] }
                guard let transfer else { throw PayRefusal.noTransfer }
                return Call.Answer(json: try Wire.json(Wire.Transfer(transfer, merchant: merchant)))
            }
        }
    }
}

private struct TransferRequest: Decodable {
    struct Line: Decodable {
        let info_type: String
        let info_content: String
    }

    let appid: String
    let out_bill_no: String
    let transfer_scene_id: String
    let openid: String
    let user_name: String?
    let transfer_amount: Int64
    let transfer_remark: String
    let notify_url: String?
    let transfer_scene_report_infos: [Line]

    /// What cash for marketing must report, neither more nor less.
    private static let lines: Set<String> = ["活动名称", "奖励说明"]

    func transfer(merchant: MerchantCredentials) throws(PayRefusal) -> AcceptedTransfer {
        guard appid == merchant.appid else {
            throw PayRefusal(status: 400, code: "APPID_MCHID_NOT_MATCH", message: "appid和mchid不匹配")
        }
        guard out_bill_no.wholeMatch(of: /[0-9A-Za-z]{1,32}/) != nil else { throw .parameter("out_bill_no") }
        guard transfer_scene_id == "1000" else { throw .invalid("transfer_scene_id: this scene is not opened") }
        guard (1...64).contains(openid.utf8.count) else { throw .parameter("openid") }
        guard transfer_amount >= 10, user_name == nil ? transfer_amount < 200_000 : transfer_amount >= 30 else {
            throw .parameter("transfer_amount or user_name")
        }
        guard (1...32).contains(transfer_remark.count) else { throw .parameter("transfer_remark") }
        guard notify_url.map(isNotifyURL) ?? true else { throw .parameter("notify_url") }
        let report = transfer_scene_report_infos
        guard report.count == Self.lines.count, Set(report.map(\.info_type)) == Self.lines,
            report.allSatisfy({ (1...32).contains($0.info_content.count) })
        else { throw .parameter("transfer_scene_report_infos") }
        return AcceptedTransfer(
            outBillNo: out_bill_no, transferBillNo: "1330" + Draw.digits(36, "transfer|\(out_bill_no)"), openID: openid,
            amount: transfer_amount, remark: transfer_remark, notifyURL: notify_url)
    }
}
