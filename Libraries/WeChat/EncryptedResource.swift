import Crypto
import Foundation

/// The key of everything that WeChat Pay encrypts for a merchant: 32 ASCII characters, used as they are.
package struct APIv3Key: Sendable {
    private let key: SymmetricKey

    /// Reads the key.
    package init(_ text: String) throws(CredentialsError) {
        guard text.utf8.count == 32, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw CredentialsError("api_v3_key must be 32 visible ASCII characters.")
        }
        key = SymmetricKey(data: Array(text.utf8))
    }

    /// Decrypts; nil for whatever is damaged, of another key or not encrypted in this way at all.
    package func open(_ resource: EncryptedResource) -> [UInt8]? {
        guard resource.algorithm == EncryptedResource.algorithm,
            resource.nonce.utf8.count == EncryptedResource.nonceBytes,
            let sealed = Data(base64Encoded: resource.ciphertext), sealed.count >= EncryptedResource.tagBytes,
            let nonce = try? AES.GCM.Nonce(data: Array(resource.nonce.utf8)),
            let box = try? AES.GCM.SealedBox(
                nonce: nonce, ciphertext: sealed.dropLast(EncryptedResource.tagBytes),
                tag: sealed.suffix(EncryptedResource.tagBytes)),
            let plaintext = try? AES.GCM.open(box, using: key, authenticating: Array(resource.associatedData.utf8))
        else { return nil }
        return Array(plaintext)
    }

    /// Encrypts as WeChat Pay does; nil if `nonce` is not 12 ASCII characters.
    package func seal(
        _ plaintext: [UInt8], nonce: String, associatedData: String, originalType: String? = nil
    ) -> EncryptedResource? {
        guard nonce.utf8.count == EncryptedResource.nonceBytes,
            let aesNonce = try? AES.GCM.Nonce(data: Array(nonce.utf8)),
            let box = try? AES.GCM.seal(
                plaintext, using: key, nonce: aesNonce, authenticating: Array(associatedData.utf8))
        else { return nil }
        return EncryptedResource(
            ciphertext: (box.ciphertext + box.tag).base64EncodedString(), nonce: nonce,
            associatedData: associatedData, originalType: originalType)
    }
}

/// The encrypted part of a notification or of a certificate list, as it stands in JSON.
package struct EncryptedResource: Codable, Hashable, Sendable {
    static let algorithm = "AEAD_AES_256_GCM"
    static let nonceBytes = 12
    static let tagBytes = 16

    /// `AEAD_AES_256_GCM`; there is no other.
    package let algorithm: String
    /// Base64 of ciphertext and tag.
    package let ciphertext: String
    /// 12 ASCII characters.
    package let nonce: String
    /// Authenticated with the ciphertext; may be empty, and may be missing in JSON.
    package let associatedData: String
    /// What is inside, for instance `transaction`.
    package let originalType: String?

    /// A resource in its parts.
    package init(
        algorithm: String = "AEAD_AES_256_GCM", ciphertext: String, nonce: String, associatedData: String,
        originalType: String? = nil
    ) {
        self.algorithm = algorithm
        self.ciphertext = ciphertext
        self.nonce = nonce
        self.associatedData = associatedData
        self.originalType = originalType
    }

    private enum CodingKeys: String, CodingKey {
        case algorithm, ciphertext, nonce
        case associatedData = "associated_data"
        case originalType = "original_type"
    }

    /// Reads JSON.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        algorithm = try container.decode(String.self, forKey: .algorithm)
        ciphertext = try container.decode(String.self, forKey: .ciphertext)
        nonce = try container.decode(String.self, forKey: .nonce)
        associatedData = try container.decodeIfPresent(String.self, forKey: .associatedData) ?? ""
        originalType = try container.decodeIfPresent(String.self, forKey: .originalType)
    }
}
