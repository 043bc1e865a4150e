import ArgumentParser
import Foundation
import Hosting
import Keys

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Makes and lists the master keys.", subcommands: [Create.self, List.self])

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

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the numbers of the master keys, newest first.")
        @OptionGroup var keys: KeysOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let ids = try keys.ring().masterKeyIDs
            try output.show(ids, header: ["master key"], rows: ids.map { ["\($0)"] })
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
