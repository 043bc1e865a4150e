public import FoundationEssentials
import Postgres

/// Which jobs a pause holds: those that fit everything that is named.
public struct JobPauseScope: Sendable, Hashable, CustomStringConvertible {
    /// Jobs of this queue.
    public var queue: String?
    /// Jobs of this kind.
    public var kind: String?
    /// Jobs of this tenant.
    public var brand: UUID?
    /// Jobs of this quota: mostly all that calls the same provider.
    public var quota: String?

    /// The jobs that fit everything that is named.
    public init(queue: String? = nil, kind: String? = nil, brand: UUID? = nil, quota: String? = nil) {
        self.queue = queue
        self.kind = kind
        self.brand = brand
        self.quota = quota
    }

    /// All jobs of a queue.
    public static func queue(_ name: String) -> Self { Self(queue: name) }

    /// The scope in words, as the audit has it.
    public var description: String {
        let parts = [
            queue.map { "queue \($0)" }, kind.map { "kind \($0)" },
            brand.map { "brand \($0.uuidString.lowercased())" }, quota.map { "quota \($0)" },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }
}

/// A pause, and what it holds.
public struct JobPause: Sendable, Identifiable {
    /// Its number.
    public let id: Int64
    /// What does not run.
    public let scope: JobPauseScope
    /// Why.
    public let reason: String
    /// Who said so.
    public let author: String
    /// Since when.
    public let pausedAt: Date
    /// Until when, by the database's business clock; nil until somebody resumes it.
    public let until: Date?
    /// How many jobs wait because of it, counted up to 10,001.
    ///
    /// A job that two pauses hold counts in both.
    public let held: Int
    /// Whether there are more.
    public let isCapped: Bool
}

extension JobQueue {
    /// Keeps jobs from being started; those that run go on, and no try is counted against anybody.
    ///
    /// Needs the operator's role, or that of the console.
    ///
    /// - Parameters:
    ///   - scope: Which jobs; at least one of its parts must be named.
    ///   - reason: Why; whoever looks at the queue reads it.
    ///   - author: Who says so.
    ///   - until: When the pause ends by itself, by the database's business clock; nil until somebody resumes it.
    ///   - lasting: The same as a time from now on.
    /// - Returns: The pause's number.
    @discardableResult
    public func pause(
        _ scope: JobPauseScope, reason: String, author: String, until: Date? = nil, lasting: Duration? = nil
    ) async throws -> Int64 {
        let act = try JobAct(author: author, reason: reason)
        guard scope != JobPauseScope() else {
            throw JobError.refused("Name a queue, a kind, a brand or a quota: everything at once cannot be paused.")
        }
        return try await pool.transaction { transaction in
            let numbers = try await ScopeNumbers(scope, on: transaction)
            guard
                let id = try await transaction.first(
                    PauseStatements.pause(numbers, act, until: until, lasting: lasting))
            else {
                throw JobError.refused("The pause would be over already: name a later end, by the business clock.")
            }
            try await transaction.execute(AdminStatements.note(act, "pause", "pause \(id): \(scope)", jobs: 0))
            return id
        }
    }

    /// The pauses that count at present, oldest first.
    public func pauses() async throws -> [JobPause] {
        try await looking { try await $0.run(PauseStatements.pauses()) }
    }

    /// Ends a pause: what it held is due at once, as far as no other pause holds it.
    ///
    /// - Returns: How many jobs it had set aside; nil if there is no such pause, or it is over already.
    @discardableResult
    public func resume(pause id: Int64, author: String, reason: String) async throws -> Int? {
        let act = try JobAct(author: author, reason: reason)
        let freed: Int? = try await pool.transaction { transaction in
            guard let scope = try await transaction.first(PauseStatements.scope(of: id)),
                let freed = try await transaction.first(PauseStatements.resume(id))
            else { return nil }
            try await transaction.execute(
                AdminStatements.note(act, "resume", "pause \(id): \(scope)", jobs: freed))
            return freed
        }
        if freed != nil { try await wakeAll() }
        return freed
    }

    /// Ends all pauses of exactly this scope.
    ///
    /// - Returns: How many pauses were ended, and how many jobs they had set aside.
    @discardableResult
    public func resume(
        _ scope: JobPauseScope, author: String, reason: String
    ) async throws -> (pauses: Int, jobs: Int) {
        let act = try JobAct(author: author, reason: reason)
        let (pauses, jobs) = try await pool.transaction { transaction in
            let numbers = try await ScopeNumbers(scope, on: transaction)
            var pauses = 0
            var jobs = 0
            for id in try await transaction.run(PauseStatements.pauses(of: numbers)) {
                guard let freed = try await transaction.first(PauseStatements.resume(id)) else { continue }
                pauses += 1
                jobs += freed
                try await transaction.execute(
                    AdminStatements.note(act, "resume", "pause \(id): \(scope)", jobs: freed))
            }
            return (pauses, jobs)
        }
        if pauses > 0 { try await wakeAll() }
        return (pauses, jobs)
    }

    /// Jobs of any queue may have become due.
    func wakeAll() async throws {
        for queue in try await pool.run(PauseStatements.workedQueues()) { await wake(queue) }
    }
}

/// A scope by the numbers of its names.
struct ScopeNumbers: Sendable {
    let queue: Int32?
    let kind: Int32?
    let brand: UUID?
    let quota: Int32?

    /// Unknown names are refused: a slip of the finger must not look like a pause.
    init(_ scope: JobPauseScope, on transaction: Transaction) async throws {
        var numbers: (queue: Int32?, kind: Int32?, quota: Int32?)
        if let name = scope.queue {
            numbers.queue = try await transaction.first(JobStatements.queueID(name))
            guard numbers.queue != nil else { throw JobError.unknownQueue(name) }
        }
        if let name = scope.kind {
            numbers.kind = try await transaction.first(JobStatements.kindID(name))
            guard numbers.kind != nil else { throw JobError.unknownKind(name) }
        }
        if let name = scope.quota {
            numbers.quota = try await transaction.first(JobStatements.quotaID(name))
            guard numbers.quota != nil else { throw JobError.unknownQuota(name) }
        }
        (queue, kind, quota) = (numbers.queue, numbers.kind, numbers.quota)
        brand = scope.brand
    }
}
