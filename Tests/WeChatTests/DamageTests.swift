import CryptoExtras
import Foundation
import Kernel
import Testing

@testable import WeChat

/// Whatever arrives: an error, never a trap.
struct DamageTests {
    let merchant: WeChatPayMerchant
    private let key: _RSA.Signing.PrivateKey

    init() throws {
        let credentials = try MerchantCredentials.ofVectors()
        merchant = try WeChatPayMerchant(credentials)
        key = try _RSA.Signing.PrivateKey(pemRepresentation: credentials.privateKeyPEM)
    }

    // MARK: - Mutations

    @Test func notifications_damagedFourThousandTimes_areRefused() throws {
        var random = SplitMix(state: 20_260_101)
        let names = ["pay_notify_transaction_success_cert", "pay_notify_refund_success_pubkey"]
        var refused = 0
        let vectors = try names.map(Vectors.named)
        for round in 0..<4_000 {
            let vector = vectors[round % 2]
            var headers = try vector.headers()
            var body = Array(try vector.text("body").utf8)
            let original = (headers, body)
            switch Int(random.next() % 6) {
            case 0: headers.timestamp = random.damaged(headers.timestamp)
            case 1: headers.nonce = random.damaged(headers.nonce)
            case 2: headers.serial = random.damaged(headers.serial)
            case 3: headers.signature = random.damaged(headers.signature)
            default: body = random.damaged(body)
            }
            if (headers, body) == original { continue }
            do {
                _ = try WeChatPayNotification.open(
                    headers: headers, body: body, merchant: merchant, now: try vector.instant())
                Issue.record("Round \(round) was believed.")
            } catch {
                let problem = try #require(error as? Problem)
                #expect((400..<500).contains(problem.status))
                refused += 1
            }
        }
        #expect(refused > 3_900)
    }

    /// Damage that is signed: only a broken platform could send it, and still it must not trap.
    @Test func notifications_damagedBeforeSigning_areReadOrRefused() throws {
        var random = SplitMix(state: 7)
        let vector = try Vectors.named("pay_notify_transaction_success_cert")
        for round in 0..<3_000 {
            let plaintext = random.damaged(Array(try vector.text("decrypted_resource").utf8))
            let sealed = try #require(
                merchant.apiV3Key.seal(plaintext, nonce: "a1b2c3d4e5f6", associatedData: "transaction"))
            var body = try JSONEncoder().encode(
                Envelope(
                    id: "x", eventType: round % 3 == 0 ? "REFUND.SUCCESS" : "TRANSACTION.SUCCESS", resource: sealed))
            if round % 2 == 0 { body = Data(random.damaged(Array(body))) }
            let now = Date(timeIntervalSince1970: 1_735_689_602)
            let headers = SignatureHeaders(
                timestamp: "1735689602", nonce: "n", serial: try vector.headers().serial,
                signature: try PaySignature.sign(
                    PaySignature.answerMessage(timestamp: "1735689602", nonce: "n", body: Array(body)), with: key))
            do {
                let notification = try WeChatPayNotification.open(
                    headers: headers, body: Array(body), merchant: merchant, now: now)
                if case .payment(let payment) = notification.content { #expect(payment.mchid == merchant.mchid) }
            } catch {
                #expect(error.status == 400)
            }
        }
    }

    private struct Envelope: Encodable {
        let id: String
        let eventType: String
        let resource: EncryptedResource

        private enum CodingKeys: String, CodingKey {
            case id, resource
            case eventType = "event_type"
        }
    }

    // MARK: - Chosen damage

    @Test(arguments: [
        "", "{}", "[]", "null", "{\"id\":1}", "\u{0}", "{\"id\":\"x\",\"event_type\":\"TRANSACTION.SUCCESS\"}",
        String(repeating: "[", count: 100_000),
        "{\"id\":\"x\",\"event_type\":\"A\",\"resource\":{\"algorithm\":\"AEAD_SM4_GCM\",\"ciphertext\":\"AAAA\",\"nonce\":\"123456789012\"}}",
        "{\"id\":\"x\",\"event_type\":\"A\",\"resource\":{\"algorithm\":\"AEAD_AES_256_GCM\",\"ciphertext\":\"\",\"nonce\":\"\"}}",
        "{\"id\":\"x\",\"event_type\":\"A\",\"resource\":{\"algorithm\":\"AEAD_AES_256_GCM\",\"ciphertext\":\"AAAA\",\"nonce\":\"123456789012\"}}",
    ])
    func body_signedButNoNotification_isRefused(body: String) throws {
        let bytes = Array(body.utf8)
        let headers = SignatureHeaders(
            timestamp: "1735689602", nonce: "n", serial: "PUB_KEY_ID_0119000001092025010100000000000001",
            signature: try PaySignature.sign(
                PaySignature.answerMessage(timestamp: "1735689602", nonce: "n", body: bytes), with: key))
        let problem = #expect(throws: Problem.self) {
            try WeChatPayNotification.open(
                headers: headers, body: bytes, merchant: merchant, now: Date(timeIntervalSince1970: 1_735_689_602))
        }
        #expect(problem?.code == "unreadable_notification")
    }

    @Test(arguments: [
        "", " ", "-1", "+1735689602", "1735689602 ", "1e9", "0x1", "99999999999999999999", "١٧٣٥٦٨٩٦٠٢", "1735689602.0",
        "nan", "inf",
    ])
    func timestamp_thatIsNoNumberOfSeconds_isStale(text: String) {
        #expect(!PaySignature.isFresh(text, now: Date(timeIntervalSince1970: 1_735_689_602)))
    }

    @Test func headers_thatAreMissing_areRefused() throws {
        let vector = try Vectors.named("pay_notify_refund_success_pubkey")
        for missing in [\SignatureHeaders.timestamp, \.nonce, \.serial, \.signature] {
            var headers = try vector.headers()
            headers[keyPath: missing] = nil
            #expect(throws: SignatureFault.missingHeader) {
                try merchant.verify(headers, body: Array(try vector.text("body").utf8), now: try vector.instant())
            }
        }
    }

    // MARK: - Credentials

    @Test func credentials_thatAreDamaged_areRefusedWithTheirPart() throws {
        let good = try MerchantCredentials.ofVectors()
        let key = try Vectors.named("rsa_key")
        let certificate = try key.text("certificate_pem")
        let cases: [(String, (inout MerchantCredentials) -> Void)] = [
            ("mchid", { $0.mchid = "" }), ("mchid", { $0.mchid = "19\"000" }),
            ("serial_number", { $0.serialNumber = "xyz" }), ("private_key_pem", { $0.privateKeyPEM = "" }),
            ("private_key_pem", { $0.privateKeyPEM = String($0.privateKeyPEM.dropLast(200)) }),
            ("private_key_pem", { $0.privateKeyPEM = certificate }), ("api_v3_key", { $0.apiV3Key = "short" }),
            ("api_v3_key", { $0.apiV3Key = String(repeating: "密", count: 32) }),
            ("PUB_KEY_ID_1", { $0.platformKeys = ["PUB_KEY_ID_1": certificate] }),
            ("PUB_KEY_ID_1", { $0.platformKeys = ["PUB_KEY_ID_1": ""] }),
            ("ABC", { $0.platformKeys = ["ABC": certificate] }),
            ("ABC", { $0.platformKeys = ["ABC": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] }),
            ("base_url", { $0.baseURL = "" }), ("base_url", { $0.baseURL = "ftp://a" }),
            ("base_url", { $0.baseURL = "https://a/v3" }), ("base_url", { $0.baseURL = "https://a?b=c" }),
        ]
        for (part, damage) in cases {
            var credentials = good
            damage(&credentials)
            let error = #expect(throws: CredentialsError.self) { try WeChatPayMerchant(credentials) }
            #expect(error?.description.contains(part) == true)
        }
    }

    @Test func pems_damagedAThousandTimes_neverTrap() throws {
        var random = SplitMix(state: 99)
        let good = try MerchantCredentials.ofVectors()
        for round in 0..<1_000 {
            var credentials = good
            if round % 2 == 0 {
                credentials.privateKeyPEM = String(
                    decoding: random.damaged(Array(good.privateKeyPEM.utf8)), as: UTF8.self)
            } else {
                credentials.platformKeys = good.platformKeys.mapValues {
                    String(decoding: random.damaged(Array($0.utf8)), as: UTF8.self)
                }
            }
            // Damage in white space or in a name changes nothing; all that counts is that we are still here.
            _ = try? WeChatPayMerchant(credentials)
        }
    }

    @Test func certificate_beyondItsTime_isNotBelieved() throws {
        let vector = try Vectors.named("pay_notify_transaction_success_cert")
        var headers = try vector.headers()
        let later = Date(timeIntervalSince1970: 2_051_222_400)
        headers.timestamp = "2051222400"
        #expect(throws: SignatureFault.expiredKey) {
            try merchant.verify(headers, body: Array(try vector.text("body").utf8), now: later)
        }
    }

    @Test func credentials_printed_showNoSecret() throws {
        let credentials = try MerchantCredentials.ofVectors()
        var dumped = ""
        dump(credentials, to: &dumped)
        dump(merchant, to: &dumped)
        let shown = "\(credentials) \(String(reflecting: credentials)) \(merchant) \(dumped)"
        #expect(!shown.contains("PRIVATE"))
        #expect(!shown.contains(credentials.apiV3Key))
    }

    @Test(arguments: [
        ("2025-01-01T08:00:01+08:00", 1_735_689_601.0), ("2025-01-01T00:00:01Z", 1_735_689_601),
        ("2025-01-01T00:00:01.123Z", 1_735_689_601), ("2025-01-01 00:00:01Z", nil), ("2025-13-01T00:00:01Z", nil),
        ("2025-01-01T00:00:01", nil), ("", nil), ("2025-01-01T00:00:01+0800", nil), ("２０25-01-01T00:00:01Z", nil),
    ])
    func instant_isReadExactly(text: String, seconds: Double?) {
        #expect(PayInstant.read(text)?.timeIntervalSince1970 == seconds)
    }

    @Test func instant_written_hasTheOffsetOfShanghai() {
        #expect(PayInstant.write(Date(timeIntervalSince1970: 1_735_689_601.9)) == "2025-01-01T08:00:01+08:00")
    }
}

/// A generator that gives the same numbers everywhere, so that a failing round can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// One to three changes: a byte flipped, cut, doubled or inserted, or the end cut off.
    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...(next() % 3) {
            let place = bytes.isEmpty ? 0 : Int(next() % UInt64(bytes.count))
            switch (next() % 5, bytes.isEmpty) {
            case (0, false): bytes[place] ^= UInt8(1 << (next() % 8))
            case (1, false): bytes.remove(at: place)
            case (2, false): bytes.insert(bytes[place], at: place)
            case (3, false) where next() % 4 == 0: bytes.removeLast(bytes.count - place)
            default: bytes.insert(UInt8(truncatingIfNeeded: next()), at: place)
            }
        }
        return bytes
    }

    mutating func damaged(_ text: String?) -> String? {
        guard let text, next() % 10 != 0 else { return nil }
        return String(decoding: damaged(Array(text.utf8)), as: UTF8.self)
    }
}
