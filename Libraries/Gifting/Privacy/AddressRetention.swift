import FoundationEssentials
package import Jobs
package import Kernel
import Metrics
import Policies
package import Postgres
package import Vault

/// The job that erases the addresses of a brand which were kept for as long as they may be; siyu-gifts works it.
package struct RetainAddresses: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "privacy.retain_addresses"
    /// The queue of siyu-gifts.
    package static let jobQueue = GiftExpire.jobQueue

    /// Whose addresses.
    package let brand: ID<Brand>

    /// Asks for a brand's addresses to be looked through.
    package init(brand: ID<Brand>) { self.brand = brand }
}

extension PolicyKey where Value == PolicyDuration {
    /// How long after a gift has ended its address is kept.
    static var addressRetention: Self { Self("privacy.address_retention") }
}

/// Addresses are kept until a while after their gifts have ended, and no longer; see the policy `privacy.address_retention`.
///
/// What the recipient replaced, or never used, counts from when it was kept.
package struct AddressRetention: Sendable {
    /// Addresses that one transaction erases: short enough to be in nobody's way.
    package static let slice = 500

    private let queue: JobQueue
    private let vault: Vault
    private let erased = Counter(label: "siyu.privacy.addresses.erased")

    /// Erases from `vault` by jobs of `queue`.
    package init(queue: JobQueue, vault: Vault) {
        self.queue = queue
        self.vault = vault
    }

    /// Says how the jobs are done.
    ///
    /// The process must work the queue `gifts`.
    package func register() {
        queue.registerJob(parameters: RetainAddresses.self, timeout: .seconds(600)) { job, context in
            // Every slice is a commit of its own and leaves less for the next one, so this ends.
            var count = Self.slice
            while count == Self.slice {
                count = try await context.transaction { tx in try await erase(brand: job.brand, on: tx) }
                erased.increment(by: count)
            }
        }
    }

    /// Pushes the look through a brand's addresses, unless that is about already.
    package func push(brand: ID<Brand>) async throws {
        try await queue.push(
            RetainAddresses(brand: brand),
            options: JobOptions(
                priority: .lowest, brand: brand.rawValue, unique: .untilDone("privacy.retain_addresses:\(brand)")))
    }

    /// Erases one slice.
    ///
    /// - Returns: How many; fewer than a slice is the end.
    package func erase(brand: ID<Brand>, on tx: Transaction) async throws -> Int {
        let now = try await tx.one(RetentionStatements.clock())
        let time = try await Policies.value(.addressRetention, brand: brand, at: now, on: tx)
        let due = try await tx.run(
            RetentionStatements.addresses(
                unneededSince: now.addingTimeInterval(-time.interval), brand: brand, limit: Self.slice))
        return try await vault.erase(addresses: due, brand: brand, now: now, on: tx)
    }
}
