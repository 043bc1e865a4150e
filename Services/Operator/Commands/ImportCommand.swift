import ArgumentParser
import Foundation
import Hosting
import Jobs
import Kernel
import Keys
import Logging
import Orders
import Postgres
import Vault

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Hands files in.", subcommands: [OrdersFile.self])

    struct OrdersFile: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "orders", abstract: "Hands a file of orders in and waits until siyu-ingest has loaded it.",
            discussion: "Refused lines go to FILE.refusals.csv. The exit code is 1 if the file was refused.")
        @Argument(help: "The file.") var file: String
        @Option(help: "The brand whose orders they are.") var brand: IDArgument<Brand>
        @Option(help: "The code or the id of the shop they were placed in.") var shop: String
        @Option(help: "How the file is written down.") var format: ImportFormat
        @Flag(help: "Load nothing; count what would be loaded.") var dryRun = false
        @Flag(help: "Load the good lines though others are refused.") var skipBad = false
        @Flag(help: "Work the job in this process, where siyu-ingest does not run.") var inProcess = false
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard let handle = FileHandle(forReadingAtPath: file) else {
                throw Failure("\(file) cannot be read.", .noInput)
            }
            let ring = try keys.ring()
            let (record, refusals) = try await database.withPool { pool in
                try await load(FileChunks(handle: handle), vault: Vault(keys: ring), pool: pool)
            }
            Terminal.endProgress()
            try show(record, refusals: refusals)
            if record.state == .refused {
                throw Failure("Nothing was loaded: \(record.refused) lines were refused, see \(refusals ?? "").")
            }
        }

        private func load(
            _ body: FileChunks, vault: Vault, pool: Pool
        ) async throws -> (record: ImportRecord, refusals: String?) {
            let shop = try await shopID(on: pool)
            let queue = JobQueue(pool: pool, logger: Logger(label: "siyu.import"))
            let imports = OrderImports(pool: pool, queue: queue, vault: vault)
            let request = ImportRequest(
                brand: brand.id, shop: shop, format: format, mode: skipBad ? .skipBad : .allOrNothing, isDryRun: dryRun)
            let accepted = try await imports.accept(request, body: body)
            let record = try await worked(imports, accepted, queue: queue, vault: vault, pool: pool)
            let refusals = try await writeRefusals(of: record, imports)
            return (record, refusals)
        }

        private func shopID(on pool: Pool) async throws -> ID<Shop> {
            let found =
                if let id = ID<Shop>(shop) {
                    try await Catalogue.shop(id, brand: brand.id, on: pool)
                } else {
                    try await Catalogue.shop(code: shop, brand: brand.id, on: pool)
                }
            guard let found else { throw Failure("The brand has no shop \(shop).") }
            return found.id
        }

        private func worked(
            _ imports: OrderImports, _ accepted: ImportRecord, queue: JobQueue, vault: Vault, pool: Pool
        ) async throws -> ImportRecord {
            @Sendable func wait() async throws -> ImportRecord {
                try await imports.wait(for: accepted.id, brand: brand.id) { record in
                    Terminal.progress("\(record.state.rawValue): line \(record.checkpointLine) of \(record.lastLine)")
                }
            }
            guard inProcess else { return try await wait() }
            ImportLoader.register(on: queue, vault: vault)
            return try await withThrowingTaskGroup(of: ImportRecord?.self) { group in
                group.addTask {
                    // Each job in hand takes a connection of the command's few; the queue and whoever watches need theirs.
                    let options = JobProcessorOptions(concurrency: 2)
                    try await queue.processor(queues: [ImportLoad.jobQueue], options: options).run()
                    return nil
                }
                group.addTask { try await wait() }
                defer { group.cancelAll() }
                while let record = try await group.next() {
                    if let record { return record }
                }
                throw Failure("The queue was not worked.", .software)
            }
        }

        private func writeRefusals(of record: ImportRecord, _ imports: OrderImports) async throws -> String? {
            guard record.refused > 0 else { return nil }
            let path = "\(file).refusals.csv"
            guard FileManager.default.createFile(atPath: path, contents: nil),
                let handle = FileHandle(forWritingAtPath: path)
            else { throw Failure("\(path) cannot be written.", .cannotCreate) }
            try await imports.writeRefusals(of: record.id, brand: brand.id) { try handle.write(contentsOf: Data($0)) }
            try handle.close()
            return path
        }

        private struct Outcome: Encodable {
            let importID: ID<Import>
            let state: String
            let lines: Int
            let added: Int
            let changed: Int
            let unchanged: Int
            let refused: Int
            let refusals: String?
        }

        private func show(_ record: ImportRecord, refusals: String?) throws {
            let outcome = Outcome(
                importID: record.id, state: record.state.rawValue, lines: record.lines, added: record.added,
                changed: record.changed, unchanged: record.unchanged, refused: record.refused, refusals: refusals)
            if output.json { return Terminal.say(try Terminal.json(outcome)) }
            Terminal.say(
                Terminal.table(
                    ["import", "state", "lines", "new", "changed", "known", "refused"],
                    [
                        [
                            "\(outcome.importID)", outcome.state, "\(outcome.lines)", "\(outcome.added)",
                            "\(outcome.changed)", "\(outcome.unchanged)", "\(outcome.refused)",
                        ]
                    ]))
        }
    }
}

extension ImportFormat: ExpressibleByArgument {}

/// The bytes of a file, a piece at a time.
struct FileChunks: AsyncSequence, Sendable {
    typealias Element = [UInt8]
    let handle: FileHandle

    struct Iterator: AsyncIteratorProtocol {
        /// Large enough that reading is not what costs, small beside the memory of a process.
        private static let bytes = 256 * 1024
        let handle: FileHandle

        mutating func next() async throws -> [UInt8]? {
            let data = try handle.read(upToCount: Self.bytes)
            return data.flatMap { $0.isEmpty ? nil : [UInt8]($0) }
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(handle: handle) }
}
