import ArgumentParser
import Codes
import Foundation
import Hosting
import Kernel
import Postgres

extension CodesCommand {
    struct Cases: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Which codes lie in which case, and which dealer got it.",
            subcommands: [Load.self, Ship.self, Reroute.self, Routes.self])
    }

    struct Dealers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Who sells packs, where, and whose packs are seen elsewhere.",
            subcommands: [Set.self, List.self, Strays.self])
    }
}

// MARK: - Cases

extension CodesCommand.Cases {
    struct Load: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: "Loads a file of cases.",
            discussion: """
                The file is CSV with the first line `\(CaseFile.header)`, the end of the codes not included. All of it is loaded, or \
                nothing, with the wrong lines by number. The same file again changes nothing.
                """)
        @Argument(help: "The file.") var file: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (cases, wrong) = CaseFile.read(String(decoding: try CodesCommand.read(file), as: UTF8.self))
            guard wrong.isEmpty else { throw refusal(wrong) }
            let outcome = try await database.withPool { try await PackCases.load(cases, brand: brand.id, on: $0) }
            switch outcome {
            case .refused(let refusals): throw refusal(refusals)
            case .loaded(let new, let unchanged):
                struct Row: Encodable {
                    let cases: Int
                    let new: Int
                }
                let row = Row(cases: new + unchanged, new: new)
                if output.json { return Terminal.say(try Terminal.json(row)) }
                try output.show([row], header: ["cases", "new"], rows: [["\(row.cases)", "\(row.new)"]])
            }
        }

        /// So many lines are told, at most.
        private static let toldMax = 1_000

        private func refusal(_ refusals: [CodeFileRefusal]) -> Failure {
            for refusal in refusals.prefix(Self.toldMax) { Terminal.complain("line \(refusal.line): \(refusal.why)") }
            return Failure("\(refusals.count) lines of \(file) are wrong: nothing is loaded.")
        }
    }

    struct Ship: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes down that cases went to a dealer: all of them, or none.")
        @Argument(help: "What stands on the cases.") var cases: [String]
        @Option(help: "The code of the dealer.") var dealer: String
        @Option(help: "When, as 2026-11-22T08:00:00+08:00; now if not given.") var at: InstantArgument?
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let outcome = try await database.withPool {
                try await PackCases.ship(
                    cases, to: dealer, at: at?.date, author: CodesCommand.author, brand: brand.id, on: $0)
            }
            try output.show(outcome, dealer)
        }
    }

    struct Reroute: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes down that cases went on to another dealer: all of them, or none.",
            discussion: """
                From that instant on their packs belong into the other dealer's region; what was shown before stays the former one's. Where                 a case was is kept: siyu codes cases routes.
                """)
        @Argument(help: "What stands on the cases.") var cases: [String]
        @Option(help: "The code of the dealer that they went on to.") var dealer: String
        @Option(help: "When, as 2026-11-22T08:00:00+08:00; now if not given.") var at: InstantArgument?
        @Option(help: "Why; it is kept.") var reason: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let outcome = try await database.withPool {
                try await PackCases.reroute(
                    cases, to: dealer, at: at?.date, author: CodesCommand.author, reason: reason, brand: brand.id,
                    on: $0)
            }
            try output.show(outcome, dealer)
        }
    }

    struct Routes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists where a case went, the first first.")
        @Argument(help: "What stands on the case.") var one: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(
                try await database.withPool { try await PackCases.routes(of: one, brand: brand.id, on: $0) })
        }
    }
}

// MARK: - Dealers

extension CodesCommand.Dealers {
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a dealer, or changes what is known of it: its name, and where it sells.")
        @Argument(help: "Its code: lower-case letters, digits, hyphens.") var code: String
        @Option(help: "Its name.") var name: String
        @Option(parsing: .unconditional, help: "Degrees north of the middle of its region.") var lat: Double
        @Option(parsing: .unconditional, help: "Degrees east.") var lon: Double
        @Option(help: "How far its region reaches.") var radiusKm: Int32
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let dealer = try await database.withPool {
                try await Codes.Dealers.set(
                    code: code, name: name, lat: lat, lon: lon, radiusKm: radiusKm, brand: brand.id, on: $0)
            }
            try output.show([dealer])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the dealers of a brand.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(try await database.withPool { try await Codes.Dealers.list(brand: brand.id, on: $0) })
        }
    }

    struct Strays: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Packs that were shown outside of the region of the dealer whom they were shipped to.",
            discussion:
                "By dealer, or with --dealer each pack with its case. Only scans that tell where they are can say so.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "The code of one dealer, whose packs are listed.") var dealer: String?
        @Option(help: "Not before this instant.") var since: InstantArgument?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            if let dealer {
                let packs = try await database.withPool {
                    try await Codes.Strays.packs(of: dealer, since: since?.date, brand: brand.id, on: $0)
                }
                try output.show(packs)
            } else {
                let dealers = try await database.withPool {
                    try await Codes.Strays.byDealer(since: since?.date, brand: brand.id, on: $0)
                }
                try output.show(dealers)
            }
        }
    }
}

// MARK: - Answers

extension OutputOptions {
    private struct Shipped: Encodable {
        let dealer: String
        let shipped: Int
        let new: Int
    }

    fileprivate func show(_ outcome: ShippingOutcome, _ dealer: String) throws {
        switch outcome {
        case .refused(let problem): throw problem
        case .shipped(let new, let unchanged):
            let row = Shipped(dealer: dealer, shipped: new + unchanged, new: new)
            if json { return Terminal.say(try Terminal.json(row)) }
            try show([row], header: ["dealer", "cases", "new"], rows: [[dealer, "\(row.shipped)", "\(row.new)"]])
        }
    }

    private struct Route: Encodable {
        let dealer: String
        let name: String
        let shippedAt: Date
        let author: String
        let reason: String
        let writtenAt: Date
    }

    fileprivate func show(_ routes: [CaseRoute]) throws {
        try show(
            routes.map {
                Route(
                    dealer: $0.dealer, name: $0.name, shippedAt: $0.shippedAt, author: $0.author, reason: $0.reason,
                    writtenAt: $0.writtenAt)
            }, header: ["shipped", "dealer", "name", "by", "why"],
            rows: routes.map { [$0.shippedAt.ISO8601Format(), $0.dealer, $0.name, $0.author, $0.reason] })
    }

    private struct Dealer: Encodable {
        let dealer: ID<Kernel.Dealer>
        let code: String
        let name: String
        let lat: Double
        let lon: Double
        let radiusKm: Int32
    }

    fileprivate func show(_ dealers: [DealerRecord]) throws {
        try show(
            dealers.map {
                Dealer(
                    dealer: $0.id, code: $0.code, name: $0.name, lat: $0.point.lat, lon: $0.point.lon,
                    radiusKm: $0.radiusKm)
            }, header: ["dealer", "code", "name", "north", "east", "km"],
            rows: dealers.map {
                ["\($0.id)", $0.code, $0.name, "\($0.point.lat)", "\($0.point.lon)", "\($0.radiusKm)"]
            })
    }

    private struct DealerRow: Encodable {
        let dealer: String
        let name: String
        let radiusKm: Int32
        let scans: Int
        let packs: Int
        let worstKm: Int32
        let lastSeenAt: Date
    }

    fileprivate func show(_ strays: [DealerStrays]) throws {
        try show(
            strays.map {
                DealerRow(
                    dealer: $0.dealer, name: $0.name, radiusKm: $0.radiusKm, scans: $0.scans, packs: $0.packs,
                    worstKm: $0.worstKm, lastSeenAt: $0.lastSeenAt)
            }, header: ["dealer", "name", "region km", "scans outside", "packs", "farthest km", "last"],
            rows: strays.map {
                [
                    $0.dealer, $0.name, "\($0.radiusKm)", "\($0.scans)", "\($0.packs)", "\($0.worstKm)",
                    $0.lastSeenAt.ISO8601Format(),
                ]
            })
    }

    private struct PackRow: Encodable {
        let batch: String
        let index: Int64
        let caseCode: String?
        let km: Int32
        let seenAt: Date
    }

    fileprivate func show(_ packs: [StrayPack]) throws {
        try show(
            packs.map {
                PackRow(
                    batch: $0.batch.description, index: $0.index, caseCode: $0.caseCode, km: $0.km, seenAt: $0.seenAt)
            }, header: ["batch", "index", "case", "km", "seen"],
            rows: packs.map {
                ["\($0.batch)", "\($0.index)", $0.caseCode ?? "", "\($0.km)", $0.seenAt.ISO8601Format()]
            })
    }
}
