import Crypto
import FoundationEssentials
import Kernel
package import Keys
package import Postgres

/// Who made the codes of a file.
package enum CodeOrigin: String, Sendable, CaseIterable {
    /// A printer, or the brand's own machine: what stands on the pack is what is scanned.
    case file
    /// WeChat's 一物一碼: what is scanned is a ticket, and the code comes from WeChat.
    case marketcode
}

/// A wish for the codes of a file.
package struct CodeImportRequest: Sendable {
    /// What a batch is asked for by; its count is the file's.
    package var batch: MintRequest
    /// Who made the codes.
    package var origin: CodeOrigin
    /// How many codes were promised; nil if nobody said.
    package var expected: Int64?

    /// A wish in its parts.
    package init(batch: MintRequest, origin: CodeOrigin = .file, expected: Int64? = nil) {
        self.batch = batch
        self.origin = origin
        self.expected = expected
    }

    var format: CodeFileFormat { origin == .marketcode ? .marketcode : .csv }

    /// What tells two wishes of one name apart, the file's bytes being part of the wish.
    func hash(of file: CodeFile) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("siyu-import-1\n\(origin.rawValue)\n".utf8) + batch.hash + file.hash)
        return Array(hash.finalize())
    }
}

/// What becomes of a file of codes.
package enum CodeImportOutcome: Sendable {
    /// All of it is loaded: the batch, what is in the file, and whether this call finished it.
    case loaded(CodeBatchRecord, CodeFile, isNew: Bool)
    /// Lines are wrong: nothing is loaded.
    case refused(CodeFile)
}

/// Loads files of codes that somebody else made.
///
/// A file is read through first and refused by its lines. Then its codes go in, a transaction for each ten thousand, and with the last of
/// them the batch: until then none of them is a code. Killed anywhere, the same request goes on where it was; two processes with the same
/// request share the work. What cannot be loaded after all is removed again.
package struct CodeImporting: Sendable {
    /// How many codes share a transaction.
    package static let chunkCodes = 10_000
    /// With prizes, a guess must meet so many bits at least: those of our own codes.
    package static let bitsMin = 80.0

    /// Hears how many codes stand in the database.
    package typealias Progress = (Int64) async throws -> Void

    private let pool: Pool
    private let keys: KeyRing
    private let chunkCodes: Int

    /// Loads into the database of `pool`.
    package init(pool: Pool, keys: KeyRing, chunkCodes: Int = CodeImporting.chunkCodes) {
        self.pool = pool
        self.keys = keys
        self.chunkCodes = max(1, chunkCodes)
    }

    /// Loads a file, or the rest of it.
    ///
    /// - Throws: ``Problem`` 422 for a wish that makes no sense, or for prizes on codes that can be guessed; 409 for a request's id that came
    ///   with another wish or file; 404 for a brand that is not there.
    package func load(
        _ wish: CodeImportRequest, from source: some CodeSource, author: String, progress: Progress = { _ in }
    ) async throws -> CodeImportOutcome {
        let file = try await CodeFile.read(source, format: wish.format, count: wish.expected)
        guard file.isRight else { return .refused(file) }
        var wish = wish
        wish.batch.count = file.codes
        try wish.batch.check()
        wish.batch.facts = try wish.batch.facts.checked()
        let prizes = try PrizeTable(wish.batch.prizes, count: file.codes)
        guard prizes.tiers.isEmpty || wish.origin == .marketcode || file.bits >= Self.bitsMin else {
            throw Problem.invalid(
                "A guess must meet \(Int(Self.bitsMin)) bits where codes win prizes, these have \(Int(file.bits)) at most: import them without prizes, or have longer codes made.",
                code: "codes_too_guessable")
        }
        let brand = wish.batch.brand
        try await UnfinishedImports.removeLeftovers(brand: brand, chunkCodes: chunkCodes, on: pool)
        let row = try await begin(wish, file, author: author)
        if row.state == .loading {
            let found = try await fill(row, wish, file, source, progress)
            if !found.isEmpty { return .refused(file.refused(found)) }
        }
        let (batch, isNew) = try await finish(row, wish, prizes, author: author)
        return .loaded(batch, file, isNew: isNew)
    }

    // MARK: Beginning

    /// The import of a request: a new one, or the one that was begun before.
    private func begin(_ wish: CodeImportRequest, _ file: CodeFile, author: String) async throws -> ImportRow {
        let hash = wish.hash(of: file)
        let brand = wish.batch.brand
        let requestID = wish.batch.requestID
        return try await pool.transaction { tx in
            let (clock, brands, minted) = try await tx.pipeline(
                BatchStatements.clock(), BatchStatements.brand(brand), BatchStatements.minted(requestID, brand: brand))
            guard let now = clock.first, !brands.isEmpty else { throw Problem.notFound("There is no such brand.") }
            if let earlier = minted.first, earlier.hash != hash { throw Problem.requestTaken(requestID) }
            if minted.isEmpty {
                try await Minting.requirePayable(wish.batch.prizes, brand: brand, now: now, on: tx)
            }
            let new = ImportRow(
                id: .mint(), batch: .mint(), requestHash: hash, fileHash: file.hash, codes: file.codes, loaded: 0,
                state: .loading)
            let inserted = try await tx.run(
                ImportStatements.insert(
                    new, requestID: requestID, origin: wish.origin, form: file.form, brand: brand, author: author,
                    now: now))
            if !inserted.isEmpty { return new }
            // A statement of its own: it sees what the insert waited for.
            guard let known = try await tx.first(ImportStatements.find(requestID, brand: brand)),
                let earlier = try await tx.first(ImportStatements.lock(known.id, brand: brand))
            else { throw Problem.unavailable() }
            guard earlier.fileHash == file.hash else {
                throw Problem.conflict(
                    "The request \(requestID) came with another file before: use a new id for a new file.",
                    code: ProblemCode.idempotencyMismatch)
            }
            guard earlier.requestHash == hash else { throw Problem.requestTaken(requestID) }
            guard earlier.state == .refused else { return earlier }
            // What it was refused for may be gone; its codes are, or the leftovers of another process would say so.
            guard earlier.loaded == 0 else { throw Problem.unavailable() }
            try await tx.execute(
                ImportStatements.move(earlier.id, from: .refused, to: .loading, brand: brand, now: now))
            return ImportRow(
                id: earlier.id, batch: earlier.batch, requestHash: hash, fileHash: file.hash, codes: earlier.codes,
                loaded: 0, state: .loading)
        }
    }

    // MARK: Loading

    /// A code on its way in.
    private struct Line: Sendable {
        let line: Int64
        let index: Int64
        let hash: [UInt8]
    }

    /// Puts the codes in that are not there yet.
    ///
    /// - Returns: The lines whose codes are in another batch; then all codes of this import are removed.
    private func fill(
        _ row: ImportRow, _ wish: CodeImportRequest, _ file: CodeFile, _ source: some CodeSource, _ progress: Progress
    ) async throws -> [CodeFileRefusal] {
        let brand = wish.batch.brand
        var hash = SHA256()
        var lines = CodeLines(wish.format)
        var chunk: [Line] = []
        var index: Int64 = 0
        var loaded = row.loaded
        var found: [CodeFileRefusal] = []
        func flush() async throws {
            var rest = chunk[...]
            chunk = []
            while let first = rest.first, let last = rest.last, found.isEmpty {
                switch try await put(Array(rest), of: row, brand: brand) {
                case .put: loaded = last.index + 1
                case .elsewhere(let lines): found = lines
                case .overtaken(let others):
                    guard others > first.index else { throw Problem.unavailable() }
                    loaded = others
                }
                rest = rest.drop { $0.index < loaded }
                try await progress(loaded)
            }
        }
        func take(_ line: Int64, _ entry: CodeLines.Entry) async throws {
            guard case .code(let code) = entry else { return }
            if index >= loaded {
                let text = String(decoding: code, as: UTF8.self)
                chunk.append(Line(line: line, index: index, hash: ImportedCodes.hash(text, brand: brand, keys: keys)))
            }
            index += 1
            if chunk.count >= chunkCodes { try await flush() }
        }
        try await source.read { piece in
            hash.update(data: piece)
            try await lines.read(piece) { try await take($0, $1) }
        }
        try await lines.finish { try await take($0, $1) }
        try await flush()
        let isSame = Array(hash.finalize()) == file.hash && index == file.codes
        if isSame && found.isEmpty { return [] }
        try await refuse(row, brand: brand)
        guard isSame else {
            throw Problem.conflict(
                "The file changed while it was read: nothing is loaded. Repeat the command when it is at rest.",
                code: "file_changed")
        }
        return found
    }

    /// What became of a chunk.
    private enum Putting {
        case put
        /// Some of its codes are in another batch; nothing of the chunk was put in.
        case elsewhere([CodeFileRefusal])
        /// Another process put it in, and is so far.
        case overtaken(Int64)
    }

    private func put(_ chunk: [Line], of row: ImportRow, brand: ID<Brand>) async throws -> Putting {
        guard let first = chunk.first, let last = chunk.last else { return .put }
        do {
            return try await pool.transaction { tx in
                let now = try await tx.one(BatchStatements.clock())
                // First, so that whoever is slower waits here and not within the codes.
                let taken = try await tx.run(
                    ImportStatements.advance(row.id, from: first.index, to: last.index + 1, brand: brand, now: now))
                guard !taken.isEmpty else {
                    guard let now = try await tx.first(ImportStatements.lock(row.id, brand: brand)) else {
                        throw Problem.unavailable()
                    }
                    // Refused by the other process: it removes the codes, and tells its caller why.
                    guard now.state != .refused, now.loaded != first.index else { throw Problem.unavailable() }
                    return .overtaken(now.loaded)
                }
                let put = Set(
                    try await tx.run(
                        ImportStatements.insertCodes(
                            chunk.map { (hash: $0.hash, index: $0.index) }, batch: row.batch, brand: brand)))
                guard put.count == chunk.count else {
                    throw Elsewhere(lines: chunk.filter { !put.contains($0.index) }.map(\.line))
                }
                return .put
            }
        } catch let error as Elsewhere {
            return .elsewhere(
                error.lines.map {
                    CodeFileRefusal(line: $0, why: "the code is in another batch of the brand already")
                })
        }
    }

    /// Rolls a chunk back.
    private struct Elsewhere: Error {
        let lines: [Int64]
    }

    // MARK: Removing

    private func refuse(_ row: ImportRow, brand: ID<Brand>) async throws {
        let moved = try await pool.transaction { tx in
            let now = try await tx.one(BatchStatements.clock())
            return try await tx.run(
                ImportStatements.move(row.id, from: .loading, to: .refused, brand: brand, now: now))
        }
        guard !moved.isEmpty else { throw Problem.unavailable() }
        try await UnfinishedImports.removeLeftovers(brand: brand, chunkCodes: chunkCodes, on: pool)
    }

    // MARK: Finishing

    /// Brings the batch into being.
    private func finish(
        _ row: ImportRow, _ wish: CodeImportRequest, _ prizes: PrizeTable, author: String
    ) async throws -> (batch: CodeBatchRecord, isNew: Bool) {
        let brand = wish.batch.brand
        for _ in 0..<Minting.handleTries {
            do {
                return try await pool.transaction { tx in
                    let (clock, locked, minted) = try await tx.pipeline(
                        BatchStatements.clock(), ImportStatements.lock(row.id, brand: brand),
                        BatchStatements.minted(wish.batch.requestID, brand: brand))
                    guard let now = clock.first, let current = locked.first else { throw Problem.unavailable() }
                    if current.state == .loaded {
                        guard let own = minted.first, let batch = try await CodeBatchRecord.find(own.handle, on: tx)
                        else { throw Problem.unavailable() }
                        return (batch, false)
                    }
                    if !minted.isEmpty { throw Problem.requestTaken(wish.batch.requestID) }
                    guard current.state == .loading, current.loaded == current.codes else {
                        throw Problem.unavailable()
                    }
                    let written = try await Minting.write(
                        wish.batch, as: row.batch, hash: row.requestHash, prizes: prizes, author: author,
                        keys: keys, now: now, on: tx)
                    let moved = try await tx.run(
                        ImportStatements.move(row.id, from: .loading, to: .loaded, brand: brand, now: now))
                    guard !moved.isEmpty, let batch = try await CodeBatchRecord.find(written.handle, on: tx) else {
                        throw Problem.unavailable()
                    }
                    return (batch, true)
                }
            } catch is Minting.HandleTaken {
                continue
            }
        }
        throw CodesError.handlesExhausted
    }
}

extension Problem {
    fileprivate static func requestTaken(_ id: String) -> Problem {
        .conflict(
            "The request \(id) came with another wish before: use a new id for a new batch.",
            code: ProblemCode.idempotencyMismatch)
    }
}
