import ArgumentParser
import Audit
import Foundation
import Kernel
import Postgres

/// Writes down that somebody runs a command which may change something.
///
/// Every command does, unless it is known to only look: a new one is written down from its first day.
struct Noting {
    /// The last word of commands that only look.
    static let looks: Set<String> = [
        "list", "show", "history", "verify", "check", "stats", "audit", "running", "workers", "discarded", "pauses",
        "quotas", "fires", "switches", "messages", "rules", "signals", "bursts", "strays", "routes", "label", "balance",
        "help",
    ]
    /// The first word of those that only look, make something of their own, or run where there is no trail yet.
    static let others: Set<String> = [
        "report", "bench", "bench-worker", "bench-bare", "doctor", "tour", "migrate", "clock", "audit", "simulate",
    ]
    /// Commands with such a word that change something all the same.
    private static let exceptions: Set<String> = []
    /// Made before there is a database.
    private static let beforeDatabase: Set<String> = ["keys create"]
    /// Options whose values are secrets or people.
    private static let unwritten: Set<String> = [
        "--database-url", "--keys", "--openid", "--device", "--address", "--url", "--image", "--reason", "--author",
        "--brand",
    ]

    let act: ManualAct
    let brand: ID<Brand>
    private let database: DatabaseOptions

    /// What is to be written down of a command line; nil for one that only looks.
    init?(_ command: any ParsableCommand.Type, _ arguments: [String]) throws {
        guard let path = Siyu.path(to: command), Self.changes(path), !arguments.contains("--dry-run") else {
            return nil
        }
        func value(_ option: String) -> String? {
            for (index, argument) in arguments.enumerated() {
                if argument.hasPrefix(option + "=") { return String(argument.dropFirst(option.count + 1)) }
                if argument == option, index + 1 < arguments.count { return arguments[index + 1] }
            }
            return nil
        }
        act = ManualAct(
            author: value("--author") ?? NSUserName(), act: "siyu " + path.joined(separator: " "),
            reason: value("--reason") ?? "", details: Self.details(arguments, path))
        brand = value("--brand").flatMap { ID<Brand>($0) } ?? AuditTrail.installation
        database = try DatabaseOptions.parse(value("--database-url").map { ["--database-url", $0] } ?? [])
    }

    /// Whether a command may change something.
    static func changes(_ path: [String]) -> Bool {
        guard let first = path.first, let last = path.last, !others.contains(first) else { return false }
        let name = path.joined(separator: " ")
        return exceptions.contains(name) || (!looks.contains(last) && !beforeDatabase.contains(name))
    }

    /// The command line without its name and without secrets and people.
    static func details(_ arguments: [String], _ path: [String]) -> String {
        var kept: [String] = []
        var isHidden = false
        for argument in arguments.dropFirst(path.count) {
            let name = argument.prefix { $0 != "=" }
            if isHidden {
                isHidden = false
                continue
            }
            if unwritten.contains(String(name)) {
                isHidden = !argument.contains("=")
                continue
            }
            kept.append(argument)
        }
        return kept.joined(separator: " ")
    }

    /// Writes it down, by itself: what follows may take long, or have no transaction.
    func note(failure: (any Error)? = nil) async throws {
        let act =
            failure == nil
            ? self.act
            : ManualAct(
                author: self.act.author, act: self.act.act, reason: self.act.reason,
                details: "not done: " + self.act.details)
        try await database.withPool(connectionsMax: 1) { pool in
            try await pool.transaction { tx in _ = try await AuditTrail.note(act, brand: brand, on: tx) }
        }
    }
}

extension Siyu {
    /// The words by which a command is called; nil for the root.
    static func path(to command: any ParsableCommand.Type) -> [String]? {
        leaves(of: Siyu.self).first { $0.type == command }?.path
    }

    /// Every command that can be run, with its words.
    static func leaves(
        of root: any ParsableCommand.Type, path: [String] = []
    ) -> [(path: [String], type: any ParsableCommand.Type)] {
        let subcommands = root.configuration.subcommands
        let own: [(path: [String], type: any ParsableCommand.Type)] = path.isEmpty ? [] : [(path, root)]
        return own + subcommands.flatMap { leaves(of: $0, path: path + [$0._commandName]) }
    }
}
