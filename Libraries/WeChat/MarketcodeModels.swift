import Foundation

/// What a brand's service account needs to speak with WeChat about 一物一碼, as text: the content of a `marketcode.json`.
///
/// It holds secrets: kept sealed, never logged, and described without them.
package struct MarketcodeCredentials: Codable, Hashable, Sendable {
    /// The service account.
    package var appid: String
    /// Its secret.
    package var secret: String
    /// The 16 characters that WeChat sent when it granted the capability: they open its packages of codes.
    package var packageKey: String
    /// Where WeChat answers, without a path: `https://api.weixin.qq.com`.
    package var baseURL: String

    /// Credentials in their parts.
    package init(
        appid: String, secret: String, packageKey: String, baseURL: String = MarketcodeCredentials.weChat
    ) {
        self.appid = appid
        self.secret = secret
        self.packageKey = packageKey
        self.baseURL = baseURL
    }

    /// Where WeChat itself answers.
    package static let weChat = "https://api.weixin.qq.com"

    /// What is wrong with them; nil if nothing is to be seen.
    package var flaw: String? {
        func isName(_ text: String, _ length: ClosedRange<Int>) -> Bool {
            length.contains(text.utf8.count) && text.utf8.allSatisfy { (0x21..<0x7F).contains($0) }
        }
        guard isName(appid, 1...64), isName(secret, 1...128) else {
            return "appid and secret are those of the service account, without spaces."
        }
        guard isName(packageKey, 16...16) else { return "package_key has the 16 characters that WeChat sent." }
        guard let url = URL(string: baseURL), ["http", "https"].contains(url.scheme), url.host()?.isEmpty == false,
            url.path().isEmpty, url.query() == nil, url.fragment() == nil
        else { return "base_url reads like \(Self.weChat), without a path." }
        return nil
    }

    private enum CodingKeys: String, CodingKey {
        case appid, secret
        case packageKey = "package_key"
        case baseURL = "base_url"
    }

    /// Reads credentials; without `base_url` WeChat itself is meant.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            appid: try container.decode(String.self, forKey: .appid),
            secret: try container.decode(String.self, forKey: .secret),
            packageKey: try container.decode(String.self, forKey: .packageKey),
            baseURL: try container.decodeIfPresent(String.self, forKey: .baseURL) ?? Self.weChat)
    }
}

extension MarketcodeCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The service account, and nothing that is secret.
    package var description: String { "MarketcodeCredentials(appid: \(appid), …)" }
    /// The same.
    package var debugDescription: String { description }
    /// Empty, so that `dump` shows no key.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Some codes of an application, as WeChat packs them: both ends are part of it.
package struct MarketcodeChunk: Codable, Hashable, Sendable {
    /// The first code's index.
    package let first: Int64
    /// The last code's index.
    package let last: Int64

    /// Codes from one index to another.
    package init(first: Int64, last: Int64) {
        self.first = first
        self.last = last
    }

    /// How many codes they are; none where the end lies before the beginning.
    package var count: Int64 { last >= first && first >= 0 && last < Int64.max ? last - first + 1 : 0 }
}

/// How an application for codes stands.
package struct MarketcodeApplication: Hashable, Sendable {
    /// WeChat's number of it.
    package let id: String
    /// Our number of it.
    package let ownID: String?
    /// Whether the codes are made.
    package let isFinished: Bool
    /// What can be fetched.
    package let chunks: [MarketcodeChunk]

    /// A standing in its parts.
    package init(id: String, ownID: String?, isFinished: Bool, chunks: [MarketcodeChunk]) {
        self.id = id
        self.ownID = ownID
        self.isFinished = isFinished
        self.chunks = chunks
    }
}

/// What codes are activated for: what whoever scans them gets to see.
package struct MarketcodeActivity: Codable, Hashable, Sendable {
    /// Which mini program opens.
    package enum Version: Int, Codable, Sendable, CaseIterable {
        /// The released one.
        case release
        /// The one in development.
        case develop
        /// The one on trial.
        case trial
    }

    /// The campaign.
    package var name: String
    /// The brand, as shoppers know it.
    package var brand: String
    /// The product.
    package var title: String
    /// The product's EAN.
    package var ean: String
    /// The mini program that opens.
    package var appid: String
    /// Its page.
    package var path: String
    /// Which version of it.
    package var version: Version

    /// An activity in its parts.
    package init(
        name: String, brand: String, title: String, ean: String, appid: String, path: String,
        version: Version = .release
    ) {
        self.name = name
        self.brand = brand
        self.title = title
        self.ean = ean
        self.appid = appid
        self.path = path
        self.version = version
    }
}

/// What WeChat knows of a code.
package struct MarketcodeOfWeChat: Hashable, Sendable {
    /// The nine characters.
    package let code: String
    /// WeChat's number of its application.
    package let applicationID: String
    /// What it is activated for; nil for one that is not.
    package let activity: MarketcodeActivity?
    /// The codes that were activated with it.
    package let activated: MarketcodeChunk?

    /// What is known, in its parts.
    package init(code: String, applicationID: String, activity: MarketcodeActivity?, activated: MarketcodeChunk?) {
        self.code = code
        self.applicationID = applicationID
        self.activity = activity
        self.activated = activated
    }
}
