import Crypto
import CryptoExtras
import Foundation
import SwiftASN1
import X509

/// A merchant whose keys have been read: signs for it, verifies and decrypts for it.
///
/// Reading an RSA key costs more than signing with it, so keys are read once, here.
package struct WeChatPayMerchant: Sendable {
    /// The merchant's number.
    package let mchid: String
    /// The mini program or official account.
    package let appid: String
    /// Where WeChat Pay answers; no slash at the end.
    package let baseURL: String

    let serialNumber: String
    let privateKey: _RSA.Signing.PrivateKey
    var platformKeys: [String: PlatformKey]
    let apiV3Key: APIv3Key

    /// Reads the keys.
    ///
    /// - Throws: ``CredentialsError`` that names the part which cannot be used.
    package init(_ credentials: MerchantCredentials) throws(CredentialsError) {
        guard (1...32).contains(credentials.mchid.utf8.count), credentials.mchid.utf8.allSatisfy(\.isDigit) else {
            throw CredentialsError("mchid must be the merchant's number, digits only.")
        }
        guard (1...40).contains(credentials.serialNumber.utf8.count),
            credentials.serialNumber.utf8.allSatisfy(\.isHexDigit)
        else { throw CredentialsError("serial_number must be the merchant certificate's serial number in hex.") }
        mchid = credentials.mchid
        appid = credentials.appid
        serialNumber = credentials.serialNumber
        baseURL = try Self.origin(credentials.baseURL)
        apiV3Key = try APIv3Key(credentials.apiV3Key)
        do {
            privateKey = try _RSA.Signing.PrivateKey(pemRepresentation: credentials.privateKeyPEM)
        } catch {
            throw CredentialsError("private_key_pem must be the PEM of an RSA private key of 2048 bits or more.")
        }
        var keys: [String: PlatformKey] = [:]
        for (id, pem) in credentials.platformKeys { keys[id] = try PlatformKey(id: id, pem: pem) }
        platformKeys = keys
    }

    /// Scheme, host and port: requests are signed with their path, so the path must be ours.
    private static func origin(_ text: String) throws(CredentialsError) -> String {
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let url = URL(string: trimmed), let scheme = url.scheme?.lowercased(),
            scheme == "https" || scheme == "http", let host = url.host(), !host.isEmpty, url.path().isEmpty,
            url.query() == nil, url.user() == nil, url.fragment() == nil
        else { throw CredentialsError("base_url must be an http(s) address without a path.") }
        return trimmed
    }

    /// The public key by which answers should be signed, if the merchant uses one: the newest by its id.
    var preferredPublicKeyID: String? {
        platformKeys.keys.filter { $0.hasPrefix(PlatformKey.publicKeyPrefix) }.max()
    }
}

extension WeChatPayMerchant: CustomStringConvertible, CustomReflectable {
    /// The merchant's number, and nothing that is secret.
    package var description: String { "WeChatPayMerchant(\(mchid))" }
    /// Empty, so that `dump` shows no key.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A key by which WeChat Pay signs.
struct PlatformKey: Sendable {
    static let publicKeyPrefix = "PUB_KEY_ID_"

    let key: _RSA.Signing.PublicKey
    /// A certificate is valid for a time; a bare public key until it is taken away.
    let validity: ClosedRange<Date>?

    init(id: String, pem: String) throws(CredentialsError) {
        if id.hasPrefix(Self.publicKeyPrefix) {
            do {
                key = try _RSA.Signing.PublicKey(pemRepresentation: pem)
            } catch {
                throw CredentialsError(
                    "platform_keys: \(id) must be the PEM of an RSA public key of 2048 bits or more.")
            }
            validity = nil
        } else {
            guard let certificate = try? Certificate(pemEncoded: pem),
                let key = _RSA.Signing.PublicKey(certificate.publicKey)
            else { throw CredentialsError("platform_keys: \(id) must be the PEM of a certificate with an RSA key.") }
            guard Self.hex(certificate.serialNumber) == Self.withoutZeros(id.uppercased()) else {
                throw CredentialsError("platform_keys: \(id) is not the serial number of its certificate.")
            }
            guard certificate.notValidBefore <= certificate.notValidAfter else {
                throw CredentialsError("platform_keys: the certificate \(id) ends before it begins.")
            }
            self.key = key
            validity = certificate.notValidBefore...certificate.notValidAfter
        }
    }

    private static func hex(_ serial: Certificate.SerialNumber) -> String {
        let digits = Array("0123456789ABCDEF")
        return withoutZeros(String(serial.bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }))
    }

    /// A number may be written with zeros in front, and DER puts one there to keep it positive.
    private static func withoutZeros(_ hex: String) -> String { String(hex.drop { $0 == "0" }) }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
    var isHexDigit: Bool { isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20) }
}
