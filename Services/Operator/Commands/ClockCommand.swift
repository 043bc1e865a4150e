import ArgumentParser
import Foundation
import Hosting
import Postgres
import Schema

struct ClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock", abstract: "Shows the business clock, or moves it forward outside production.",
        subcommands: [Show.self, Advance.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The instant that business times are compared with.")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await database.withPool { pool in
                try output.show(try await pool.one(BusinessClock.read()))
            }
        }
    }

    struct Advance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Moves the clock forward, for instance by 25h or 30m; there is no way back.")
        @Argument(help: "How far: a number with s, m, h or d.", transform: BusinessClock.interval) var by: Duration
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard try DatabaseOptions.environment() != .production else {
                throw Failure("The clock of production is the server's: set SIYU_ENV=development where a day may pass.")
            }
            try await database.withPool { pool in
                guard try await pool.execute(BusinessClock.advance(by)) == 1 else {
                    throw Failure("This database was made for production: its clock cannot be moved.")
                }
                try output.show(try await pool.one(BusinessClock.read()))
            }
        }
    }
}

/// The business clock as the operator sees it.
enum BusinessClock {
    struct Reading: Encodable, Sendable {
        let now: Date
        let offsetSeconds: Int64
        let environment: String
    }

    /// The longest step: a year passes in a millisecond, a slip of the finger should not.
    static let stepMax = Duration.seconds(366 * 86_400)

    /// Reads `25h`: a positive number with its unit.
    @Sendable static func interval(_ text: String) throws -> Duration {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), count > 0,
            case (let seconds, false) = count.multipliedReportingOverflow(by: unit), .seconds(seconds) <= stepMax
        else { throw ValidationError("a duration is a number with s, m, h or d, such as 25h, of 366 days at most") }
        return .seconds(seconds)
    }

    static func read() -> Statement<Reading> {
        ClockStatements.read { now, offset, environment in
            Reading(now: now, offsetSeconds: offset.components.seconds, environment: environment)
        }
    }

    static func advance(_ by: Duration) -> Statement<Void> { ClockStatements.advance(by) }
}

extension OutputOptions {
    fileprivate func show(_ clock: BusinessClock.Reading) throws {
        try show(
            clock, header: ["now", "offset", "environment"],
            rows: [[clock.now.ISO8601Format(), "\(clock.offsetSeconds) s", clock.environment]])
    }
}
