public import FoundationEssentials
import Postgres

/// A quota as it counts at present.
public struct JobQuotaStatus: Sendable {
    /// The quota's name.
    public let name: String
    /// How many may run at once; nil for any number.
    public let runningMax: Int?
    /// How fast jobs are let in; nil for as fast as they come.
    public let rate: JobRate?
    /// Whether brands take turns by their weights.
    public let isFair: Bool
    /// How many of its jobs were let in and have not ended, counted up to 10,001.
    public let running: Int
    /// How many wait for it, counted up to 10,001.
    public let waiting: Int
    /// Whether a pause holds all of it.
    public let isPaused: Bool
}

/// A brand's weight in a fair quota.
public struct JobQuotaWeight: Sendable {
    /// The quota.
    public let quota: String
    /// The tenant.
    public let brand: UUID
    /// How many turns it gets where others get one.
    public let weight: Double
}

/// What shall be different about a quota.
public struct JobQuotaChange: Sendable, Hashable {
    /// A bound's new value.
    public enum Bound<Value: Sendable & Hashable>: Sendable, Hashable {
        /// It stays.
        case kept
        /// There is no bound any more.
        case lifted
        /// From now on it is this.
        case set(Value)
    }

    /// How many may run at once; 0 lets nobody in.
    public var runningMax: Bound<Int>
    /// How fast jobs are let in.
    public var rate: Bound<JobRate>
    /// Whether brands take turns by their weights; nil for as it is.
    public var isFair: Bool?
    /// New weights of brands: more than 0, 1,000 at most; 1 is what every brand has.
    public var weights: [UUID: Double]

    /// No change but what is named.
    public init(
        runningMax: Bound<Int> = .kept, rate: Bound<JobRate> = .kept, isFair: Bool? = nil, weights: [UUID: Double] = [:]
    ) {
        self.runningMax = runningMax
        self.rate = rate
        self.isFair = isFair
        self.weights = weights
    }
}

extension JobQueue {
    /// The most that a quota may let run at once: more is no bound.
    private static let runningMaxLimit = 1_000_000
    /// The largest burst: more is no rate.
    private static let burstMax = 1_000_000
    /// The heaviest weight of a brand.
    private static let weightMax = 1_000.0

    /// All quotas, by name.
    public func quotas() async throws -> [JobQuotaStatus] {
        try await looking { try await $0.run(QuotaStatements.quotas(name: nil)) }
    }

    /// Quotas in parts, by name.
    ///
    /// - Parameters:
    ///   - name: The last name of the part before; empty for the first one.
    ///   - limit: How many at most, up to 1,000.
    public func quotas(after name: String, limit: Int) async throws -> [JobQuotaStatus] {
        try await looking {
            try await $0.run(QuotaStatements.quotas(name: nil, after: name, limit: Int32(min(max(limit, 0), 1_000))))
        }
    }

    /// The names of quotas, the first 1,000.
    public func quotaNames() async throws -> [String] {
        try await looking { try await $0.run(QuotaStatements.names()) }
    }

    /// The weights of brands that are not 1, among the first 10,000 brands.
    public func quotaWeights() async throws -> [JobQuotaWeight] {
        try await looking { try await $0.run(QuotaStatements.weights()) }
    }

    /// Changes a quota, from the next admission on; jobs that were let in are not taken back.
    ///
    /// What an operator sets here counts, whatever the programs declare.
    public func setQuota(
        _ name: String, _ change: JobQuotaChange, author: String, reason: String
    ) async throws -> JobQuotaStatus {
        let act = try JobAct(author: author, reason: reason)
        try Self.check(change)
        try await pool.transaction { transaction in
            guard let quota = try await transaction.first(JobStatements.quotaID(name)) else {
                throw JobError.unknownQuota(name)
            }
            try await transaction.execute(QuotaStatements.set(quota, change))
            for (brand, weight) in change.weights.sorted(by: { $0.key < $1.key }) {
                try await transaction.execute(QuotaStatements.setWeight(quota, brand: brand, weight: weight))
            }
            try await transaction.execute(
                AdminStatements.note(act, "quota", "\(name): \(Self.words(for: change))", jobs: 0))
        }
        try await wakeAll()
        return try await looking { try await $0.one(QuotaStatements.quotas(name: name)) }
    }

    private static func check(_ change: JobQuotaChange) throws(JobError) {
        guard change != JobQuotaChange() else { throw .refused("Name what shall be different about the quota.") }
        if case .set(let most) = change.runningMax, !(0...runningMaxLimit).contains(most) {
            throw .refused("A quota lets 0 to \(runningMaxLimit) jobs run at once.")
        }
        if case .set(let rate) = change.rate, rate.burst > burstMax || rate.interval < .microseconds(1) {
            throw .refused("A rate has a burst of 1 to \(burstMax), and a microsecond at least from job to job.")
        }
        for weight in change.weights.values where !(weight > 0 && weight <= weightMax) {
            throw .refused("A weight is more than 0 and at most \(Int(weightMax)).")
        }
    }

    private static func words(for change: JobQuotaChange) -> String {
        var words: [String] = []
        switch change.runningMax {
        case .kept: break
        case .lifted: words.append("any number at once")
        case .set(let most): words.append("\(most) at once")
        }
        switch change.rate {
        case .kept: break
        case .lifted: words.append("at any rate")
        case .set(let rate): words.append("one each \(rate.interval), \(rate.burst) at once after a rest")
        }
        if let isFair = change.isFair { words.append(isFair ? "brands take turns" : "by age") }
        words += change.weights.sorted { $0.key < $1.key }.map {
            "brand \($0.key.uuidString.lowercased()) weighs \($0.value)"
        }
        return words.joined(separator: ", ")
    }
}
