package import Foundation
package import Kernel
package import Keys
package import Postgres
import Synchronization

/// Who sends a hook: a source with the secrets that are valid at the moment.
package struct HookOrigin: Sendable, Hashable {
    /// The name in the path.
    package let name: String
    /// The source's id, by which its deliveries are kept.
    package let id: ID<HookSource>
    /// The tenant.
    package let brand: ID<Brand>
    /// The only shop it speaks for; nil for the whole brand.
    package let shop: ID<Shop>?
    /// What its secrets are for.
    package let purposes: Set<HookPurpose>
    /// Newest first; two while one is being replaced.
    package let secrets: [HookSecret]

    /// An origin in its parts; for nothing, unless it is said what for.
    package init(
        name: String, id: ID<HookSource>, brand: ID<Brand>, shop: ID<Shop>? = nil, purposes: Set<HookPurpose> = [],
        secrets: [HookSecret]
    ) {
        self.name = name
        self.id = id
        self.brand = brand
        self.shop = shop
        self.purposes = purposes
        self.secrets = secrets
    }
}

/// The sources of hooks by name, from memory: refreshed at most once a second, so that a flood of forged hooks costs the database
/// nothing.
///
/// Names that nobody has are known as such just as long. Within a second of the last look nothing is asked; in the second after that
/// known names are still answered from memory while one task asks behind them; later everybody waits for the answer.
package final class HookOrigins: Sendable {
    /// By name; a failure for a source none of whose secrets opens.
    private typealias Origins = [String: Result<HookOrigin, KeysError>]

    private struct State {
        var origins: Origins = [:]
        var loadedAt: ContinuousClock.Instant?
        var askedAt: ContinuousClock.Instant?
        var refresh: Task<Origins, any Error>?
    }

    private enum Step {
        case answer(Result<HookOrigin, KeysError>?)
        case wait(Task<Origins, any Error>)
        case unavailable
    }

    /// How long memory is not questioned.
    private static let fresh: Duration = .seconds(1)
    /// How long memory still answers while it is being refreshed.
    private static let usable: Duration = .seconds(2)

    private let pool: Pool
    private let keys: KeyRing
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// Sources as the database has them, with secrets sealed by `keys`.
    ///
    /// - Parameter clock: Tells how old memory is; tests bring their own.
    package init(
        pool: Pool, keys: KeyRing, clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.pool = pool
        self.keys = keys
        self.clock = clock
    }

    /// The source with this name; nil if there is none.
    ///
    /// - Throws: `PostgresError` when the sources cannot be read, ``Problem`` 503 in the second after that; `KeysError` when none of this
    ///   source's secrets opens.
    package func origin(named name: String) async throws -> HookOrigin? {
        switch step(name, at: clock()) {
        case .answer(let origin): return try origin?.get()
        case .wait(let refresh): return try await refresh.value[name]?.get()
        case .unavailable: throw Problem.unavailable()
        }
    }

    /// Checks a hook and makes it a delivery: what the routes call, each for its own purpose.
    ///
    /// - Parameters:
    ///   - purpose: What the source must be for.
    ///   - now: Real time.
    /// - Throws: ``Problem`` 401 as ``StandardWebhook/verify(id:timestamp:signature:body:origin:now:)``, and only then 403
    ///   ``HookCode/purposeMissing``; what ``origin(named:)`` throws.
    package func delivery(
        for purpose: HookPurpose, from name: String, id: String?, timestamp: String?, signature: String?, body: [UInt8],
        now: Date
    ) async throws -> Delivery {
        let origin = try await origin(named: name)
        let id = try StandardWebhook.verify(
            id: id, timestamp: timestamp, signature: signature, body: body, origin: origin, now: now)
        // A hook without an origin has no valid signature.
        guard let origin else { throw Problem.badSignature }
        guard origin.purposes.contains(purpose) else { throw Problem.purposeMissing(purpose) }
        return Delivery(source: origin.id, brand: origin.brand, shop: origin.shop, id: id, body: body)
    }

    private func step(_ name: String, at now: ContinuousClock.Instant) -> Step {
        state.withLock { state in
            let age = state.loadedAt.map { now - $0 }
            if let age, age < Self.fresh { return .answer(state.origins[name]) }
            if state.refresh == nil, state.askedAt.map({ now - $0 >= Self.fresh }) ?? true {
                state.askedAt = now
                state.refresh = Task { try await self.load() }
            }
            if let age, age < Self.usable, let known = state.origins[name] { return .answer(known) }
            return state.refresh.map { .wait($0) } ?? .unavailable
        }
    }

    private func load() async throws -> Origins {
        do {
            let origins = try await read()
            state.withLock { state in
                state.origins = origins
                state.loadedAt = clock()
                state.refresh = nil
            }
            return origins
        } catch {
            state.withLock { $0.refresh = nil }
            throw error
        }
    }

    /// A secret that does not open, of a master key that is gone perhaps, stops its own source at most.
    private func read() async throws -> Origins {
        var origins: Origins = [:]
        for row in try await pool.run(HookSourceStatements.origins()) {
            let earlier = origins[row.name]
            do throws(KeysError) {
                let bytes = try keys.open(row.sealedSecret, for: .hookSecret, context: row.context)
                let secret = HookSecret(bytes: bytes, validUntil: row.validUntil)
                let newer = (try? earlier?.get())?.secrets ?? []
                origins[row.name] = .success(
                    HookOrigin(
                        name: row.name, id: row.id, brand: row.brand, shop: row.shop, purposes: row.purposes,
                        secrets: newer + [secret]))
            } catch {
                if earlier == nil { origins[row.name] = .failure(error) }
            }
        }
        return origins
    }
}
