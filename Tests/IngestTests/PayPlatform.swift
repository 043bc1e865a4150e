import Crypto
import CryptoExtras
import Foundation
import Kernel
import Orders
import Postgres
import TestSupport
import WeChat

/// WeChat Pay's signing side, and a merchant that knows it.
struct PayPlatform {
    static let mchid = "1900000109"
    // Making RSA keys takes longer than the tests that use them.
    private static let keys = Result {
        (
            platform: try _RSA.Signing.PrivateKey(keySize: .bits2048),
            merchant: try _RSA.Signing.PrivateKey(keySize: .bits2048)
        )
    }
    private static let apiV3Key = "0123456789abcdef0123456789abcdef"
    private static let serial = "PUB_KEY_ID_0119000001092025010100"

    let platform: _RSA.Signing.PrivateKey
    let credentials: MerchantCredentials

    init() throws {
        let keys = try Self.keys.get()
        platform = keys.platform
        credentials = MerchantCredentials(
            mchid: Self.mchid, appid: "wx1", serialNumber: "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C",
            privateKeyPEM: keys.merchant.pemRepresentation, apiV3Key: Self.apiV3Key,
            platformKeys: [Self.serial: keys.platform.publicKey.pemRepresentation], baseURL: "http://127.0.0.1:1")
    }

    /// Adds the merchant to the bundle's brand, as the operator does.
    func addMerchant(to bundle: IngestBundle) async throws {
        let keys = bundle.keys
        _ = try await bundle.db.pool(as: .operator).transaction { tx in
            try await Merchants.add(
                credentials, notifyBase: "https://shop.test", brand: bundle.brand, keys: keys, now: .now, on: tx)
        }
    }

    /// A notification's body.
    func body(_ resource: String, event: String, id: String = "EV-1", nonce: String = "0123456789ab") throws -> String {
        guard
            let sealed = try APIv3Key(Self.apiV3Key).seal(
                Array(resource.utf8), nonce: nonce, associatedData: "transaction")
        else { throw Problem.internalError }
        let json = String(decoding: try JSONEncoder().encode(sealed), as: UTF8.self)
        return """
            {"id":"\(id)","create_time":"2026-03-01T12:00:00+08:00","event_type":"\(event)","resource_type":"encrypt-resource",
             "summary":"","resource":\(json)}
            """
    }

    /// The headers of a body.
    func headers(_ body: String, at instant: Date = PaySignature.realTime()) throws -> [String: String] {
        let timestamp = "\(Int64(instant.timeIntervalSince1970))"
        let nonce = PaySignature.nonce()
        let message = PaySignature.answerMessage(timestamp: timestamp, nonce: nonce, body: Array(body.utf8))
        return [
            "Wechatpay-Timestamp": timestamp, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": Self.serial,
            "Wechatpay-Signature": try PaySignature.sign(message, with: platform),
        ]
    }

    static func payment(_ id: ID<Payment>, mchid: String = mchid, fen: Int = 12_800) -> String {
        """
        {"appid":"wx1","mchid":"\(mchid)","out_trade_no":"\(id.outTradeNo)","transaction_id":"42","trade_state":"SUCCESS",
         "success_time":"2026-03-01T12:00:00+08:00","payer":{"openid":"o1"},"amount":{"total":\(fen),"currency":"CNY"}}
        """
    }

    static func refund(_ id: ID<Payment>) -> String {
        """
        {"mchid":"\(mchid)","out_trade_no":"\(id.outTradeNo)","transaction_id":"42","out_refund_no":"RF-\(id.outTradeNo)-1",
         "refund_id":"50","refund_status":"SUCCESS","success_time":"2026-03-02T12:00:00+08:00",
         "amount":{"total":12800,"refund":12800,"payer_total":12800,"payer_refund":12800}}
        """
    }
}
