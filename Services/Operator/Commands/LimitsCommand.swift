import ArgumentParser
import Foundation
import Hooks
import Hosting
import Kernel
import Keys
import Postgres

struct LimitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits", abstract: "Shows who has to pause because too much was tried, and ends a pause.",
        subcommands: [List.self, Lift.self, History.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the pauses of a brand, those that last longest first.",
            discussion: """
                People, devices and addresses stand here as digests, which name them to `siyu limits lift` and to nobody else. Pauses \
                last by real time: moving the business clock ends none.
                """)
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "Of this kind alone: \(LimitScope.names).") var scope: LimitScope?
        @Option(help: "How many; 10,000 at most.") var limit = 100
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { try LimitsCommand.check(limit) }

        func run() async throws {
            let pauses = try await database.withPool {
                try await LimitLifts.pauses(of: scope, brand: brand.id, limit: limit, on: $0)
            }
            try output.show(pauses)
        }
    }

    struct Lift: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a pause, and forgives what led to it.",
            discussion: """
                siyu limits lift --brand BRAND --openid oABC --reason "typed the codes of a whole case"
                siyu limits lift --brand BRAND --address 203.0.113.7 --reason "our own stand at the fair"
                siyu limits lift --brand BRAND --digest 00…ff --scope visitor --reason "as above"
                An address means its whole network, as hooks tell of it; --scope visitor means the same network as it opens pages. Running \
                services know of it after a second or two. Who did it and why is kept: `siyu limits history`. Nothing that was named \
                here is.
                """)
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "A person, as the sender of hooks names them.") var openid: String?
        @Option(help: "A device, as the sender of hooks names it.") var device: String?
        @Option(help: "An IPv4 or IPv6 address of a network.") var address: String?
        @Option(help: "The code of a store.") var store: String?
        @Option(help: "A digest, as `siyu limits list` shows it; needs --scope.") var digest: String?
        @Option(help: "What the digest or the address stands for: \(LimitScope.names).") var scope: LimitScope?
        @Option(help: "Why; it is written down.") var reason: String
        @Option(help: "Who does it; the user of this computer if not given.") var author: String = NSUserName()
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard [openid, device, address, store, digest].count(where: { $0 != nil }) == 1 else {
                throw ValidationError("Name one of --openid, --device, --address, --store or --digest.")
            }
            if digest != nil, scope == nil {
                throw ValidationError("--digest needs the --scope that stands beside it.")
            }
            if let scope, digest == nil, address == nil || ![.network, .visitor].contains(scope) {
                throw ValidationError("--scope goes with --digest, or is network or visitor beside --address.")
            }
        }

        func run() async throws {
            let target = try target()
            // A digest says all; whoever is named must be digested first.
            let ring = digest == nil ? try keys.ring() : nil
            let lifted = try await database.withPool {
                try await LimitLifts.lift(target, author: author, reason: reason, keys: ring, on: $0)
            }
            try output.show([lifted])
        }

        private func target() throws -> LimitLifts.Target {
            let brand = brand.id
            if let openid { return .subject(LimitSubject(.member, openid, brand: brand)) }
            if let device { return .subject(LimitSubject(.device, device, brand: brand)) }
            if let store { return .subject(LimitSubject(.store, store, brand: brand)) }
            if let address {
                guard let address = NetworkAddress(address) else {
                    throw Failure("\(address) is no IPv4 or IPv6 address.", .usage)
                }
                return .subject(
                    LimitSubject(networkOf: address, brand: brand, opensPages: scope == .visitor))
            }
            guard let scope, let digest = digest.flatMap({ LimitDigest($0) }) else {
                throw Failure("A digest has 32 hex digits, as `siyu limits list` shows them.", .usage)
            }
            return .listed(scope, digest, brand)
        }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the pauses that were ended by hand, newest first: who did it, when and why.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "How many; 10,000 at most.") var limit = 100
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { try LimitsCommand.check(limit) }

        func run() async throws {
            try output.show(
                try await database.withPool { try await LimitLifts.history(brand: brand.id, limit: limit, on: $0) })
        }
    }

    private static func check(_ limit: Int) throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit is from 1 to 10,000") }
    }
}

extension LimitScope: ExpressibleByArgument {
    fileprivate static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

extension OutputOptions {
    private struct Pause: Encodable {
        let scope: String
        let digest: String
        let until: Date
        let pauses: Int32
        let inARow: Int32
    }

    private struct Lifted: Encodable {
        let scope: String
        let digest: String
        let until: Date
        let author: String
        let reason: String
        let liftedAt: Date
    }

    fileprivate func show(_ pauses: [ListedPause]) throws {
        let lines = pauses.map {
            Pause(
                scope: $0.scope.rawValue, digest: "\($0.digest)", until: $0.until, pauses: $0.pauses, inARow: $0.inARow)
        }
        try show(
            lines, header: ["until", "scope", "pauses", "wrong in a row", "digest"],
            rows: lines.map {
                [$0.until.ISO8601Format(), $0.scope, "\($0.pauses)", "\($0.inARow)", $0.digest]
            })
    }

    fileprivate func show(_ lifts: [LiftedPause]) throws {
        let lines = lifts.map {
            Lifted(
                scope: $0.scope.rawValue, digest: "\($0.digest)", until: $0.until, author: $0.author, reason: $0.reason,
                liftedAt: $0.liftedAt)
        }
        try show(
            lines, header: ["lifted", "by", "scope", "would have lasted until", "digest", "why"],
            rows: lines.map {
                [$0.liftedAt.ISO8601Format(), $0.author, $0.scope, $0.until.ISO8601Format(), $0.digest, $0.reason]
            })
    }
}
