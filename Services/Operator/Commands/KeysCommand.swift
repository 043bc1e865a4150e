import ArgumentParser
import Foundation
import Hosting
import Keys
import Postgres

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Makes, lists, rotates and retires the master keys.",
        subcommands: [Create.self, List.self, Rotate.self, Rewrap.self, Retire.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Makes new random keys in a folder that only its owner can read; never replaces any.",
            discussion: "Back the folder up apart from the database: without it, nothing that is sealed can be read.")
        @OptionGroup var keys: KeysOptions

        func run() throws {
            do throws(KeysError) {
                let ring = try KeyRing.create(folder: keys.folder())
                Terminal.say("Made master key \(ring.masterKeyIDs.map(String.init).joined(separator: ", ")).")
            } catch {
                throw keys.failure(error)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the numbers of the master keys: the first seals, all of them open.",
            discussion: "With --uses, how many values of the database each of them seals.")
        @Flag(help: "Count what each key seals.") var uses = false
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ids = try keys.ring().masterKeyIDs
            guard uses else { return try output.show(ids, header: ["master key"], rows: ids.map { ["\($0)"] }) }
            let counts = try await database.withPool { pool in
                var counts: [Uses] = []
                for id in ids {
                    counts.append(
                        Uses(key: id, seals: try await Rewrapping.uses(of: id, on: pool).map(\.count).reduce(0, +)))
                }
                return counts
            }
            try output.show(
                counts, header: ["master key", "values"], rows: counts.map { ["\($0.key)", "\($0.seals)"] })
        }

        private struct Uses: Encodable {
            let key: UInt32
            let seals: Int
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings in a new master key, in two steps; then seals again what older ones sealed.",
            discussion: """
                The first run adds a key that opens and does not seal yet; the second one lets it seal. Between them, and after the \
                second, bring master.key to every service that has a copy of its own: they notice within a second, without a restart. With \
                --shared both steps are done at once, for services that all read this very folder. Then `siyu keys rewrap`.
                """)
        @Flag(help: "All services read this very folder: both steps at once, and everything is sealed again.")
        var shared = false
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let folder = keys.folder()
            let (added, seals) = try step(folder)
            guard shared else {
                let step = Step(key: added, seals: seals, resealed: [])
                try output.show(
                    step, header: ["master key", "seals"], rows: [["\(added)", seals ? "yes" : "not yet"]])
                return Terminal.complain(
                    seals
                        ? "Bring master.key to every service, then run `siyu keys rewrap`."
                        : "Bring master.key to every service, then run `siyu keys rotate` again.")
            }
            if !seals {
                // Whoever reads this folder looks at it once a second.
                try await Task.sleep(for: .seconds(2))
                do throws(KeysError) { _ = try KeyRing.promote(folder: folder) } catch { throw keys.failure(error) }
            }
            let ring = try keys.ring()
            let outcomes = try await database.withPool { try await rewrap(pool: $0, keys: ring) }
            try output.show(
                Step(key: added, seals: true, resealed: outcomes), header: ["sealed again", "values", "unreadable"],
                rows: outcomes.rows)
            try outcomes.refuseUnreadable()
        }

        private func step(_ folder: String) throws -> (key: UInt32, seals: Bool) {
            do throws(KeysError) {
                guard try KeyRing.staged(folder: folder) != nil else {
                    return (try KeyRing.stage(folder: folder), false)
                }
                return (try KeyRing.promote(folder: folder), true)
            } catch {
                throw keys.failure(error)
            }
        }

        private struct Step: Encodable {
            let key: UInt32
            let seals: Bool
            let resealed: [Rewrapping.Outcome]
        }
    }

    struct Rewrap: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seals again, under the first master key, what others sealed; while services work.",
            discussion: """
                It may be ended at any moment and run again: what is done is passed over. Values that no key opens are counted and left \
                as they are; then it exits with 1.
                """)
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            let outcomes = try await database.withPool { try await rewrap(pool: $0, keys: ring) }
            try output.show(outcomes, header: ["sealed again", "values", "unreadable"], rows: outcomes.rows)
            try outcomes.refuseUnreadable()
        }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a master key away for good, once nothing is sealed under it any more.",
            discussion: """
                Links of gifts and prizes and sessions of staff that it signed end with it: wait until those from before the rotation are \
                of no use any more. Keep no copy: whoever has one and an old backup can read that backup.
                """)
        @Argument(help: "The key's number.") var key: UInt32
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ids = try keys.ring().masterKeyIDs
            guard ids.contains(key) else { throw Failure("\(KeysError.unknownKey(key))") }
            guard ids.first != key else { throw Failure("\(KeysError.sealing(key))") }
            let uses = try await database.withPool { try await Rewrapping.uses(of: key, on: $0) }
            guard uses.isEmpty else {
                let places = uses.map { "\($0.count) in \($0.column)" }.joined(separator: ", ")
                throw Failure(
                    "Master key \(key) still seals \(places): run `siyu keys rewrap`, and wait for imports that are under way."
                )
            }
            do throws(KeysError) { try KeyRing.remove(key, folder: keys.folder()) } catch { throw keys.failure(error) }
            let left = try keys.ring().masterKeyIDs
            try output.show(left, header: ["master key"], rows: left.map { ["\($0)"] })
        }
    }
}

/// Seals again with progress on the terminal.
private func rewrap(pool: Pool, keys: KeyRing) async throws -> [Rewrapping.Outcome] {
    let outcomes = try await Rewrapping(pool: pool, keys: keys).run { Terminal.progress("\($0) sealed again") }
    Terminal.endProgress()
    return outcomes
}

extension [Rewrapping.Outcome] {
    fileprivate var rows: [[String]] {
        filter { $0.resealed + $0.unreadable > 0 }.map { [$0.column, "\($0.resealed)", "\($0.unreadable)"] }
    }

    fileprivate func refuseUnreadable() throws {
        let broken = filter { $0.unreadable > 0 }.map { "\($0.unreadable) in \($0.column)" }
        guard broken.isEmpty else {
            throw Failure("No master key opens \(broken.joined(separator: ", ")): they were left as they are.")
        }
    }
}

/// Where the master keys are: `--keys`, else SIYU_KEYS.
struct KeysOptions: ParsableArguments {
    @Option(help: "The folder of the master keys; SIYU_KEYS if not given.")
    var keys: String?

    func folder() -> String { keys ?? DatabaseOptions.variable("SIYU_KEYS") ?? "" }

    func failure(_ error: KeysError) -> Failure {
        folder().isEmpty
            ? Failure("No folder of master keys is named: set SIYU_KEYS, or use --keys.", .config)
            : Failure("\(error)", .config)
    }

    /// Reads the keys.
    func ring() throws -> KeyRing {
        do throws(KeysError) {
            return try KeyRing.load(folder: folder())
        } catch {
            throw failure(error)
        }
    }
}
