package import Foundation
package import Hooks
package import Kernel
package import Keys
import Policies
package import Postgres

/// Has greetings looked at by whoever a brand names, before anybody else sees them.
///
/// The question is a signed hook (Standard Webhooks) with the greeting alone: no gift, no person. Its answer is its status: 2xx admits, 422
/// does not; anything else, or none within ``patience``, is no answer, and what then happens is the policy `gift.greeting_screening`.
package struct GreetingScreens: Sendable {
    /// How long a giver waits.
    package static let patience = Limit<Duration>(
        .seconds(3), reason: "a person waits for it, and the partner's server behind them")

    private let keys: KeyRing
    private let transport: any HookTransport
    private let allowsLocal: Bool
    private let realTime: @Sendable () -> Date

    /// Screens that are asked by `transport`.
    ///
    /// - Parameters:
    ///   - allowsLocal: Whether this machine may be asked, in development.
    ///   - realTime: For signatures.
    package init(
        keys: KeyRing, transport: any HookTransport, allowsLocal: Bool = false, realTime: @escaping @Sendable () -> Date
    ) {
        self.keys = keys
        self.transport = transport
        self.allowsLocal = allowsLocal
        self.realTime = realTime
    }

    /// Has a greeting looked at; one of a brand without a screen is admitted.
    ///
    /// Outside of every transaction: whoever is asked may take their time.
    ///
    /// - Throws: ``Problem/giftGreetingRefused``; ``Problem/giftGreetingUnseen``.
    package func admit(_ greeting: String, brand: ID<Brand>, on pool: Pool) async throws {
        guard let (url, sealed) = try await pool.first(WishStatements.screen(of: brand)) else { return }
        let text = String(
            decoding: try keys.open(sealed, for: .greetingScreen, context: Self.context(brand)), as: UTF8.self)
        guard let secret = HookSecret(text) else { throw KeysError.unreadable }
        switch try await ask(greeting, at: try HookURL(url, allowsLocal: allowsLocal), secret) {
        case .status(200..<300, _): return
        case .status(422, _): throw Problem.giftGreetingRefused
        case .status, .unreachable, .forbidden, nil:
            let now = try await pool.one(GiftStatements.clock())
            let policy = try await Policies.value(.greetingScreening, brand: brand, at: now, on: pool)
            guard policy.admitWhenUnavailable else { throw Problem.giftGreetingUnseen }
        }
    }

    private struct Question: Encodable {
        let greeting: String
    }

    /// Nil where nobody answered in time.
    private func ask(_ greeting: String, at url: HookURL, _ secret: HookSecret) async throws -> HookAnswer? {
        let id = "\(ID<Question>.mint())"
        let body = Array(try JSONEncoder().encode(Question(greeting: greeting)))
        let timestamp = Int(realTime().timeIntervalSince1970)
        let request = HookRequest(
            url: url,
            headers: [
                ("content-type", "application/json"), ("user-agent", "siyu"), ("webhook-id", id),
                ("webhook-timestamp", "\(timestamp)"),
                (
                    "webhook-signature",
                    StandardWebhook.sign(id: id, timestamp: timestamp, body: body, secret: secret)
                ),
            ], body: body)
        return try await withThrowingTaskGroup(of: HookAnswer?.self) { [transport] group in
            group.addTask { try await transport.post(request) }
            group.addTask {
                try await Task.sleep(for: Self.patience.value)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    // MARK: For operators

    /// Names who looks at a brand's greetings, or somebody else.
    ///
    /// - Returns: The secret that questions are signed with, which is shown once and never again.
    /// - Throws: ``Problem`` for a URL that will not do, and for a brand that there is not.
    package static func set(
        _ url: String, allowsLocal: Bool = false, brand: ID<Brand>, keys: KeyRing, on tx: Transaction
    ) async throws -> HookSecret {
        let url = try HookURL(url, allowsLocal: allowsLocal)
        let secret = HookSecret.generate()
        let sealed = try keys.seal(Array(secret.revealed.utf8), for: .greetingScreen, context: context(brand))
        let now = try await tx.one(GiftStatements.clock())
        guard try await tx.first(WishStatements.setScreen(url.text, sealed: sealed, brand: brand, now: now)) != nil
        else { throw Problem.notFound("There is no such brand.") }
        return secret
    }

    /// From now on nobody looks at a brand's greetings.
    package static func drop(brand: ID<Brand>, on tx: Transaction) async throws {
        try await tx.execute(WishStatements.dropScreen(of: brand))
    }

    private static func context(_ brand: ID<Brand>) -> [UInt8] { Array("\(brand)".utf8) }
}

extension KeyRing.Purpose {
    /// What questions about greetings are signed with.
    fileprivate static let greetingScreen = KeyRing.Purpose("greeting-screen")
}
