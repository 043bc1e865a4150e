package import Foundation
package import Kernel
package import Keys
package import Postgres

/// A pause in force, as people read it: whose it is stands there as a digest.
package struct ListedPause: Hashable, Sendable {
    /// Whose tries were counted.
    package let scope: LimitScope
    /// The digest of whoever has to pause, by which it can be named.
    package let digest: LimitDigest
    /// When it ends by itself; real time.
    package let until: Date
    /// How often there was a pause, this one counted.
    package let pauses: Int32
    /// Wrong tries since the last right one.
    package let inARow: Int32
}

/// A pause that somebody ended before its time.
package struct LiftedPause: Hashable, Sendable {
    /// Which lift.
    package let id: ID<LimitLift>
    /// Whose tries were counted.
    package let scope: LimitScope
    /// The digest of whoever had to pause.
    package let digest: LimitDigest
    /// When it would have ended.
    package let until: Date
    /// Wrong tries in a row that were forgiven with it.
    package let inARow: Int32
    /// Pauses that were forgiven with it: the next one is as short as a first one.
    package let pauses: Int32
    /// Who did it.
    package let author: String
    /// Why.
    package let reason: String
    /// When; real time.
    package let liftedAt: Date
}

/// Somebody whose tries are counted, as the table knows them.
package struct LimitDigest: Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads 32 hex digits; nil for anything else.
    package init?(_ text: String) {
        let digits = Array(text.utf8)
        guard digits.count == BlindSubject.length * 2 else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { place in
            UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16)
        }
        // A sign is no digit, though a number may begin with one.
        guard bytes.count == BlindSubject.length, !digits.contains(UInt8(ascii: "+")) else { return nil }
        self.bytes = bytes
    }

    /// 32 hex digits.
    package var description: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}

/// Ending pauses by hand, and looking at them.
package enum LimitLifts {
    /// Who is meant: by name, or as a list shows them.
    package enum Target: Sendable {
        /// Somebody whose name is known.
        case subject(LimitSubject)
        /// Somebody who stands in ``LimitLifts/pauses(of:brand:limit:on:)``.
        case listed(LimitScope, LimitDigest, ID<Brand>)

        func blind(_ keys: KeyRing?) -> BlindSubject? {
            switch self {
            case .subject(let subject): keys.map { subject.blind($0) }
            case .listed(let scope, let digest, let brand):
                BlindSubject(scope: scope, brand: brand, bytes: digest.bytes)
            }
        }
    }

    private static let authorMax = 100
    private static let reasonMax = 500

    /// Ends a pause, forgives what led to it, and writes down who did it and why.
    ///
    /// Processes hear of it with their next exchange. Of two who lift the same pause one does.
    ///
    /// - Parameter keys: Needed for somebody who is named.
    /// - Throws: ``Problem`` for words that are missing or too long, and where nobody has to pause; `PostgresError`.
    package static func lift(
        _ target: Target, author: String, reason: String, keys: KeyRing?, on db: some Executor
    ) async throws -> LiftedPause {
        guard (1...authorMax).contains(author.count), (1...reasonMax).contains(reason.count) else {
            throw Problem.invalid(
                "A lift has an author of 1 to \(authorMax) characters and a reason of 1 to \(reasonMax).")
        }
        guard let blind = target.blind(keys) else { throw Problem.invalid("Who is named needs the master keys.") }
        let statement = LimitLiftStatements.lift(blind, id: .mint(), author: author, reason: reason)
        guard let lifted = try await db.first(statement) else {
            throw Problem.conflict(
                "There is no such pause, or it is over: `siyu limits list` shows those that count.", code: "not_paused")
        }
        return lifted
    }

    /// The pauses of a brand in force, those that last longest first.
    ///
    /// A process brings its own once a second, a thousand at a time.
    package static func pauses(
        of scope: LimitScope? = nil, brand: ID<Brand>, limit: Int, on db: some Executor
    ) async throws(PostgresError) -> [ListedPause] {
        try await db.run(LimitLiftStatements.pauses(of: scope, brand: brand, limit: limit))
    }

    /// The pauses of a brand that were ended by hand, newest first.
    package static func history(
        brand: ID<Brand>, limit: Int, on db: some Executor
    ) async throws(PostgresError) -> [LiftedPause] {
        try await db.run(LimitLiftStatements.history(brand: brand, limit: limit))
    }
}
