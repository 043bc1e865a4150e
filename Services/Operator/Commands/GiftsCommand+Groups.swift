import ArgumentParser
import Foundation
import Gifting
import Hosting
import Kernel
import Postgres

// MARK: - The draws of group gifts

extension GiftsCommand {
    struct Group: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Proves that the draws of group gifts were what was published.", subcommands: [Verify.self])

        struct Verify: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Computes the draw of a group gift again, from what everybody may know of it.",
                discussion: """
                    Either a group gift of a brand, as the database has it, or a file with what its page publishes (/gg/…/draw): \
                    for that neither database nor keys are needed. The exit code is 1 where the draw is not what it should be, or \
                    has not been made yet.
                    """)
            @Argument(help: "The group gift's id; leave it out with --file.") var group: String?
            @Option(help: "The brand.") var brand: IDArgument<Brand>?
            @Option(help: "A file with what was published, or - for standard input.") var file: String?
            @OptionGroup var database: DatabaseOptions
            @OptionGroup var output: OutputOptions

            func validate() throws {
                if file != nil, group == nil, brand == nil { return }
                guard file == nil, group.flatMap({ ID<GiftGroup>($0) }) != nil, brand != nil else {
                    throw ValidationError("Name a group gift by its id together with its --brand, or a --file.")
                }
            }

            func run() async throws {
                let proof = try await published()
                let verdict = proof.verify()
                try output.show(proof, verdict)
                switch verdict {
                case .right: break
                case .notDrawn: throw Failure("Lots have not been drawn yet: there is nothing to compute.")
                case .wrong(let what): throw Failure(what)
                }
            }

            private func published() async throws -> GroupProof {
                if let id = group.flatMap({ ID<GiftGroup>($0) }), let brand {
                    return try await database.withPool { pool in
                        try await GiftGroups.proof(of: id, brand: brand.id, on: pool)
                    }
                }
                let name = file ?? "-"
                let data =
                    name == "-"
                    ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: name)
                guard let data else { throw Failure("\(name) cannot be read.", .noInput) }
                // What was wrong with it is said in one sentence, whatever the decoder found.
                guard let proof = try? JSONDecoder().decode(GroupProof.self, from: data) else {
                    throw Failure("\(name) is not what the page of a group gift publishes.", .noInput)
                }
                return proof
            }
        }
    }
}

extension OutputOptions {
    private struct Verdict: Encodable {
        let groupID: ID<GiftGroup>
        let isRight: Bool
        let difference: String?
        let entries: Int
        let wins: [GroupWin]
    }

    fileprivate func show(_ proof: GroupProof, _ verdict: GroupVerdict) throws {
        var difference: String?
        if case .wrong(let what) = verdict { difference = what }
        let value = Verdict(
            groupID: proof.group, isRight: verdict == .right, difference: difference, entries: proof.entries.count,
            wins: proof.wins ?? [])
        if json { return Terminal.say(try Terminal.json(value)) }
        try show(
            value.wins, header: ["rank", "entry", "pieces"],
            rows: value.wins.map { ["\($0.rank)", "\($0.entry)", "\($0.units)"] })
        if verdict == .right {
            Terminal.say(
                "The \(value.wins.count) wins among \(value.entries) entries are what seed, terms and entries give, and seed and terms are what was committed to."
            )
        }
    }
}
