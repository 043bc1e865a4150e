import ArgumentParser
import Codes
import Foundation
import Gifting
import Hooks
import Jobs
import Kernel
import Orders
import Postgres
import Schema

extension HooksCommand {
    struct Endpoint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Whoever is told what happens: each has a URL, what it wants to hear, and secrets of its own.",
            discussion: """
                A receiver was down for days:  siyu hooks endpoint redeliver NAME --brand B
                It lost what it had:           siyu hooks endpoint redeliver NAME --brand B --state delivered --from I
                It refused some:               siyu hooks endpoint messages NAME --brand B, then as above
                It answered 410:               siyu hooks endpoint enable NAME --brand B, then as above
                """,
            subcommands: [
                Create.self, Change.self, Rotate.self, List.self, Enable.self, Disable.self, Messages.self,
                Redeliver.self,
            ])

        /// What there is to hear.
        static let known = CodesEvents.types.union(GiftEvents.types).union(Aftersales.events)

        /// In development this machine may be told, so that receivers can be tried.
        static func allowsLocal() throws -> Bool { try DatabaseOptions.environment() == .development }

        static func events(_ list: String) -> [String] {
            list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }

        static func missing(_ name: String) -> Failure { Failure("The brand has no endpoint \(name).") }
    }
}

extension HooksCommand.Endpoint {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an endpoint. Its secret is shown this once; it is kept sealed.",
            discussion: "There are the events \(HooksCommand.Endpoint.known.sorted().joined(separator: ", ")).")
        @Argument(help: "Its name: lower-case letters, digits, hyphens.") var name: String
        @Option(help: "The brand it hears of.") var brand: IDArgument<Brand>
        @Option(help: "Where its hooks go: https, a name, port 443 or from 1024 on.") var url: String
        @Option(help: "What it hears, with commas between.") var events: String
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            let allowsLocal = try HooksCommand.Endpoint.allowsLocal()
            let (secret, records) = try await database.withPool { pool in
                let made = try await HookEndpoints.create(
                    name, url: url, events: HooksCommand.Endpoint.events(events), known: HooksCommand.Endpoint.known,
                    allowsLocal: allowsLocal, brand: brand.id, keys: ring, on: pool)
                guard let made else { throw Failure("There is no brand \(brand.id).") }
                return (made.secret, try await HookEndpoints.list(brand: brand.id, on: pool))
            }
            try output.show(records.filter { $0.name == name }, secret: secret)
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes where an endpoint's hooks go, or what it hears.")
        @Argument(help: "Its name.") var name: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "Where its hooks go from now on, those on their way too.") var url: String?
        @Option(help: "What it hears from now on, with commas between.") var events: String?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard url != nil || events != nil else { throw ValidationError("Name --url, --events or both.") }
        }

        func run() async throws {
            let allowsLocal = try HooksCommand.Endpoint.allowsLocal()
            let records = try await database.withPool { pool in
                let isThere = try await HookEndpoints.change(
                    name, url: url, events: events.map(HooksCommand.Endpoint.events),
                    known: HooksCommand.Endpoint.known, allowsLocal: allowsLocal, brand: brand.id, on: pool)
                guard isThere else { throw HooksCommand.Endpoint.missing(name) }
                return try await HookEndpoints.list(brand: brand.id, on: pool)
            }
            try output.show(records.filter { $0.name == name })
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives an endpoint a new secret, shown this once; for a while hooks are signed with both.")
        @Argument(help: "Its name.") var name: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(
            help: "How long the old secret signs too: a number with s, m, h or d.", transform: BusinessClock.interval)
        var overlap: Duration = HookSources.overlapUsual
        @Flag(help: "End the old secret at once: for a secret that others know.") var endOld = false
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            let (secret, records) = try await database.withPool { pool in
                let overlap = endOld ? .zero : overlap
                let made = try await HookEndpoints.rotate(name, brand: brand.id, overlap: overlap, keys: ring, on: pool)
                guard let made else { throw HooksCommand.Endpoint.missing(name) }
                return (made.secret, try await HookEndpoints.list(brand: brand.id, on: pool))
            }
            try output.show(records.filter { $0.name == name }, secret: secret)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the endpoints of a brand, whether they are spared, and what they did not take.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(try await database.withPool { try await HookEndpoints.list(brand: brand.id, on: $0) })
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets an endpoint hear again; what it missed comes back with redeliver.")
        @Argument(help: "Its name.") var name: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions

        func run() async throws {
            guard try await database.withPool({ try await HookEndpoints.enable(name, brand: brand.id, on: $0) }) else {
                throw HooksCommand.Endpoint.missing(name)
            }
            Terminal.say("The endpoint \(name) hears again.")
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells an endpoint nothing more; what is on its way is refused and can be delivered later.")
        @Argument(help: "Its name.") var name: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "Why; it is written down.") var reason: String
        @OptionGroup var database: DatabaseOptions

        func run() async throws {
            let isThere = try await database.withPool {
                try await HookEndpoints.disable(name, reason: reason, brand: brand.id, on: $0)
            }
            guard isThere else { throw HooksCommand.Endpoint.missing(name) }
            Terminal.say("The endpoint \(name) is told nothing more.")
        }
    }
}

// MARK: - Messages

/// Which messages are meant.
struct MessageOptions: ParsableArguments {
    @Option(help: "How far they are: refused, discarded, delivered, pending; several times for several.")
    var state: [HookRedelivery.State] = [.refused, .discarded]
    @Option(help: "What happened.") var event: String?
    @Option(help: "Not before this instant.") var from: InstantArgument?
    @Option(help: "Before this instant.") var to: InstantArgument?

    var filter: HookRedelivery.Filter { .init(states: state, event: event, from: from?.date, to: to?.date) }
}

extension HookRedelivery.State: ExpressibleByArgument {}

extension HooksCommand.Endpoint {
    struct Messages: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what an endpoint did not take, the oldest first: which message, and why.")
        @Argument(help: "Its name.") var name: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var messages: MessageOptions
        @Option(help: "How many at the most.") var limit = 50
        @Option(help: "Go on after this message.") var after: IDArgument<OutgoingMessage>?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit lies between 1 and 10000.") }
        }

        func run() async throws {
            let found = try await database.withPool {
                try await HookRedelivery.list(
                    messages.filter, endpoint: name, after: after?.id, limit: limit, brand: brand.id, on: $0)
            }
            guard let found else { throw HooksCommand.Endpoint.missing(name) }
            let rows = found.map(Row.init)
            try output.show(
                rows, header: ["message", "event", "subject", "at", "state", "sent", "again", "answered", "why"],
                rows: rows.map { row in
                    [
                        "\(row.message)", row.event, row.subject, row.occurredAt.ISO8601Format(), row.state,
                        "\(row.attempts)", "\(row.redeliveries)", row.lastStatus.map { "\($0)" } ?? "",
                        row.lastError ?? "",
                    ]
                })
        }

        private struct Row: Encodable {
            let message: ID<OutgoingMessage>
            let webhookID: String
            let event: String
            let subject: String
            let occurredAt: Date
            let state: String
            let attempts: Int
            let redeliveries: Int
            let lastStatus: Int?
            let lastError: String?

            init(_ record: HookDeliveryRecord) {
                message = record.message
                webhookID = HookSending.webhookID(record.message)
                event = record.event
                subject = record.subject.uuidString.lowercased()
                occurredAt = record.occurredAt
                state = record.state
                attempts = record.attempts
                redeliveries = record.redeliveries
                lastStatus = record.lastStatus
                lastError = record.lastError
            }
        }
    }

    struct Redeliver: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends messages again, in order, under the ids that they had: those not taken, or by filter.")
        @Argument(help: "Its name.") var name: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var messages: MessageOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let count = try await database.withQueue {
                try await HookRedelivery.redeliver(
                    messages.filter, endpoint: name, brand: brand.id, queue: $0)
            }
            guard let count else { throw HooksCommand.Endpoint.missing(name) }
            struct Row: Encodable { let messages: Int }
            try output.show(Row(messages: count), header: ["messages on their way"], rows: [["\(count)"]])
        }
    }
}

extension OutputOptions {
    private struct Row: Encodable {
        let name: String
        let endpoint: ID<HookEndpoint>
        let url: String
        let events: [String]
        let isActive: Bool
        let reason: String?
        let failuresInARow: Int
        let sparedUntil: Date?
        let pending: Int
        let dead: Int
        let secrets: Int
        let createdAt: Date
        let secret: String?
    }

    fileprivate func show(_ records: [HookEndpointRecord], secret: HookSecret? = nil) throws {
        let rows = records.map { record in
            Row(
                name: record.name, endpoint: record.id, url: record.url, events: record.events,
                isActive: record.isActive, reason: record.reason, failuresInARow: record.breaker.failures,
                sparedUntil: record.breaker.openUntil, pending: record.pending, dead: record.dead,
                secrets: record.secretCount, createdAt: record.createdAt, secret: secret?.revealed)
        }
        try show(
            rows,
            header: ["name", "url", "hears", "state", "pending", "not taken", "secrets", "secret, shown once"],
            rows: rows.map { row in
                let state =
                    row.isActive
                    ? row.sparedUntil.map { "spared until \($0.ISO8601Format())" } ?? "active"
                    : "disabled: \(row.reason ?? "")"
                return [
                    row.name, row.url, row.events.joined(separator: " "), state, row.pending.orMore(),
                    row.dead.orMore(), "\(row.secrets)", row.secret ?? "",
                ]
            })
    }
}
