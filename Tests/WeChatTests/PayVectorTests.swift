import CryptoExtras
import Foundation
import Kernel
import Testing

@testable import WeChat

/// WeChat Pay's formats against computed vectors.
struct PayVectorTests {
    let merchant: WeChatPayMerchant

    init() throws { merchant = try WeChatPayMerchant(.ofVectors()) }

    // MARK: - Signing

    @Test(arguments: ["pay_request_get", "pay_request_post_refund", "pay_request_get_query"])
    func requestSignature_ofAVector_hasTheSameBytes(name: String) throws {
        let vector = try Vectors.named(name)
        let body = Array(try vector.text("body").utf8)
        let message = PaySignature.requestMessage(
            method: try vector.text("method"), path: try vector.text("path_with_query"),
            timestamp: try vector.text("timestamp"), nonce: try vector.text("nonce_str"), body: body)

        let authorization = try merchant.authorization(
            method: try vector.text("method"), path: try vector.text("path_with_query"), body: body,
            now: Date(timeIntervalSince1970: try #require(Double(try vector.text("timestamp")))),
            nonce: try vector.text("nonce_str"))

        #expect(String(decoding: message, as: UTF8.self) == (try vector.text("message")))
        #expect(authorization == (try vector.text("authorization")))
    }

    @Test func paymentParameters_ofAVector_haveTheSameSignature() throws {
        let vector = try Vectors.named("pay_jsapi_pay_sign")
        let parameters = try merchant.paymentParameters(
            prepayID: String(try vector.text("package").dropFirst("prepay_id=".count)),
            now: Date(timeIntervalSince1970: try #require(Double(try vector.text("timeStamp")))),
            nonce: try vector.text("nonceStr"))

        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(parameters)) as? [String: String]
        for name in ["appId", "timeStamp", "nonceStr", "package", "signType", "paySign"] {
            #expect(json?[name] == (try vector.text(name)))
        }
        #expect(json?.count == 6)
    }

    // MARK: - Notifications

    private func open(_ name: String) throws -> WeChatPayNotification {
        let vector = try Vectors.named(name)
        return try WeChatPayNotification.open(
            headers: try vector.headers(), body: Array(try vector.text("body").utf8), merchant: merchant,
            now: try vector.instant())
    }

    @Test func notification_ofAPaymentByCertificate_isOpened() throws {
        let notification = try open("pay_notify_transaction_success_cert")
        let vector = try Vectors.named("pay_notify_transaction_success_cert")

        #expect(notification.id == "2f6a6d6c-0000-5000-8000-000000000001")
        #expect(String(decoding: notification.resource, as: UTF8.self) == (try vector.text("decrypted_resource")))
        guard case .payment(let payment) = notification.content else {
            Issue.record("It is about a payment.")
            return
        }
        #expect(payment.outTradeNo == "GIFT20250101000001")
        #expect(payment.state == .success)
        #expect(payment.payerOpenID == "oGiftBuyer000000000000000001")
        #expect(payment.paid?.transactionID == payment.transactionID)
        #expect(payment.paid?.amount == Money(fen: 12_800))
        #expect(payment.paid?.at == Date(timeIntervalSince1970: 1_735_689_601))
    }

    @Test func notification_ofARefundByPublicKey_isOpened() throws {
        let notification = try open("pay_notify_refund_success_pubkey")
        let vector = try Vectors.named("pay_notify_refund_success_pubkey")

        #expect(String(decoding: notification.resource, as: UTF8.self) == (try vector.text("decrypted_resource")))
        guard case .refund(let refund) = notification.content else {
            Issue.record("It is about a refund.")
            return
        }
        #expect(refund.outRefundNo == "RF-g_01-1")
        #expect(refund.state == .success)
        #expect(refund.refund == Money(fen: 12_800))
        #expect(refund.finishedAt == Date(timeIntervalSince1970: 1_735_776_031))
    }

    @Test func notification_ofATransfer_isOpened() throws {
        let notification = try open("pay_notify_transfer_finished_pubkey")
        let vector = try Vectors.named("pay_notify_transfer_finished_pubkey")

        #expect(String(decoding: notification.resource, as: UTF8.self) == (try vector.text("decrypted_resource")))
        guard case .transfer(let transfer) = notification.content else {
            Issue.record("It is about a transfer.")
            return
        }
        #expect(transfer.state == .success)
        #expect(transfer.mchid == merchant.mchid && transfer.amount > .zero && !transfer.outBillNo.isEmpty)
        #expect(!"\(notification)".contains("oGiftBuyer"))
    }

    // MARK: - Encryption

    @Test func resource_withoutAssociatedData_isOpenedAndSealed() throws {
        let vector = try Vectors.named("pay_gcm_empty_aad")
        let sealed = try #require(
            merchant.apiV3Key.seal(
                Array(try vector.text("plaintext").utf8), nonce: try vector.text("nonce"), associatedData: ""))

        #expect(sealed.ciphertext == (try vector.text("ciphertext_base64")))
        #expect(merchant.apiV3Key.open(sealed) == Array(try vector.text("plaintext").utf8))
    }

    @Test func certificates_ofAnAnswer_areDecrypted() throws {
        let response = try Vectors.named("pay_certificates_response").vector("response")
        let entries = try #require(response.fields["data"] as? [[String: Any]])
        let json = try JSONSerialization.data(withJSONObject: try #require(entries[0]["encrypt_certificate"]))

        let resource = try JSONDecoder().decode(EncryptedResource.self, from: json)

        #expect(
            merchant.apiV3Key.open(resource).map { String(decoding: $0, as: UTF8.self) }
                == (try Vectors.named("rsa_key").text("certificate_pem")))
    }

    @Test func sensitiveText_ofAVector_isDecryptedAndEncrypted() throws {
        let vector = try Vectors.named("pay_oaep_sha1")
        let plaintext = try vector.text("plaintext")
        #expect(merchant.openSensitive(try vector.text("ciphertext_base64")) == plaintext)

        let pem = try Vectors.named("rsa_key").text("public_key_spki_pem")
        let sealed = try #require(WeChatPayMerchant.sealSensitive(plaintext, publicKeyPEM: pem))
        #expect(merchant.openSensitive(sealed) == plaintext)
        #expect(WeChatPayMerchant.sealSensitive(String(repeating: "x", count: 215), publicKeyPEM: pem) == nil)
        #expect(merchant.openSensitive("not base64") == nil)
        #expect(merchant.openSensitive("AAAA") == nil)
    }

    // MARK: - Refusals

    @Test func negatives_ofTheVectors_areAllRefused() throws {
        let names = try Vectors.list("pay_negative").map { try $0.text("name") }
        #expect(
            names == [
                "body changed by one byte", "signature probe", "timestamp skew", "unknown serial", "gcm tag flipped",
            ])
        let vector = try Vectors.named("pay_notify_transaction_success_cert")
        let negatives = try Vectors.list("pay_negative")
        let body = try vector.text("body")
        func code(_ change: (inout SignatureHeaders, inout String, inout Date) throws -> Void) throws -> String? {
            var headers = try vector.headers()
            var text = body
            var now = try vector.instant()
            try change(&headers, &text, &now)
            let problem = #expect(throws: Problem.self) {
                try WeChatPayNotification.open(
                    headers: headers, body: Array(text.utf8), merchant: merchant, now: now)
            }
            return problem.map { "\($0.status) \($0.code)" }
        }

        #expect(
            try code {
                $1 = $1.replacing("支付成功", with: "支付失败"); _ = ($0, $2)
            } == "401 bad_signature")
        let probe = try negatives[1].vector("headers").text("Wechatpay-Signature")
        #expect(try code { headers, _, _ in headers.signature = probe } == "401 bad_signature")
        let late = try #require(negatives[2].fields["now"] as? Double)
        #expect(try code { _, _, now in now = Date(timeIntervalSince1970: late) } == "401 stale_timestamp")
        let serial = try negatives[3].vector("headers").text("Wechatpay-Serial")
        #expect(try code { headers, _, _ in headers.serial = serial } == "401 unknown_key")
        let gcm = try Vectors.named("pay_gcm_empty_aad")
        let flipped = EncryptedResource(
            ciphertext: try negatives[4].text("ciphertext_base64"), nonce: try gcm.text("nonce"), associatedData: "")
        #expect(merchant.apiV3Key.open(flipped) == nil)
    }

    @Test(arguments: [299.0, -299.0])
    func signature_almostTooOld_isBelieved(skew: Double) throws {
        let vector = try Vectors.named("pay_notify_refund_success_pubkey")
        let now = try vector.instant().addingTimeInterval(skew)
        try merchant.verify(try vector.headers(), body: Array(try vector.text("body").utf8), now: now)
    }

    @Test(arguments: [300.0, -300.0, 1e18, -1e18, .infinity, .nan])
    func signature_tooFarInTime_isStale(skew: Double) throws {
        let vector = try Vectors.named("pay_notify_refund_success_pubkey")
        let now = try vector.instant().addingTimeInterval(skew)
        #expect(throws: SignatureFault.stale) {
            try merchant.verify(try vector.headers(), body: Array(try vector.text("body").utf8), now: now)
        }
    }

    @Test func notification_ofAnotherMerchant_isRefused() throws {
        var credentials = try MerchantCredentials.ofVectors()
        credentials.mchid = "1900000110"
        let other = try WeChatPayMerchant(credentials)
        let vector = try Vectors.named("pay_notify_refund_success_pubkey")
        let problem = #expect(throws: Problem.self) {
            try WeChatPayNotification.open(
                headers: try vector.headers(), body: Array(try vector.text("body").utf8), merchant: other,
                now: try vector.instant())
        }
        #expect(problem?.status == 400)
    }
}
