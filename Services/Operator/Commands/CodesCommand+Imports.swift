import ArgumentParser
import Codes
import Foundation
import Kernel
import Postgres

extension CodesCommand {
    struct Imports: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Imports that were begun and not finished.",
            discussion: """
                An import that was killed goes on with the same `siyu codes import`. One whose file is lost, or was the wrong one, is \
                dropped: nobody ever saw its codes.
                """,
            subcommands: [List.self, Drop.self])
    }
}

extension CodesCommand.Imports {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists them, with how many codes are in.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let imports = try await database.withPool { try await UnfinishedImports.list(brand: brand.id, on: $0) }
            let values = imports.map {
                Import(
                    request: $0.requestID, origin: $0.origin.rawValue, codes: $0.codes, loaded: $0.loaded,
                    state: $0.isRefused ? "refused" : "loading", author: $0.author, updatedAt: $0.updatedAt)
            }
            try output.show(
                values, header: ["request", "origin", "codes", "loaded", "state", "by", "last change"],
                rows: values.map {
                    [
                        $0.request, $0.origin, "\($0.codes)", "\($0.loaded)", $0.state, $0.author,
                        $0.updatedAt.ISO8601Format(),
                    ]
                })
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives an import up and removes its codes.",
            discussion:
                "Whoever loads it at the moment is stopped. The same file may be imported again. A finished import stays."
        )
        @Argument(help: "Its request, as the list says.") var request: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let outcome = try await database.withPool {
                try await UnfinishedImports.drop(request, brand: brand.id, on: $0)
            }
            let dropped: Int64
            switch outcome {
            case .dropped(let codes): dropped = codes
            case .unchanged: dropped = 0
            case .refused(let problem): throw problem
            }
            let value = Dropped(request: request, dropped: dropped)
            if output.json { return Terminal.say(try Terminal.json(value)) }
            Terminal.say(
                outcome == .unchanged
                    ? "Nothing was left of \(request)." : "\(request) is dropped: \(dropped) codes are gone.")
        }
    }

    private struct Import: Encodable {
        let request: String
        let origin: String
        let codes: Int64
        let loaded: Int64
        let state: String
        let author: String
        let updatedAt: Date
    }

    private struct Dropped: Encodable {
        let request: String
        let dropped: Int64
    }
}
