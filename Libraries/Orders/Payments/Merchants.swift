package import AsyncHTTPClient
package import Foundation
package import Kernel
package import Keys
package import Postgres
import Synchronization
package import WeChat

/// A WeChat Pay merchant of a brand, without its secrets.
package struct MerchantRecord: Hashable, Sendable {
    /// The merchant's number at WeChat Pay.
    package let mchid: String
    /// What its notifications are filed under in the inbox.
    package let source: ID<HookSource>
    /// Whose merchant it is.
    package let brand: ID<Brand>
    /// The mini program or official account whose openids pay.
    package let appid: String
    /// Where WeChat Pay answers.
    package let baseURL: String
    /// Where siyu-ingest is reached from outside, without a path.
    package let notifyBase: String
    /// When it was first added.
    package let createdAt: Date
    /// When its credentials last changed.
    package let updatedAt: Date

    /// Where WeChat Pay reports payments and refunds.
    package var notifyURL: String { "\(notifyBase)/wechat/pay/\(mchid)/notify" }
}

/// Who stands at the other end for a merchant, and where they report to.
package protocol PaymentProviders: Sendable {
    /// The provider of a brand's merchant; nil if the brand has none of that number.
    func provider(
        of mchid: String, brand: ID<Brand>
    ) async throws -> (provider: any PaymentProvider, notifyURL: String)?
}

/// The merchants of all brands: their credentials lie sealed in the database and are opened here.
///
/// Reading an RSA key costs more than looking up a row, so opened merchants are kept until their row changes.
package final class Merchants: PaymentProviders, PayoutProviders {
    /// A merchant with the keys that sign for it and verify what comes for it.
    package struct Opened: Sendable {
        /// What the database says of it.
        package let record: MerchantRecord
        /// Its keys.
        package let merchant: WeChatPayMerchant
    }

    private let pool: Pool
    private let keys: KeyRing
    private let http: HTTPClient
    private let opened = Mutex<[String: Opened]>([:])

    /// Merchants of the database of `pool`.
    ///
    /// - Parameter http: For calls to WeChat Pay; its configuration should be `WeChatPayClient.httpConfiguration`.
    package init(pool: Pool, keys: KeyRing, http: HTTPClient = .shared) {
        self.pool = pool
        self.keys = keys
        self.http = http
    }

    /// The merchant of a number, of whatever brand; nil if there is none.
    package func merchant(_ mchid: String) async throws -> Opened? {
        guard let (record, sealed) = try await pool.first(MerchantStatements.merchant(mchid)) else { return nil }
        if let known = opened.withLock({ $0[mchid] }), known.record == record { return known }
        let json = try keys.open(sealed, for: .merchant, context: Self.context(mchid, record.brand))
        let credentials = try JSONDecoder().decode(MerchantCredentials.self, from: Data(json))
        let fresh = Opened(record: record, merchant: try WeChatPayMerchant(credentials))
        opened.withLock { $0[mchid] = fresh }
        return fresh
    }

    /// A client that calls WeChat Pay for a merchant of the brand.
    package func provider(
        of mchid: String, brand: ID<Brand>
    ) async throws -> (provider: any PaymentProvider, notifyURL: String)? {
        guard let known = try await merchant(mchid), known.record.brand == brand else { return nil }
        return (WeChatPayClient(merchant: known.merchant, http: http), known.record.notifyURL)
    }

    /// A client that pays out for a merchant of the brand.
    package func payoutProvider(
        of mchid: String, brand: ID<Brand>
    ) async throws -> (provider: any PayoutProvider, notifyURL: String)? {
        guard let known = try await merchant(mchid), known.record.brand == brand else { return nil }
        return (WeChatPayClient(merchant: known.merchant, http: http), known.record.notifyURL)
    }

    /// Adds a merchant to a brand, or changes the credentials of one that it has.
    ///
    /// - Parameter notifyBase: Where siyu-ingest is reached from outside: `https://host`, without a path.
    /// - Throws: ``Problem`` if the credentials cannot be used, or the merchant belongs to another brand.
    package static func add(
        _ credentials: MerchantCredentials, notifyBase: String, brand: ID<Brand>, keys: KeyRing, now: Date,
        on tx: Transaction
    ) async throws -> MerchantRecord {
        do {
            _ = try WeChatPayMerchant(credentials)
        } catch {
            throw Problem.invalid(error.description, code: "merchant_malformed")
        }
        guard let url = URL(string: notifyBase), ["http", "https"].contains(url.scheme), url.host()?.isEmpty == false,
            url.path().isEmpty, url.query() == nil
        else {
            throw Problem.invalid(
                "The address for notifications must read like https://host, without a path.", code: "merchant_malformed"
            )
        }
        let sealed = try keys.seal(
            Array(JSONEncoder().encode(credentials)), for: .merchant, context: context(credentials.mchid, brand))
        let added = try await tx.first(
            MerchantStatements.add(
                credentials, source: .mint(), notifyBase: notifyBase, sealed: sealed, brand: brand, now: now))
        guard let added else {
            throw Problem.conflict(
                "The merchant \(credentials.mchid) belongs to another brand, or there is no such brand.",
                code: "merchant_taken")
        }
        return added
    }

    /// The merchants of a brand, oldest first: new payments go to the first.
    package static func list(of brand: ID<Brand>, on executor: some Executor) async throws -> [MerchantRecord] {
        try await executor.run(MerchantStatements.merchants(of: brand))
    }

    /// What binds sealed credentials to their row.
    private static func context(_ mchid: String, _ brand: ID<Brand>) -> [UInt8] { Array("\(brand) \(mchid)".utf8) }
}

extension KeyRing.Purpose {
    /// Credentials of a WeChat Pay merchant.
    fileprivate static let merchant = KeyRing.Purpose("wechat-merchant")
}
