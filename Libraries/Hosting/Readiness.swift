import Foundation
import Kernel
import Postgres
import Synchronization

/// Something that must hold before a service takes requests, and while it does.
package struct ReadinessCheck: Sendable {
    /// A word for the JSON of `/readyz`: `database`, `schema`, `environment`.
    package let name: String
    /// The exit code when it fails at the start.
    package let exit: Sysexit
    let reason: @Sendable () async throws -> String?

    /// A check that gives nil when all is well, and a sentence without secrets otherwise.
    package init(name: String, exit: Sysexit, reason: @escaping @Sendable () async throws -> String?) {
        self.name = name
        self.exit = exit
        self.reason = reason
    }
}

/// What one check found.
package struct ReadinessFinding: Sendable, Hashable, Encodable {
    /// The check's name.
    package let name: String
    /// Why it failed; nil if it did not.
    package let reason: String?
    let exit: Sysexit

    private enum CodingKeys: String, CodingKey {
        case name, reason
    }
}

/// Tells whether a service can work: it has started, its checks hold and it is not draining.
package final class Readiness: Sendable {
    /// Where a service stands in its life.
    package enum Phase: String, Sendable {
        /// Not everything is open yet.
        case starting
        /// It takes requests and jobs.
        case serving
        /// It was told to stop.
        case draining
    }

    /// How long all checks of one answer may take together; load balancers ask often and wait little.
    package static let timeout = Duration.seconds(1)

    private let checks: [ReadinessCheck]
    private let current = Mutex(Phase.starting)

    /// Readiness by these checks, in this order.
    package init(checks: [ReadinessCheck]) { self.checks = checks }

    /// Where the service stands.
    package var phase: Phase { current.withLock { $0 } }

    /// Everything is open; a drain that came first stays one.
    package func serve() { current.withLock { if $0 == .starting { $0 = .serving } } }

    /// From now on the service is not ready.
    package func drain() { current.withLock { $0 = .draining } }

    /// Runs the checks in order; after one that fails the rest would only repeat it, so they are left out.
    package func findings(timeout: Duration = Readiness.timeout) async -> [ReadinessFinding] {
        var findings: [ReadinessFinding] = []
        let deadline = ContinuousClock.now + timeout
        for check in checks {
            let reason = await Self.reason(of: check, deadline: deadline)
            findings.append(ReadinessFinding(name: check.name, reason: reason, exit: check.exit))
            if reason != nil { break }
        }
        return findings
    }

    private static func reason(of check: ReadinessCheck, deadline: ContinuousClock.Instant) async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                do {
                    return try await check.reason()
                } catch {
                    return safeDescription(of: error)
                }
            }
            group.addTask {
                // A cancelled sleep means that the check was faster; its answer is the one that counts.
                try? await Task.sleep(until: deadline)
                return "no answer in time"
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

extension ReadinessCheck {
    /// The database answers.
    static func database(_ pool: Pool) -> ReadinessCheck {
        ReadinessCheck(name: "database", exit: .unavailable) {
            _ = try await pool.run(HostingStatements.ping)
            return nil
        }
    }

    /// The database is of the environment that `SIYU_ENV` says, and in production its clock is the real one.
    static func environment(_ expected: Environment, _ pool: Pool) -> ReadinessCheck {
        ReadinessCheck(name: "environment", exit: .config) {
            guard let (name, offset) = try await pool.first(HostingStatements.environment) else {
                return "the database does not say what it is for: run siyu migrate"
            }
            if name != expected.rawValue {
                return "SIYU_ENV is \(expected.rawValue), the database was made for \(name)"
            }
            if expected == .production, offset != .zero { return "the clock of a production database was moved" }
            return nil
        }
    }
}
