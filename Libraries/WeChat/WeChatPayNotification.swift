package import Foundation
package import Kernel

/// What WeChat Pay tells us by itself, verified and decrypted.
///
/// The same one may come several times and in any order: ``id`` tells them apart, and states only move forward.
package struct WeChatPayNotification: Sendable {
    /// Tells a repetition from something new.
    package let id: String
    /// For instance `TRANSACTION.SUCCESS`.
    package let eventType: String
    /// What it is about.
    package let content: Content
    /// The decrypted resource; it names people, so it is kept sealed or not at all.
    package let resource: [UInt8]

    /// What a notification is about.
    package enum Content: Hashable, Sendable {
        /// A payment, `TRANSACTION.…`.
        case payment(PaymentResult)
        /// A refund, `REFUND.…`.
        case refund(RefundNotice)
        /// The end of a transfer, `MCHTRANSFER.BILL.FINISHED`.
        case transfer(TransferNotice)
        /// Something that is not read here, by its event type.
        case other(String)
    }

    /// The codes of refusals.
    package enum Code {
        /// Not signed by the platform, or of something else.
        package static let badSignature = "bad_signature"
        /// The signature's time is too far from ours.
        package static let staleTimestamp = "stale_timestamp"
        /// A key that we do not have.
        package static let unknownKey = "unknown_key"
        /// Signed, and yet not what it should be.
        package static let unreadable = "unreadable_notification"
    }

    /// Verifies the signature over the raw bytes, then decrypts, then reads.
    ///
    /// - Parameters:
    ///   - headers: The headers of the request, by ``SignatureHeaders/init(_:)``.
    ///   - body: The raw body, before anything has parsed it.
    ///   - now: The real time.
    /// - Throws: A `Problem` for whatever is not believed (401) or cannot be read (400); never a trap.
    package static func open(
        headers: SignatureHeaders, body: [UInt8], merchant: WeChatPayMerchant, now: Date
    ) throws(Problem) -> WeChatPayNotification {
        do {
            try merchant.verify(headers, body: body, now: now)
        } catch {
            throw Problem(error)
        }
        guard let envelope = try? JSONDecoder().decode(Envelope.self, from: Data(body)) else {
            throw .unreadable("The body is not a notification of WeChat Pay.")
        }
        guard (1...64).contains(envelope.id.utf8.count) else {
            throw .unreadable("The notification's id must have 1 to 64 characters.")
        }
        guard let resource = merchant.apiV3Key.open(envelope.resource) else {
            throw .unreadable("The notification's resource cannot be decrypted with the merchant's APIv3 key.")
        }
        return WeChatPayNotification(
            id: envelope.id, eventType: envelope.eventType,
            content: try content(envelope.eventType, resource, mchid: merchant.mchid), resource: resource)
    }

    /// The same for credentials whose keys have not been read yet, which costs more.
    package static func open(
        headers: SignatureHeaders, body: [UInt8], credentials: MerchantCredentials, now: Date
    ) throws(Problem) -> WeChatPayNotification {
        let merchant: WeChatPayMerchant
        do {
            merchant = try WeChatPayMerchant(credentials)
        } catch {
            throw .internalError
        }
        return try open(headers: headers, body: body, merchant: merchant, now: now)
    }

    private struct Envelope: Decodable {
        let id: String
        let eventType: String
        let resource: EncryptedResource

        private enum CodingKeys: String, CodingKey {
            case id, resource
            case eventType = "event_type"
        }
    }

    private static func content(_ event: String, _ resource: [UInt8], mchid: String) throws(Problem) -> Content {
        let content: (Content, owner: String)
        do {
            let data = Data(resource)
            if event.hasPrefix("TRANSACTION.") {
                let payment = try JSONDecoder().decode(PaymentResult.self, from: data)
                content = (.payment(payment), payment.mchid)
            } else if event.hasPrefix("REFUND.") {
                let refund = try JSONDecoder().decode(RefundNotice.self, from: data)
                content = (.refund(refund), refund.mchid)
            } else if event == "MCHTRANSFER.BILL.FINISHED" {
                let transfer = try JSONDecoder().decode(TransferNotice.self, from: data)
                content = (.transfer(transfer), transfer.mchid)
            } else {
                return .other(event)
            }
        } catch {
            throw .unreadable("The notification's resource is not what its event type says.")
        }
        guard content.owner == mchid else { throw .unreadable("The notification is for another merchant.") }
        return content.0
    }
}

extension WeChatPayNotification: CustomStringConvertible, CustomReflectable {
    /// Its id and type, and nothing of a person.
    package var description: String { "WeChatPayNotification(\(id), \(eventType))" }
    /// Empty, so that `dump` shows nobody.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Problem {
    fileprivate static func unreadable(_ detail: String) -> Problem {
        Problem(status: 400, code: WeChatPayNotification.Code.unreadable, title: "Bad request", detail: detail)
    }

    /// 401: why a notification is not believed.
    package init(_ fault: SignatureFault) {
        let (code, detail): (String, String) =
            switch fault {
            case .missingHeader:
                (
                    WeChatPayNotification.Code.badSignature,
                    "Wechatpay-Timestamp, -Nonce, -Serial and -Signature are all needed."
                )
            case .stale:
                (
                    WeChatPayNotification.Code.staleTimestamp,
                    "Wechatpay-Timestamp must be within 300 seconds of now."
                )
            case .unknownKey:
                (WeChatPayNotification.Code.unknownKey, "Wechatpay-Serial names a key that is not known here.")
            case .expiredKey:
                (WeChatPayNotification.Code.unknownKey, "Wechatpay-Serial names a certificate that is not valid now.")
            // A probe learns what a forger learns.
            case .probe, .invalid: (WeChatPayNotification.Code.badSignature, "Wechatpay-Signature is not valid.")
            }
        self.init(status: 401, code: code, title: "Unauthorized", detail: detail)
    }
}
