import ArgumentParser
import Codes
import Foundation
import Hosting
import Kernel
import Postgres

/// What labels are written as.
enum LabelFormat: String, CaseIterable, ExpressibleByArgument {
    /// A drawing for each label.
    case svg
    /// Pages of A4 with 24 labels each.
    case sheet
}

extension CodesCommand {
    struct Label: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Draws the labels of a batch: QR symbols with what stands beside them.",
            discussion: """
                --format svg draws each label into a file of its own; --format sheet writes pages of A4 with 3 × 8 labels of \
                70 × 37 mm, 100 pages a file, which any browser prints, or prints into a PDF. Symbols are as small as their text allows. \
                The same command writes the same bytes again. Who has the files has the codes: they are readable by their owner alone.
                """)
        @Argument(help: "The batch: the first four characters of its codes.") var batch: String
        @Option(help: "svg or sheet.") var format: LabelFormat
        @Option(help: "The folder that the files are written to.") var out: String
        @Option(help: "The codes by index: from..to, the end not included; from.. up to the last; all.")
        var range = "all"
        @Option(help: "How much damage a symbol survives: L 7 %, M 15 %, Q 25 %, H 30 %.") var level = QRLevel.medium
        @Option(
            help: "What a symbol says: the address (url), the address as GS1 Digital Link (gs1), the code alone (code)."
        )
        var content = LabelContent.url
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            let (record, sheet, indexes) = try await database.withPool { pool in
                let record = try await CodesCommand.batch(batch, on: pool)
                let sheet = try LabelSheet(try OpenBatch(record, keys: ring), content: content, level: level)
                let indexes = try CodesCommand.indexes(range, count: record.count)
                try sheet.check(indexes)
                try await pool.transaction { tx in
                    try await KeyUse.record(.mint, of: record, author: CodesCommand.author, on: tx)
                }
                return (record, sheet, indexes)
            }
            let writer = LabelWriter(sheet: sheet, format: format, folder: out, batch: record)
            let files = try await writer.write(indexes, workers: CodesCommand.cores) {
                Terminal.progress("\($0) of \(indexes.count) labels")
            }
            Terminal.endProgress()
            try output.show(
                LabelsWritten(
                    batch: record.handle.description, format: format.rawValue, labels: indexes.count, files: files,
                    folder: out, symbolSays: sheet.text(at: indexes.lowerBound),
                    modules: try sheet.symbol(at: indexes.lowerBound).side))
        }
    }
}

extension QRLevel: ExpressibleByArgument {}
extension LabelContent: ExpressibleByArgument {}

/// Writes labels into files, each of which is whole when it has its name.
private struct LabelWriter {
    /// Files of one label that are drawn by one task.
    private static let drawingsOfTask: Int64 = 240

    let sheet: LabelSheet
    let format: LabelFormat
    let folder: String
    let batch: CodeBatchRecord

    /// Draws on all cores.
    ///
    /// - Parameter progress: Hears how many labels are on the disk.
    /// - Returns: How many files there are.
    func write(_ indexes: Range<Int64>, workers: Int, progress: (Int) -> Void) async throws -> Int {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure("\(folder) cannot be made: choose another folder with --out.", .cannotCreate)
        }
        let length = format == .sheet ? LabelSheet.labelsOfFile : Self.drawingsOfTask
        return try await withThrowingTaskGroup(of: (labels: Int, files: Int).self) { group in
            var next = indexes.lowerBound
            func start(in group: inout ThrowingTaskGroup<(labels: Int, files: Int), any Error>) {
                guard next < indexes.upperBound else { return }
                let piece = next..<min(next + length, indexes.upperBound)
                next = piece.upperBound
                group.addTask { (piece.count, try draw(piece)) }
            }
            for _ in 0..<max(1, workers) { start(in: &group) }
            var (labels, files) = (0, 0)
            while let done = try await group.next() {
                labels += done.labels
                files += done.files
                progress(labels)
                start(in: &group)
            }
            return files
        }
    }

    private func draw(_ indexes: Range<Int64>) throws -> Int {
        switch format {
        case .sheet:
            let name = "\(batch.handle)-\(number(indexes.lowerBound))-\(number(indexes.upperBound - 1)).html"
            try save(sheet.html(indexes), as: name)
            return 1
        case .svg:
            for index in indexes { try save(sheet.svg(at: index), as: "\(batch.handle)-\(number(index)).svg") }
            return indexes.count
        }
    }

    /// As wide as the batch's last index, so that names sort like indexes.
    private func number(_ index: Int64) -> String {
        let digits = String(index)
        return String(repeating: "0", count: max(0, String(batch.count - 1).count - digits.count)) + digits
    }

    private func save(_ text: String, as name: String) throws {
        let path = folder + "/" + name
        let partial = path + ".partial"
        let file = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure(path) }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        do {
            // An older file may have been open to others.
            guard fchmod(file, 0o600) == 0 else { throw failure(path) }
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } catch {
            throw failure(path)
        }
        guard rename(partial, path) == 0 else { throw failure(path) }
    }

    private func failure(_ path: String) -> Failure {
        Failure("\(path) cannot be written: \(String(cString: strerror(errno))).", .cannotCreate)
    }
}

/// What a command drew.
private struct LabelsWritten: Encodable {
    let batch: String
    let format: String
    let labels: Int
    let files: Int
    let folder: String
    let symbolSays: String
    let modules: Int
}

extension OutputOptions {
    fileprivate func show(_ written: LabelsWritten) throws {
        if json { return Terminal.say(try Terminal.json(written)) }
        try show(
            [written], header: ["batch", "labels", "files", "folder", "modules", "the first says"],
            rows: [
                [
                    written.batch, "\(written.labels)", "\(written.files)", written.folder, "\(written.modules)",
                    written.symbolSays,
                ]
            ])
    }
}
