import ArgumentParser
import Foundation
import Gifting
import Hooks
import Kernel
import Postgres
import Schema

// MARK: - Covers

extension GiftsCommand {
    struct Cover: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What gifts may be wrapped in, while a licence lasts.", subcommands: [Set.self, List.self])

        struct Set: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Adds a cover, or says anew what is known of it; its licence may be prolonged and ended.",
                discussion: "Where the licence is over, gifts that name the cover are shown as all others.")
            @Argument(help: "Its code: lower-case letters, digits, hyphens.") var code: String
            @Option(help: "Its name.") var title: String
            @Option(help: "Its picture, at https://host/path.") var image: String?
            @Option(help: "From when on it may be shown, RFC 3339.") var from: InstantArgument
            @Option(help: "From when on not any more, RFC 3339; never if not given.") var until: InstantArgument?
            @Option(help: "The brand.") var brand: IDArgument<Brand>
            @OptionGroup var database: DatabaseOptions
            @OptionGroup var output: OutputOptions

            func run() async throws {
                let cover = CoverRecord(
                    code: code, title: title, imageURL: image, validFrom: from.date, validUntil: until?.date)
                try await database.withPool { pool in
                    try await pool.transaction { tx in try await Covers.set(cover, brand: brand.id, on: tx) }
                }
                try output.show([cover])
            }
        }

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Lists the covers of a brand.")
            @Option(help: "The brand.") var brand: IDArgument<Brand>
            @OptionGroup var database: DatabaseOptions
            @OptionGroup var output: OutputOptions

            func run() async throws {
                try output.show(try await database.withPool { try await Covers.list(of: brand.id, on: $0) })
            }
        }
    }
}

// MARK: - Entries

extension GiftsCommand {
    struct Entry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Where gifts are begun, and what came of them.", subcommands: [Set.self, List.self])

        struct Set: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Adds an entry, or gives it another title.")
            @Argument(help: "Its code: lower-case letters, digits, hyphens.") var code: String
            @Argument(help: "Its name.") var title: String
            @Option(help: "The brand.") var brand: IDArgument<Brand>
            @OptionGroup var database: DatabaseOptions

            func run() async throws {
                try await database.withPool { pool in
                    try await pool.transaction { tx in
                        try await Entries.set(code, title: title, brand: brand.id, on: tx)
                    }
                }
            }
        }

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Counts the gifts of each entry; those that name none are unknown. Together they are all.")
            @Option(help: "The brand.") var brand: IDArgument<Brand>
            @OptionGroup var database: DatabaseOptions
            @OptionGroup var output: OutputOptions

            func run() async throws {
                try output.show(try await database.withPool { try await Entries.counts(of: brand.id, on: $0) })
            }
        }
    }
}

// MARK: - Greetings

extension GiftsCommand {
    struct Screen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Who looks at greetings before anybody else does.",
            discussion: """
                Each greeting is posted as {"greeting": "…"}, signed as all hooks are (Standard Webhooks). 2xx admits it, 422 does not. \
                What happens without an answer in three seconds is the policy gift.greeting_screening.
                """, subcommands: [Set.self, Drop.self])

        struct Set: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Names who looks at a brand's greetings. The secret is shown once.")
            @Argument(help: "Where they are asked, as in https://host/path.") var url: String
            @Option(help: "The brand.") var brand: IDArgument<Brand>
            @OptionGroup var keys: KeysOptions
            @OptionGroup var database: DatabaseOptions
            @OptionGroup var output: OutputOptions

            func run() async throws {
                let ring = try keys.ring()
                let isLocal = try DatabaseOptions.environment() == .development
                let secret = try await database.withPool { pool in
                    try await pool.transaction { tx in
                        try await GreetingScreens.set(url, allowsLocal: isLocal, brand: brand.id, keys: ring, on: tx)
                    }
                }
                struct Row: Encodable {
                    let url: String
                    let secret: String
                }
                try output.show(
                    [Row(url: url, secret: secret.revealed)], header: ["asked at", "secret"],
                    rows: [[url, secret.revealed]])
            }
        }

        struct Drop: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "From now on nobody looks at a brand's greetings.")
            @Option(help: "The brand.") var brand: IDArgument<Brand>
            @OptionGroup var database: DatabaseOptions

            func run() async throws {
                try await database.withPool { pool in
                    try await pool.transaction { tx in try await GreetingScreens.drop(brand: brand.id, on: tx) }
                }
            }
        }
    }
}

extension OutputOptions {
    private struct CoverRow: Encodable {
        let code: String
        let title: String
        let imageURL: String?
        let validFrom: Date
        let validUntil: Date?
    }

    fileprivate func show(_ covers: [CoverRecord]) throws {
        try show(
            covers.map {
                CoverRow(
                    code: $0.code, title: $0.title, imageURL: $0.imageURL, validFrom: $0.validFrom,
                    validUntil: $0.validUntil)
            }, header: ["cover", "title", "from", "until", "picture"],
            rows: covers.map {
                [
                    $0.code, $0.title, $0.validFrom.ISO8601Format(), $0.validUntil?.ISO8601Format() ?? "",
                    $0.imageURL ?? "",
                ]
            })
    }

    private struct EntryRow: Encodable {
        let entry: String
        let title: String
        let begun: Int
        let sent: Int
        let accepted: Int
    }

    fileprivate func show(_ entries: [EntryRecord]) throws {
        try show(
            entries.map {
                EntryRow(entry: $0.code, title: $0.title, begun: $0.begun, sent: $0.sent, accepted: $0.accepted)
            }, header: ["entry", "title", "begun", "sent", "accepted"],
            rows: entries.map { [$0.code, $0.title, "\($0.begun)", "\($0.sent)", "\($0.accepted)"] })
    }
}
