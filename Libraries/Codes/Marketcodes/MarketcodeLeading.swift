import FoundationEssentials
package import Jobs
import Kernel
package import Keys
import Logging
import Postgres
import WeChat

/// Leads wishes for WeChat's codes to their end: one call in each run of a job.
///
/// A run reads what is to be done and counts the call, commits, calls, and keeps what came of it together with the next job. Whoever is
/// killed in between leaves a wish behind of which the same step is taken again.
package struct MarketcodeLeading: Sendable {
    /// How many codes share a transaction.
    package static let sliceCodes = 10_000
    /// One package: a minute to fetch it, as much again to load it.
    private static let timeout = Duration.seconds(300)

    private let queue: JobQueue
    private let providers: any MarketcodeProviders
    private let keys: KeyRing
    private let sliceCodes: Int
    private let progress: Progress

    /// Hears how many codes of a wish are here.
    package typealias Progress = @Sendable (Int64) async throws -> Void

    /// Wishes through whoever `providers` names.
    package init(
        queue: JobQueue, providers: any MarketcodeProviders, keys: KeyRing,
        sliceCodes: Int = MarketcodeLeading.sliceCodes, progress: @escaping Progress = { _ in }
    ) {
        self.progress = progress
        self.queue = queue
        self.providers = providers
        self.keys = keys
        self.sliceCodes = max(1, sliceCodes)
    }

    /// Tells the queue how the jobs of WeChat's codes are done; the process must work the queue `marketcodes`.
    package func register() {
        let retries = ExponentialJitter.exponentialJitter(
            maxAttempts: 100, minBackoff: .seconds(1), maxBackoff: .seconds(600))
        queue.registerJob(parameters: CodeApplicationLead.self, retryStrategy: retries, timeout: Self.timeout) {
            job, context in try await lead(job, in: context)
        }
        queue.registerJob(parameters: CodeActivationLead.self, retryStrategy: retries, timeout: Self.timeout) {
            job, context in try await activate(job, in: context)
        }
    }

    // MARK: Applications

    /// A wish, what it needs, and what is known about it.
    private struct Begun: Sendable {
        let application: CodeApplicationRecord
        let call: CodeApplicationCall
        let importRow: ImportRow?
        let chunks: [MarketcodeChunk]
    }

    private func lead(_ job: CodeApplicationLead, in context: JobContext) async throws {
        let begun = try await context.transaction { tx in try await begin(job, on: tx) }
        guard let begun else { return try await context.complete { _ in } }
        if begun.call == .finish { return try await finish(job, in: context) }
        let news = try await ask(begun, brand: job.brand, in: context)
        let outcome = try await context.complete { tx in try await settle(job, news, on: tx) }
        tell(outcome, of: begun.application, in: context)
    }

    /// Counts the call before it is made; nil if none is needed, or another job has taken this step.
    private func begin(_ job: CodeApplicationLead, on tx: Transaction) async throws -> Begun? {
        let (clock, found) = try await tx.pipeline(
            BatchStatements.clock(), MarketcodeStatements.lock(job.application, brand: job.brand))
        guard let now = clock.first, let application = found.first else {
            throw JobFailure.permanent("there is no such application for codes")
        }
        guard application.step == job.step else { return nil }
        let (row, chunks) = try await known(of: application, brand: job.brand, on: tx)
        guard let call = CodeApplicationLife.call(for: application.sight(row, chunks)) else { return nil }
        try await tx.execute(MarketcodeStatements.countCall(of: application.id, brand: job.brand, now: now))
        return Begun(application: application, call: call, importRow: row, chunks: chunks)
    }

    private func known(
        of application: CodeApplicationRecord, brand: ID<Brand>, on tx: Transaction
    ) async throws -> (ImportRow?, [MarketcodeChunk]) {
        guard application.importID != nil else { return (nil, []) }
        let (rows, chunks) = try await tx.pipeline(
            ImportStatements.find(application.requestID, brand: brand),
            MarketcodeStatements.chunks(of: application.id, brand: brand))
        return (rows.first, chunks)
    }

    /// Calls WeChat, and loads what it sends.
    private func ask(_ begun: Begun, brand: ID<Brand>, in context: JobContext) async throws -> CodeApplicationNews {
        let application = begun.application
        guard let access = try await access(of: brand) else {
            return .failed(.refused, "the brand's service account cannot be read: siyu codes marketcode account")
        }
        guard access.appid == application.appid else {
            return .failed(
                .refused,
                "the codes were applied for by the service account \(application.appid), and the brand has another now")
        }
        var fetched: (package: [UInt8], chunk: MarketcodeChunk)
        do throws(WeChatAPIError) {
            switch begun.call {
            case .apply:
                return .accepted(
                    try await access.provider.apply(count: application.count, ownID: application.ownID))
            case .ask:
                let standing = try await access.provider.application(ownID: application.ownID)
                guard standing.id == application.wechatID else {
                    return .failed(.refused, "WeChat now says that the application is \(standing.id)")
                }
                return .standing(isFinished: standing.isFinished, chunks: standing.chunks)
            case .fetch(let chunk):
                fetched = (try await access.provider.download(chunk, of: application.wechatID ?? ""), chunk)
            case .finish: return .finished
            }
        } catch {
            return .failed(MarketcodeFault(error), String(error.description.prefix(Self.wordMax)))
        }
        let package: MarketcodePackage
        do {
            package = try await MarketcodePackage(
                fetched.package, key: access.packageKey, chunk: fetched.chunk, base: begun.chunks.first?.first ?? 0)
        } catch let problem as Problem {
            return .failed(.refused, String(problem.detail.prefix(Self.wordMax)))
        }
        return try await load(package, into: begun.importRow, brand: brand, in: context)
    }

    private static let wordMax = 200

    private func access(of brand: ID<Brand>) async throws -> MarketcodeAccess? {
        do {
            return try await providers.marketcode(of: brand)
        } catch is KeysError {
            return nil
        }
    }

    /// Decides under the wish's lock, and keeps the decision with everything that follows from it.
    private func settle(
        _ job: CodeApplicationLead, _ news: CodeApplicationNews, on tx: Transaction
    ) async throws -> CodeApplicationOutcome? {
        let (clock, found) = try await tx.pipeline(
            BatchStatements.clock(), MarketcodeStatements.lock(job.application, brand: job.brand))
        guard let now = clock.first, let application = found.first else {
            throw JobFailure.permanent("there is no such application for codes")
        }
        // Somebody began another round meanwhile: theirs is the next step.
        guard application.step == job.step else { return nil }
        let (row, chunks) = try await known(of: application, brand: job.brand, on: tx)
        guard let outcome = CodeApplicationLife.decide(application.sight(row, chunks), news, now: now) else {
            return nil
        }
        var importID: ID<CodeImport>?
        if !outcome.chunks.isEmpty {
            importID = try await beginImport(of: application, brand: job.brand, now: now, on: tx)
            try await tx.execute(
                MarketcodeStatements.addChunks(outcome.chunks, of: application.id, brand: job.brand))
        }
        var wechatID: String?
        if case .accepted(let id) = news, outcome.stage == .generating { wechatID = id }
        let step = try await tx.one(
            MarketcodeStatements.save(
                outcome, of: application.id, wechatID: wechatID, importID: importID, brand: job.brand, now: now))
        if let delay = outcome.callAfter {
            try await queue.push(
                CodeApplicationLead(brand: job.brand, application: application.id, step: step),
                options: JobOptions(delay: delay > .zero ? delay : nil, brand: job.brand.rawValue), on: tx)
        }
        return outcome
    }

    private func tell(
        _ outcome: CodeApplicationOutcome?, of application: CodeApplicationRecord, in context: JobContext
    ) {
        guard let outcome, outcome.needsAttention else { return }
        context.logger.error(
            "A wish for codes of WeChat needs a person: siyu codes marketcode show tells more.",
            metadata: ["application": "\(application.id)", "stage": "\(outcome.stage.rawValue)"])
    }

    // MARK: Loading

    /// The import that the codes of a wish go into.
    private func beginImport(
        of application: CodeApplicationRecord, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> ID<CodeImport> {
        let row = ImportRow(
            id: .mint(), batch: .mint(), requestHash: application.requestHash, fileHash: application.requestHash,
            codes: application.count, loaded: 0, state: .loading)
        let inserted = try await tx.run(
            ImportStatements.insert(
                row, requestID: application.requestID, origin: .marketcode, form: .marketcode, brand: brand,
                author: application.author, now: now))
        guard !inserted.isEmpty else {
            throw JobFailure.permanent("another file was imported under the name of this wish")
        }
        return row.id
    }

    /// Puts those codes of a package in that are not here yet, some thousands a transaction.
    private func load(
        _ package: MarketcodePackage, into row: ImportRow?, brand: ID<Brand>, in context: JobContext
    ) async throws -> CodeApplicationNews {
        guard let row else { return .failed(.refused, "the import of its codes is gone") }
        var next = row.loaded
        while package.indexes.contains(next) {
            let slice = next..<min(next + Int64(sliceCodes), package.indexes.upperBound)
            do {
                let isPut = try await context.transaction { tx in
                    try await put(slice, of: package, into: row, brand: brand, on: tx)
                }
                // Given up, or taken over: what stands in the database says so.
                guard isPut else { break }
            } catch is Elsewhere {
                try await refuse(row, brand: brand)
                return .failed(
                    .refused,
                    "a code of the package from \(package.indexes.lowerBound) on is in another batch of the brand, or there twice"
                )
            }
            next = slice.upperBound
            try await progress(next)
        }
        return .loaded(next)
    }

    /// Rolls a slice back.
    private struct Elsewhere: Error {}

    private func put(
        _ slice: Range<Int64>, of package: MarketcodePackage, into row: ImportRow, brand: ID<Brand>, on tx: Transaction
    ) async throws -> Bool {
        let now = try await tx.one(BatchStatements.clock())
        // First, so that whoever is slower waits here and not within the codes.
        let taken = try await tx.run(
            ImportStatements.advance(row.id, from: slice.lowerBound, to: slice.upperBound, brand: brand, now: now))
        guard !taken.isEmpty else { return false }
        let codes = slice.map { (hash: ImportedCodes.hash(package[$0], brand: brand, keys: keys), index: $0) }
        let put = try await tx.run(ImportStatements.insertCodes(codes, batch: row.batch, brand: brand))
        guard put.count == codes.count else { throw Elsewhere() }
        return true
    }

    /// Gives the import up, and removes what it has loaded.
    private func refuse(_ row: ImportRow, brand: ID<Brand>) async throws {
        try await queue.pool.transaction { tx in
            let now = try await tx.one(BatchStatements.clock())
            _ = try await tx.run(
                ImportStatements.move(row.id, from: .loading, to: .refused, brand: brand, now: now))
        }
        try await UnfinishedImports.removeLeftovers(brand: brand, chunkCodes: sliceCodes, on: queue.pool)
    }

    // MARK: Finishing

    private func finish(_ job: CodeApplicationLead, in context: JobContext) async throws {
        do {
            try await context.complete { tx in try await bringBatch(job, on: tx) }
        } catch let problem as Problem where problem.status != 503 {
            let news = CodeApplicationNews.failed(.refused, String(problem.detail.prefix(Self.wordMax)))
            let outcome = try await context.complete { tx in try await settle(job, news, on: tx) }
            if outcome != nil {
                context.logger.error(
                    "WeChat's codes are here, and their batch cannot be: siyu codes marketcode show tells more.",
                    metadata: ["application": "\(job.application)", "code": "\(problem.code)"])
            }
        }
    }

    /// Brings the batch into being, in the commit that ends the wish.
    private func bringBatch(_ job: CodeApplicationLead, on tx: Transaction) async throws {
        let (clock, found) = try await tx.pipeline(
            BatchStatements.clock(), MarketcodeStatements.lock(job.application, brand: job.brand))
        guard let now = clock.first, let application = found.first, let importID = application.importID else {
            throw JobFailure.permanent("there is no such application for codes, or nothing of it is here")
        }
        guard application.step == job.step else { return }
        guard let row = try await tx.first(ImportStatements.lock(importID, brand: job.brand)), row.state == .loading,
            row.loaded == row.codes, row.codes == application.count
        else {
            throw Problem.conflict("Its import was given up: siyu codes marketcode retry begins it anew.")
        }
        let minted = try await tx.run(BatchStatements.minted(application.requestID, brand: job.brand))
        guard minted.isEmpty else {
            throw Problem.conflict("Another batch was minted under the name \(application.requestID).")
        }
        let wish = try StoredWish(columnText: application.wish).batch(of: application, brand: job.brand)
        _ = try await Minting.write(
            wish, as: row.batch, hash: row.requestHash, prizes: try PrizeTable(wish.prizes, count: wish.count),
            author: application.author, keys: keys, now: now, on: tx)
        let moved = try await tx.run(
            ImportStatements.move(row.id, from: .loading, to: .loaded, brand: job.brand, now: now))
        let outcome = CodeApplicationLife.decide(application.sight(row, []), .finished, now: now)
        guard !moved.isEmpty, let outcome else { throw Problem.unavailable() }
        _ = try await tx.one(
            MarketcodeStatements.save(
                outcome, of: application.id, wechatID: nil, importID: nil, brand: job.brand, now: now))
    }

    // MARK: Activations

    private struct Activating: Sendable {
        let activation: CodeActivationRecord
        let call: CodeActivationCall
        let activity: MarketcodeActivity
        /// The codes by WeChat's index.
        let codes: MarketcodeChunk
        let application: CodeApplicationRecord
    }

    private func activate(_ job: CodeActivationLead, in context: JobContext) async throws {
        let begun = try await context.transaction { tx in try await begin(job, on: tx) }
        guard let begun else { return try await context.complete { _ in } }
        let news = try await ask(begun, brand: job.brand)
        let outcome = try await context.complete { tx in try await settle(job, begun, news, on: tx) }
        guard let outcome, outcome.needsAttention else { return }
        context.logger.error(
            "Codes that WeChat should activate need a person: siyu codes marketcode show tells more.",
            metadata: ["activation": "\(job.activation)", "stage": "\(outcome.stage.rawValue)"])
    }

    /// Says before the call that it may have been made; nil if none is needed, or another job has taken this step.
    private func begin(_ job: CodeActivationLead, on tx: Transaction) async throws -> Activating? {
        let (clock, found) = try await tx.pipeline(
            BatchStatements.clock(), MarketcodeStatements.lockActivation(job.activation, brand: job.brand))
        guard let now = clock.first, let activation = found.first else {
            throw JobFailure.permanent("there is no such activation")
        }
        guard activation.step == job.step, let call = CodeActivationLife.call(for: activation.stage) else {
            return nil
        }
        let (applications, chunks) = try await tx.pipeline(
            MarketcodeStatements.application(activation.application, brand: job.brand),
            MarketcodeStatements.chunks(of: activation.application, brand: job.brand))
        guard let application = applications.first, let base = chunks.first?.first else {
            throw JobFailure.permanent("there is no such application for codes")
        }
        try await tx.execute(
            MarketcodeStatements.markCalled(
                activation.id, as: call == .send ? .sent : activation.stage, brand: job.brand, now: now))
        let codes = MarketcodeChunk(
            first: base + activation.indexes.lowerBound, last: base + activation.indexes.upperBound - 1)
        return Activating(
            activation: activation, call: call, activity: try MarketcodeActivity(columnText: activation.activityText),
            codes: codes, application: application)
    }

    private func ask(_ begun: Activating, brand: ID<Brand>) async throws -> CodeActivationNews {
        guard let access = try await access(of: brand), access.appid == begun.application.appid,
            let application = begun.application.wechatID
        else {
            return .failed(
                .notSent,
                "the service account \(begun.application.appid) of these codes cannot be read: siyu codes marketcode account"
            )
        }
        do throws(WeChatAPIError) {
            switch begun.call {
            case .send:
                try await access.provider.activate(begun.codes, of: application, for: begun.activity)
                return .taken
            case .ask:
                let code = try await access.provider.code(at: begun.codes.first, of: application)
                return .standing(code.activity, code.activated)
            }
        } catch {
            return .failed(MarketcodeFault(error), String(error.description.prefix(Self.wordMax)))
        }
    }

    private func settle(
        _ job: CodeActivationLead, _ begun: Activating, _ news: CodeActivationNews, on tx: Transaction
    ) async throws -> CodeActivationOutcome? {
        let (clock, found) = try await tx.pipeline(
            BatchStatements.clock(), MarketcodeStatements.lockActivation(job.activation, brand: job.brand))
        guard let now = clock.first, let activation = found.first else {
            throw JobFailure.permanent("there is no such activation")
        }
        guard activation.step == job.step else { return nil }
        let sight = CodeActivationSight(
            stage: activation.stage, activity: begun.activity, codes: begun.codes, attempts: activation.attempts)
        guard let outcome = CodeActivationLife.decide(sight, begun.call, news) else { return nil }
        let step = try await tx.one(
            MarketcodeStatements.save(outcome, of: activation.id, brand: job.brand, now: now))
        if let delay = outcome.callAfter {
            try await Marketcodes.push(
                activation, step: step, after: delay > .zero ? delay : nil, brand: job.brand, queue, tx)
        }
        return outcome
    }
}

extension CodeApplicationRecord {
    func sight(_ row: ImportRow?, _ chunks: [MarketcodeChunk]) -> CodeApplicationSight {
        CodeApplicationSight(
            stage: stage, count: count, attempts: attempts, since: createdAt, chunks: chunks,
            loaded: row?.loaded ?? 0, isDropped: row?.state == .refused)
    }
}
