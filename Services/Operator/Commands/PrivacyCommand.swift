import ArgumentParser
import Foundation
import Kernel
import Postgres
import Vault

struct PrivacyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "privacy", abstract: "Looks after people's data.", subcommands: [Erase.self])

    struct Erase: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erases a person: destroys the key of their data. There is no way back.",
            discussion: """
                Identifiers and addresses can be read by nobody afterwards; orders, money and the greetings of gifts stay, with the \
                person's id, and sealed bodies of hooks that named them until 14 days have passed. Whoever comes back with the same \
                identifier is a new person.
                """)
        @Argument(help: "The person's id.") var person: IDArgument<Person>
        @Option(help: "The brand that knows the person.") var brand: IDArgument<Brand>
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let vault = Vault(keys: try keys.ring())
            do {
                let answer = try await database.withPool { pool in
                    try await pool.transaction { tx in
                        let now = try await tx.one(BusinessClock.read()).now
                        let isErased = try await vault.erase(person.id, brand: brand.id, now: now, on: tx)
                        return Answer(person: person.id, brand: brand.id, erasedNow: isErased)
                    }
                }
                try output.show(
                    answer, header: ["person", "erased"],
                    rows: [["\(person.id)", answer.erasedNow ? "now" : "earlier: nothing was left to erase"]])
            } catch VaultError.personUnknown {
                throw Failure("The brand knows no person \(person.id).")
            }
        }

        private struct Answer: Encodable {
            let person: ID<Person>
            let brand: ID<Brand>
            let erasedNow: Bool
        }
    }
}
