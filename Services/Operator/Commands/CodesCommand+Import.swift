import ArgumentParser
import Codes
import Crypto
import Foundation
import Hosting
import Kernel
import Keys
import Postgres

extension CodesCommand {
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Loads a file of codes that somebody else made.",
            discussion: """
                The file is CSV with the first line `code` or `index,code`; with --origin marketcode it is a package of WeChat's \
                一物一碼, opened with --wechat-key-file. Wrong lines refuse the file, each by its number, and nothing is loaded. \
                The same command again goes on where it was killed. What is loaded is not active: see `siyu codes activate`.
                """)
        @Argument(help: "The file.") var file: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "Who made the codes: \(CodeOrigin.allCases.map(\.rawValue).joined(separator: " or ")).")
        var origin = CodeOrigin.file
        @Option(help: "The file with the 16 characters that WeChat sent for its packages.") var wechatKeyFile: String?
        @Option(help: "How many codes were promised; a file with another number is refused.") var count: Int64?
        @Option(help: "The file of prizes; no prizes if not given.") var prizes: String?
        @Option(help: "The code or the id of the shop they are for; all shops if not given.") var shop: String?
        @Option(help: "The id of the product they are printed on; any product if not given.")
        var product: IDArgument<Kernel.Product>?
        @Option(help: "A name for this wish, so that it can be repeated; made of the file if not given.")
        var requestID: String?
        @Option(help: "What people call the batch.") var label: String = "Codes"
        @OptionGroup var facts: FactsOptions
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        /// WeChat's packages have 50,000 codes; this is many times that.
        private static let packageBytesMax = 64 << 20

        func validate() throws {
            guard wechatKeyFile == nil || origin == .marketcode else {
                throw ValidationError("--wechat-key-file goes with --origin marketcode")
            }
        }

        func run() async throws {
            let ring = try keys.ring()
            let wanted = try prizes.map {
                try PrizeFile.prizes(String(decoding: CodesCommand.read($0), as: UTF8.self))
            }
            guard FileManager.default.isReadableFile(atPath: file) else {
                throw Failure("\(file) cannot be read.", .noInput)
            }
            let source = try source()
            let outcome = try await database.withPool { pool in
                let request = MintRequest(
                    brand: brand.id, requestID: try await request(source), count: 0, prizes: wanted ?? [], label: label,
                    shop: try await CodesCommand.shop(shop, brand: brand.id, on: pool), product: product?.id,
                    facts: facts.facts)
                return try await CodeImporting(pool: pool, keys: ring).load(
                    CodeImportRequest(batch: request, origin: origin, expected: count), from: source,
                    author: CodesCommand.author
                ) { Terminal.progress("\($0) codes") }
            }
            Terminal.endProgress()
            switch outcome {
            case .loaded(let batch, _, let isNew): try output.show([batch], isNew: isNew)
            case .refused(let report):
                for refusal in report.refusals { Terminal.complain("line \(refusal.line): \(refusal.why)") }
                throw Failure("\(report.refusalsCount) lines of \(file) are wrong: nothing is loaded.")
            }
        }

        /// The same file has the same name, so that the command itself can be repeated.
        private func request(_ source: any CodeSource) async throws -> String {
            if let requestID { return requestID }
            var hash = SHA256()
            try await source.read { hash.update(data: $0) }
            return "import-" + hash.finalize().prefix(16).map { String(format: "%02x", $0) }.joined()
        }

        private func source() throws -> any CodeSource {
            let url = URL(filePath: file)
            guard let wechatKeyFile else { return CodeFileOnDisk(url) }
            let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
            guard size <= Self.packageBytesMax else {
                throw Failure("\(file) is larger than any package of codes.", .noInput)
            }
            let key = String(decoding: try CodesCommand.read(wechatKeyFile), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            return CodeBytes(try CodePackage.open(Array(CodesCommand.read(file)), key: key))
        }
    }
}

extension CodeOrigin: ExpressibleByArgument {}
