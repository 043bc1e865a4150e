import Foundation
import Kernel
import TestSupport
import Testing
import WeChat

/// The file of vectors, by name.
enum Vectors {
    private static func all() throws -> [String: Any] {
        let data = try Data(contentsOf: URL(filePath: Repository.path("Tests/WeChatTests/Vectors/vectors.json")))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    static func named(_ name: String) throws -> Vector {
        Vector(try #require(try all()[name] as? [String: Any]))
    }

    static func list(_ name: String) throws -> [Vector] {
        try #require(try all()[name] as? [[String: Any]]).map(Vector.init)
    }
}

struct Vector {
    let fields: [String: Any]

    init(_ fields: [String: Any]) { self.fields = fields }

    func text(_ name: String) throws -> String { try #require(fields[name] as? String) }
    func vector(_ name: String) throws -> Vector { Vector(try #require(fields[name] as? [String: Any])) }

    /// The signature headers of a notification.
    func headers() throws -> SignatureHeaders {
        let headers = try #require(fields["headers"] as? [String: String])
        return SignatureHeaders { headers[$0] }
    }

    func instant(_ name: String = "Wechatpay-Timestamp") throws -> Date {
        let text = try vector("headers").text(name)
        return Date(timeIntervalSince1970: try #require(Double(text)))
    }
}

extension MerchantCredentials {
    /// The merchant of the vectors: one key plays both sides, known as public key and as certificate.
    static func ofVectors(baseURL: String = "https://api.mch.weixin.qq.com") throws -> MerchantCredentials {
        let key = try Vectors.named("rsa_key")
        return MerchantCredentials(
            mchid: "1900000109", appid: "wx0a1b2c3d4e5f6071",
            serialNumber: try key.text("certificate_serial_hex_upper"),
            privateKeyPEM: try key.text("private_key_pkcs8_pem"), apiV3Key: "GiftCodeApiV3Key0123456789ABCDEF",
            platformKeys: [
                try key.text("public_key_id"): try key.text("public_key_spki_pem"),
                try key.text("certificate_serial_hex_upper"): try key.text("certificate_pem"),
            ], baseURL: baseURL)
    }
}
