package import Foundation
import Crypto
import Keys
package import Kernel

/// Standard Webhooks: how a hook is signed, and how a signature is checked.
///
/// The content that is signed is `id.timestamp.body`; the header lists `v1,` and the base64 of HMAC-SHA256, one entry for each secret.
package enum StandardWebhook {
    /// How far a timestamp may be from now, either way: as Standard Webhooks recommends.
    package static let tolerance: TimeInterval = 300
    /// The longest `webhook-id`; it is kept with the answer.
    package static let idLengthMax = 255
    /// The longest `webhook-signature`: some twenty entries, where two are usual.
    package static let signatureLengthMax = 1_024
    /// Digits of a timestamp, enough until the year 5138; more would only test the arithmetic.
    private static let timestampDigitsMax = 11
    private static let version = "v1,"

    /// The signature of a delivery with one secret, as an entry of the header.
    ///
    /// - Parameter timestamp: Seconds since 1970, of this attempt.
    package static func sign(id: String, timestamp: Int, body: [UInt8], secret: HookSecret) -> String {
        let code = secret.signature.code(of: content(id: id, timestamp: "\(timestamp)", body: body))
        return version + Data(code).base64EncodedString()
    }

    /// Checks a delivery's three headers against its origin's secrets.
    ///
    /// Any entry that one of the valid secrets made is enough. The comparison takes the same time for every signature.
    ///
    /// - Parameters:
    ///   - origin: Nil for a name that nobody has: refused like a wrong signature, so that names cannot be probed.
    ///   - now: Real time, not the clock of the business.
    /// - Returns: The delivery's id.
    /// - Throws: ``Problem`` 401 ``HookCode/badSignature`` or ``HookCode/staleTimestamp``; never a trap, whatever the headers.
    package static func verify(
        id: String?, timestamp: String?, signature: String?, body: [UInt8], origin: HookOrigin?, now: Date
    ) throws(Problem) -> String {
        guard let id, isID(id), let timestamp, let seconds = seconds(timestamp), let signature,
            signature.utf8.count <= signatureLengthMax
        else { throw .badSignature }
        let signed = content(id: id, timestamp: timestamp, body: body)
        let codes = signature.split(separator: " ").compactMap(code)
        let secrets = (origin?.secrets ?? []).filter { $0.validUntil.map { now < $0 } ?? true }
        let isSigned = secrets.contains { secret in
            let expected = secret.signature.code(of: signed)
            // `==` of an authentication code compares in constant time.
            return codes.contains { expected == $0 }
        }
        guard isSigned else { throw .badSignature }
        guard abs(now.timeIntervalSince1970 - TimeInterval(seconds)) <= tolerance else { throw .staleTimestamp }
        return id
    }

    /// Printable ASCII without a dot: a dot would let the parts of the signed content be cut elsewhere.
    private static func isID(_ id: String) -> Bool {
        (1...idLengthMax).contains(id.utf8.count)
            && id.utf8.allSatisfy { (0x21..<0x7F).contains($0) && $0 != UInt8(ascii: ".") }
    }

    /// Plain digits only: no sign, no space, no fraction.
    private static func seconds(_ text: String) -> Int? {
        let isDigits = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isDigits, text.utf8.count <= timestampDigitsMax else { return nil }
        return Int(text)
    }

    /// The code of a `v1` entry; nil for other versions and for what is damaged.
    private static func code(_ entry: Substring) -> Data? {
        guard entry.hasPrefix(version) else { return nil }
        return Data(base64Encoded: String(entry.dropFirst(version.count)))
    }

    private static func content(id: String, timestamp: String, body: [UInt8]) -> [UInt8] {
        let dot = UInt8(ascii: ".")
        var content: [UInt8] = []
        content.reserveCapacity(id.utf8.count + timestamp.utf8.count + body.count + 2)
        content += id.utf8
        content.append(dot)
        content += timestamp.utf8
        content.append(dot)
        content += body
        return content
    }
}

/// The codes of refused hooks.
package enum HookCode {
    /// No valid signature of the source that the path names.
    package static let badSignature = "bad_signature"
    /// Signed, but more than five minutes away from now.
    package static let staleTimestamp = "stale_timestamp"
    /// Signed by its source, whose secret is for other hooks.
    package static let purposeMissing = "purpose_missing"
}

extension Problem {
    static let badSignature = Problem(
        status: 401, code: HookCode.badSignature, title: "Unauthorized",
        detail: "The hook is not signed by the source that its path names: webhook-id, webhook-timestamp and "
            + "webhook-signature are needed, as Standard Webhooks says, over the body as it was sent.")

    static let staleTimestamp = Problem(
        status: 401, code: HookCode.staleTimestamp, title: "Unauthorized",
        detail:
            "The webhook-timestamp is more than five minutes away from now: sign each attempt anew and check the clock."
    )
}
