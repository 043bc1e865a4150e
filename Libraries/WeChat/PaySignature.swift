import Crypto
package import CryptoExtras
package import Foundation
package import Kernel

/// RSA signatures as WeChat Pay API v3 has them: PKCS#1 v1.5 with SHA-256 over lines that all end with a newline.
package enum PaySignature {
    /// The word in front of the `Authorization` header's parts.
    package static let scheme = "WECHATPAY2-SHA256-RSA2048"
    /// How far a signature's time may be from ours, in seconds.
    package static let tolerance = Limit(
        300.0, reason: "WeChat Pay's own libraries refuse at 300 s, and it refuses our requests at the same distance.")
    /// What a deliberately wrong signature begins with, by which WeChat Pay tries whether anybody looks.
    package static let probePrefix = "WECHATPAY/SIGNTEST/"

    /// What is signed for a request.
    package static func requestMessage(
        method: String, path: String, timestamp: String, nonce: String, body: [UInt8]
    ) -> [UInt8] {
        Array("\(method)\n\(path)\n\(timestamp)\n\(nonce)\n".utf8) + body + newline
    }

    /// What is signed for an answer or a notification.
    package static func answerMessage(timestamp: String, nonce: String, body: [UInt8]) -> [UInt8] {
        Array("\(timestamp)\n\(nonce)\n".utf8) + body + newline
    }

    private static let newline = [UInt8(ascii: "\n")]

    /// Signs; the same message and key give the same base64.
    package static func sign(_ message: [UInt8], with key: _RSA.Signing.PrivateKey) throws(CredentialsError) -> String {
        do {
            return try key.signature(for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
                .rawRepresentation.base64EncodedString()
        } catch {
            throw CredentialsError("The private key does not sign.")
        }
    }

    /// Whether `signature` is base64 of a signature of `message` by `key`.
    package static func isValid(_ signature: String, of message: [UInt8], by key: _RSA.Signing.PublicKey) -> Bool {
        // One signature, one text: a decoder alone would let spare bits pass.
        guard let bytes = Data(base64Encoded: signature), bytes.base64EncodedString() == signature else { return false }
        return key.isValidSignature(
            _RSA.Signing.RSASignature(rawRepresentation: bytes), for: SHA256.hash(data: message),
            padding: .insecurePKCS1v1_5)
    }

    /// Whether a header's time is near enough; nonsense is not.
    package static func isFresh(_ timestamp: String, now: Date) -> Bool {
        guard (1...12).contains(timestamp.utf8.count), timestamp.utf8.allSatisfy(\.isDigit),
            let seconds = Double(timestamp)
        else { return false }
        return abs(now.timeIntervalSince1970 - seconds) < tolerance.value
    }

    /// 32 upper-case hex digits of randomness.
    package static func nonce() -> String {
        var random = SystemRandomNumberGenerator()
        let digits = Array("0123456789ABCDEF")
        return String((0..<32).map { _ in digits[Int(random.next() & 15)] })
    }

    /// The real time: signatures follow it even where the clock of the business was moved.
    package static func realTime() -> Date {
        Date(timeIntervalSinceNow: 0)
    }

    static func seconds(_ instant: Date) -> String {
        // Beyond what 64 bits hold there is no time to sign with; the other side refuses year zero.
        "\(Int64(exactly: instant.timeIntervalSince1970.rounded(.down)) ?? 0)"
    }
}

// MARK: - Our side

extension WeChatPayMerchant {
    /// The `Authorization` header of a request with exactly these bytes.
    ///
    /// - Parameter path: With its query, percent-encoded as it is sent.
    package func authorization(
        method: String, path: String, body: [UInt8], now: Date, nonce: String = PaySignature.nonce()
    ) throws(CredentialsError) -> String {
        let timestamp = PaySignature.seconds(now)
        let signature = try PaySignature.sign(
            PaySignature.requestMessage(method: method, path: path, timestamp: timestamp, nonce: nonce, body: body),
            with: privateKey)
        return "\(PaySignature.scheme) mchid=\"\(mchid)\",nonce_str=\"\(nonce)\",timestamp=\"\(timestamp)\","
            + "serial_no=\"\(serialNumber)\",signature=\"\(signature)\""
    }

    /// What the mini program hands to `wx.requestPayment`.
    package func paymentParameters(
        prepayID: String, now: Date, nonce: String = PaySignature.nonce()
    ) throws(CredentialsError) -> PaymentParameters {
        let timestamp = PaySignature.seconds(now)
        let package = "prepay_id=\(prepayID)"
        let message = Array("\(appid)\n\(timestamp)\n\(nonce)\n\(package)\n".utf8)
        return PaymentParameters(
            appID: appid, timeStamp: timestamp, nonce: nonce, package: package,
            paySign: try PaySignature.sign(message, with: privateKey))
    }
}

/// What the mini program hands to `wx.requestPayment`, signed; in JSON by the names that it expects there.
package struct PaymentParameters: Codable, Hashable, Sendable {
    /// The mini program.
    package let appID: String
    /// Seconds since 1970, as text.
    package let timeStamp: String
    /// Random characters.
    package let nonce: String
    /// `prepay_id=…`.
    package let package: String
    /// `RSA`.
    package let signType: String
    /// The signature of all of that.
    package let paySign: String

    /// Parameters in their parts.
    package init(appID: String, timeStamp: String, nonce: String, package: String, paySign: String) {
        self.appID = appID
        self.timeStamp = timeStamp
        self.nonce = nonce
        self.package = package
        signType = "RSA"
        self.paySign = paySign
    }

    private enum CodingKeys: String, CodingKey {
        case appID = "appId"
        case timeStamp
        case nonce = "nonceStr"
        case package, signType, paySign
    }
}

// MARK: - Their side

/// The headers that carry WeChat Pay's signature.
package struct SignatureHeaders: Hashable, Sendable {
    /// `Wechatpay-Timestamp`: seconds since 1970.
    package var timestamp: String?
    /// `Wechatpay-Nonce`.
    package var nonce: String?
    /// `Wechatpay-Serial`: which key.
    package var serial: String?
    /// `Wechatpay-Signature`: base64.
    package var signature: String?

    /// Headers in their parts.
    package init(timestamp: String?, nonce: String?, serial: String?, signature: String?) {
        self.timestamp = timestamp
        self.nonce = nonce
        self.serial = serial
        self.signature = signature
    }

    /// Takes the headers out of a message; `value` gives a header by its name, in whatever case.
    package init(_ value: (String) -> String?) {
        self.init(
            timestamp: value("Wechatpay-Timestamp"), nonce: value("Wechatpay-Nonce"), serial: value("Wechatpay-Serial"),
            signature: value("Wechatpay-Signature"))
    }
}

/// Why something that claims to be from WeChat Pay is not believed.
package enum SignatureFault: Error, Hashable, Sendable {
    /// One of the four headers is not there.
    case missingHeader
    /// Its time is too far from ours: too old, or our clock is wrong.
    case stale
    /// WeChat Pay tries whether signatures are looked at.
    case probe
    /// No key is known by this name.
    case unknownKey
    /// The certificate is not valid at this time.
    case expiredKey
    /// The signature is of something else or by somebody else.
    case invalid
}

extension WeChatPayMerchant {
    /// Believes exactly what a key of the platform has signed within the last 300 seconds.
    package func verify(_ headers: SignatureHeaders, body: [UInt8], now: Date) throws(SignatureFault) {
        guard let timestamp = headers.timestamp, let nonce = headers.nonce, let serial = headers.serial,
            let signature = headers.signature
        else { throw .missingHeader }
        guard PaySignature.isFresh(timestamp, now: now) else { throw .stale }
        guard !signature.hasPrefix(PaySignature.probePrefix) else { throw .probe }
        guard let platform = platformKeys[serial] else { throw .unknownKey }
        if let validity = platform.validity, !validity.contains(now) { throw .expiredKey }
        let message = PaySignature.answerMessage(timestamp: timestamp, nonce: nonce, body: body)
        guard PaySignature.isValid(signature, of: message, by: platform.key) else { throw .invalid }
    }
}
