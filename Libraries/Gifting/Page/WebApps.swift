import FoundationEssentials
package import Kernel
package import Keys
package import Postgres

/// A brand's account at WeChat whose web pages ask who somebody is.
package struct WebApp: Hashable, Sendable {
    /// The account.
    package let appid: String
    /// Its secret.
    package let secret: String
    /// Where siyu-gifts is reached from outside: `https://host`.
    package let pageBase: String
    /// Where people are sent to be recognized.
    package let authorizeBase: String
    /// Where their code is exchanged.
    package let apiBase: String

    /// An account in its parts.
    package init(
        appid: String, secret: String, pageBase: String, authorizeBase: String = WebApp.weChatAuthorizeBase,
        apiBase: String = WebApp.weChatAPIBase
    ) {
        self.appid = appid
        self.secret = secret
        self.pageBase = pageBase
        self.authorizeBase = authorizeBase
        self.apiBase = apiBase
    }

    /// WeChat's own.
    package static let weChatAuthorizeBase = "https://open.weixin.qq.com"
    /// WeChat's own.
    package static let weChatAPIBase = "https://api.weixin.qq.com"
}

extension WebApp: CustomStringConvertible, CustomReflectable {
    /// The account, without its secret.
    package var description: String { "WebApp(\(appid))" }
    /// Empty, so that `dump` shows no secret.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The web accounts of brands, their secrets sealed.
package enum WebApps {
    /// Gives a brand its account, or another one.
    ///
    /// - Throws: ``Problem`` for an address or an account that is none, and for a brand that there is not.
    package static func set(_ app: WebApp, brand: ID<Brand>, keys: KeyRing, on tx: Transaction) async throws {
        guard (1...64).contains(app.appid.utf8.count), (1...200).contains(app.secret.utf8.count) else {
            throw Problem.invalid("Name the appid and its secret.", code: "web_app_malformed")
        }
        for base in [app.pageBase, app.authorizeBase, app.apiBase] where !isBase(base) {
            throw Problem.invalid(
                "An address must read like https://host, without a path.", code: "web_app_malformed")
        }
        let sealed = try keys.seal(Array(app.secret.utf8), for: .webApp, context: context(app.appid, brand))
        let now = try await tx.one(GiftStatements.clock())
        guard try await tx.first(WebAppStatements.set(app, sealed: sealed, brand: brand, now: now)) != nil else {
            throw Problem.notFound("There is no such brand.")
        }
    }

    /// The account of a brand; nil if it has none.
    package static func of(_ brand: ID<Brand>, keys: KeyRing, on executor: some Executor) async throws -> WebApp? {
        guard let row = try await executor.first(WebAppStatements.app(of: brand)) else { return nil }
        let secret = try keys.open(row.sealedSecret, for: .webApp, context: context(row.appid, brand))
        return WebApp(
            appid: row.appid, secret: String(decoding: secret, as: UTF8.self), pageBase: row.pageBase,
            authorizeBase: row.authorizeBase, apiBase: row.apiBase)
    }

    private static func context(_ appid: String, _ brand: ID<Brand>) -> [UInt8] { Array("\(brand) \(appid)".utf8) }

    private static func isBase(_ text: String) -> Bool {
        text.utf8.count <= 200
            && text.wholeMatch(of: /https?:\/\/(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?/) != nil
    }
}

extension KeyRing.Purpose {
    /// The secret of a web account.
    fileprivate static let webApp = KeyRing.Purpose("wechat-web-app")
}
