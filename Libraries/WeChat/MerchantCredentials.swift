/// What a merchant needs to speak with WeChat Pay, as text: the content of a `merchant.json`.
///
/// It holds secrets: kept sealed, never logged, and described without them.
package struct MerchantCredentials: Codable, Sendable, Hashable {
    /// The merchant's number at WeChat Pay.
    package var mchid: String
    /// The mini program or official account whose openids pay.
    package var appid: String
    /// The serial number of the merchant's own API certificate, in upper-case hex.
    package var serialNumber: String
    /// The merchant's private key, PKCS#8 or PKCS#1 PEM, RSA 2048.
    package var privateKeyPEM: String
    /// 32 ASCII characters, the key of everything that WeChat Pay encrypts for the merchant.
    package var apiV3Key: String
    /// Who signs at the other end: `PUB_KEY_ID_…` with a public key's PEM, or a serial number with a certificate's PEM.
    ///
    /// Both kinds may stand side by side, as they do while a merchant moves from certificates to the public key.
    package var platformKeys: [String: String]
    /// Where WeChat Pay answers, without a path: `https://api.mch.weixin.qq.com`.
    package var baseURL: String

    /// Credentials in their parts; whether they are usable is for ``WeChatPayMerchant`` to say.
    package init(
        mchid: String, appid: String, serialNumber: String, privateKeyPEM: String, apiV3Key: String,
        platformKeys: [String: String], baseURL: String
    ) {
        self.mchid = mchid
        self.appid = appid
        self.serialNumber = serialNumber
        self.privateKeyPEM = privateKeyPEM
        self.apiV3Key = apiV3Key
        self.platformKeys = platformKeys
        self.baseURL = baseURL
    }

    private enum CodingKeys: String, CodingKey {
        case mchid, appid
        case serialNumber = "serial_number"
        case privateKeyPEM = "private_key_pem"
        case apiV3Key = "api_v3_key"
        case platformKeys = "platform_keys"
        case baseURL = "base_url"
    }
}

extension MerchantCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The merchant's number, and nothing that is secret.
    package var description: String { "MerchantCredentials(mchid: \(mchid), …)" }
    /// The same.
    package var debugDescription: String { description }
    /// Empty, so that `dump` shows no key.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Credentials that cannot be used, with a sentence that says which part and why.
package struct CredentialsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence; it holds no secret.
    package let description: String

    init(_ sentence: String) { description = sentence }
}
