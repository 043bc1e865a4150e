import ArgumentParser
import Codes
import Foundation
import Hosting
import Kernel
import Keys
import Postgres

struct DrawCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "draw", abstract: "Publishes draws, and proves afterwards that they were what was published.",
        discussion: """
            A draw is published with a commitment to its terms and its seed before it starts. When it is over its seed is shown, and \
            every entry can be computed again.
            """,
        subcommands: [Publish.self, List.self, Extend.self, Reveal.self, Verify.self])

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publishes the draw that a file describes.",
            discussion: """
                The file is JSON:

                {"code": "spring", "name": "Spring draw", "mode": "odds", "entries_max": 100000, "per_person_max": 2,
                 "starts_at": "2026-12-01T00:00:00+08:00", "ends_at": "2027-01-01T00:00:00+08:00", "claim_days": 30,
                 "prizes": [{"name": "Bottle", "kind": "item", "cost": "5.00", "stock": 100, "day_stock": 10, "odds_ppm": 2000},
                            {"name": "10 points", "kind": "points", "points": 10, "cost": "0.10", "stock": 5000,
                             "odds_ppm": 50000}]}

                By odds, an entry wins by chance, as long as there is stock; by ranks ("mode": "ranks", no odds_ppm and no day_stock), \
                the counts are exact when all entries were made. A prize of kind redraw is one more draw. The same file again is the \
                same draw; nothing of what was published can be changed but the end, which may become later.
                """)
        @Argument(help: "The file.") var file: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            let wanted = try CampaignFile.read(CodesCommand.read(file))
            let (campaign, isNew) = try await database.withPool { pool in
                try await Campaigns.publish(
                    wanted, brand: brand.id, author: CodesCommand.author, keys: ring, on: pool)
            }
            try output.show(campaign, isNew: isNew)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the draws of a brand, the last first.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let draws = try await database.withPool { pool in
                try await Campaigns.list(brand: brand.id, on: pool)
            }
            try output.show(draws.map { ($0.campaign, $0.progress, $0.wins) })
        }
    }

    struct Extend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a draw a later end.",
            discussion: "Only while it is running or before; never an earlier one.")
        @Argument(help: "The code of the draw.") var code: String
        @Option(help: "The new end, as 2026-11-22T08:00:00+08:00.") var ends: InstantArgument
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (campaign, progress) = try await database.withPool { pool in
                try await Campaigns.extend(code, to: ends.date, brand: brand.id, on: pool)
            }
            try output.show([(campaign, progress, nil)])
        }
    }

    struct Reveal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the seed of a draw that is over, and gives back the money of what was not won.")
        @Argument(help: "The code of the draw.") var code: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        private struct Shown: Encodable {
            let code: String
            let campaignID: ID<Campaign>
            let seed: String
            let rulesHash: String
            let terms: String
        }

        func run() async throws {
            let ring = try keys.ring()
            let (campaign, seed) = try await database.withPool { pool in
                try await Campaigns.reveal(code, brand: brand.id, keys: ring, on: pool)
            }
            let shown = Shown(
                code: campaign.terms.code, campaignID: campaign.id, seed: seed.hex, rulesHash: campaign.rulesHash.hex,
                terms: String(decoding: campaign.terms.canonicalBytes(campaign: campaign.id), as: UTF8.self))
            if output.json { return Terminal.say(try Terminal.json(shown)) }
            Terminal.say("seed        \(shown.seed)\nrules hash  \(shown.rulesHash)\n")
            Terminal.say("The rules hash is SHA-256 of the 32 bytes of the seed and these lines:\n\n\(shown.terms)")
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Computes every entry of a draw again, from the seed that was shown.",
            discussion: "The exit code is 1 at the first difference.")
        @Argument(help: "The code of the draw.") var code: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let verdict = try await database.withPool { pool in
                try await DrawVerify.run(code, brand: brand.id, on: pool) { Terminal.progress("\($0) entries") }
            }
            Terminal.endProgress()
            try output.show(verdict)
            if let failure = verdict.failure { throw Failure(failure) }
        }
    }
}

// MARK: - Answers

extension DrawVerdict {
    /// What is wrong, in a sentence; nil where nothing is.
    fileprivate var failure: String? {
        if !isRulesHashRight { return "Seed and terms are not those that were published." }
        if let difference { return "Entry \(difference.ordinal) is not what it should be: \(difference.what)." }
        if entries != entriesCounted { return "There are \(entries) entries, and \(entriesCounted) were counted." }
        return isBooked ? nil : "The books did not move what was won."
    }
}

extension OutputOptions {
    private struct Published: Encodable {
        let code: String
        let campaignID: ID<Campaign>
        let mode: DrawMode
        let startsAt: Date
        let endsAt: Date
        let rulesHash: String
        let isNew: Bool
    }

    fileprivate func show(_ campaign: CampaignRecord, isNew: Bool) throws {
        let terms = campaign.terms
        let value = Published(
            code: terms.code, campaignID: campaign.id, mode: terms.mode, startsAt: terms.startsAt, endsAt: terms.endsAt,
            rulesHash: campaign.rulesHash.hex, isNew: isNew)
        if json { return Terminal.say(try Terminal.json(value)) }
        try show(
            [value], header: ["code", "mode", "starts", "ends", "rules", "new"],
            rows: [
                [
                    value.code, value.mode.rawValue, value.startsAt.ISO8601Format(), value.endsAt.ISO8601Format(),
                    value.rulesHash, isNew ? "yes" : "no",
                ]
            ])
    }

    private struct Line: Encodable {
        let code: String
        let name: String
        let mode: DrawMode
        let entries: Int64
        let entriesMax: Int64
        let wins: Int64?
        let startsAt: Date
        let endsAt: Date
        let seed: String?
        let rulesHash: String
    }

    fileprivate func show(_ draws: [(CampaignRecord, CampaignProgress, Int64?)]) throws {
        let lines = draws.map { campaign, progress, wins in
            let terms = campaign.terms
            return Line(
                code: terms.code, name: terms.name, mode: terms.mode, entries: progress.entries,
                entriesMax: terms.entriesMax, wins: wins, startsAt: terms.startsAt,
                endsAt: progress.extendedTo ?? terms.endsAt, seed: progress.revealedSeed?.hex,
                rulesHash: campaign.rulesHash.hex)
        }
        try show(
            lines, header: ["code", "name", "mode", "entries", "at most", "won", "starts", "ends", "seed"],
            rows: lines.map {
                [
                    $0.code, $0.name, $0.mode.rawValue, "\($0.entries)", "\($0.entriesMax)",
                    $0.wins.map { "\($0)" } ?? "", $0.startsAt.ISO8601Format(), $0.endsAt.ISO8601Format(),
                    $0.seed == nil ? "hidden" : "shown",
                ]
            })
    }

    private struct Tier: Encodable {
        let tier: Int32
        let name: String
        let stock: Int64
        let won: Int64
    }

    private struct Verdict: Encodable {
        let code: String
        let entries: Int64
        let isRight: Bool
        let isRulesHashRight: Bool
        let isBooked: Bool
        let differenceAt: Int64?
        let difference: String?
        let tiers: [Tier]
    }

    fileprivate func show(_ verdict: DrawVerdict) throws {
        let value = Verdict(
            code: verdict.campaign.terms.code, entries: verdict.entries, isRight: verdict.isRight,
            isRulesHashRight: verdict.isRulesHashRight, isBooked: verdict.isBooked,
            differenceAt: verdict.difference?.ordinal, difference: verdict.difference?.what,
            tiers: verdict.campaign.terms.tiers.map {
                Tier(tier: $0.tier, name: $0.name, stock: $0.stock, won: verdict.wins[$0.tier] ?? 0)
            })
        if json { return Terminal.say(try Terminal.json(value)) }
        try show(
            value.tiers, header: ["tier", "prize", "stock", "won"],
            rows: value.tiers.map { ["\($0.tier)", $0.name, "\($0.stock)", "\($0.won)"] })
        if value.isRight {
            Terminal.say("All \(value.entries) entries are what seed and terms give, and both are what was published.")
        }
    }
}

extension [UInt8] {
    fileprivate var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
