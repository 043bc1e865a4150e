import Crypto
import CryptoExtras
import Foundation

extension WeChatPayMerchant {
    /// What RSA-OAEP with SHA-1 and a key of 2048 bits can hold.
    package static let sensitiveBytesMax = 214

    /// Encrypts a name or a card number for WeChat Pay, which asks for that in some fields; nil if it is too long.
    ///
    /// - Parameter key: The PEM of WeChat Pay's public key.
    package static func sealSensitive(_ text: String, publicKeyPEM key: String) -> String? {
        guard text.utf8.count <= sensitiveBytesMax,
            let key = try? _RSA.Encryption.PublicKey(pemRepresentation: key),
            let sealed = try? key.encrypt(Array(text.utf8), padding: .PKCS1_OAEP)
        else { return nil }
        return sealed.base64EncodedString()
    }

    /// Decrypts such a field of an answer with the merchant's key; nil for whatever is not one.
    package func openSensitive(_ base64: String) -> String? {
        guard let sealed = Data(base64Encoded: base64),
            let key = try? _RSA.Encryption.PrivateKey(derRepresentation: privateKey.derRepresentation),
            let plaintext = try? key.decrypt(sealed, padding: .PKCS1_OAEP)
        else { return nil }
        return String(bytes: plaintext, encoding: .utf8)
    }
}
