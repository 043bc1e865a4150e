package import FoundationEssentials
package import Jobs
package import Kernel
package import Postgres
package import WeChat

/// What operators wish of WeChat's codes; jobs do it.
package enum Marketcodes {
    /// A wish for codes as it stands, with what was activated of them.
    package struct View: Sendable {
        /// The wish.
        package let application: CodeApplicationRecord
        /// How many codes are here.
        package let loaded: Int64
        /// The batch; nil until the last code is here.
        package let batch: CodeBatchRecord?
        /// What is activated at WeChat, or on its way.
        package let activations: [CodeActivationRecord]
    }

    /// Wishes for codes; asking again under the same name changes nothing.
    ///
    /// - Returns: The wish, and whether it is new.
    /// - Throws: ``Problem`` 422 for a wish that makes no sense, 409 for a name that came with another wish, or a brand without a service
    ///   account, 404 for a brand that is not there.
    package static func apply(
        _ request: CodeApplicationRequest, author: String, queue: JobQueue
    ) async throws -> (application: CodeApplicationRecord, isNew: Bool) {
        try request.check()
        var checked = request
        checked.batch.facts = try checked.batch.facts.checked()
        let wish = checked
        // Prizes that make no sense are refused now, not when the codes are here.
        _ = try PrizeTable(wish.batch.prizes, count: wish.batch.count)
        // Before the transaction, which else might wait for a second connection.
        try await queue.prepare(CodeApplicationLead.self)
        let made = try await queue.pool.transaction { tx in try await add(wish, author: author, queue: queue, on: tx) }
        if made.isNew { await queue.wake(CodeApplicationLead.jobQueue) }
        return made
    }

    private static func add(
        _ wish: CodeApplicationRequest, author: String, queue: JobQueue, on tx: Transaction
    ) async throws -> (application: CodeApplicationRecord, isNew: Bool) {
        let brand = wish.batch.brand
        let requestID = wish.batch.requestID
        let (clock, brands, minted) = try await tx.pipeline(
            BatchStatements.clock(), BatchStatements.brand(brand), BatchStatements.minted(requestID, brand: brand))
        guard let now = clock.first, !brands.isEmpty else { throw Problem.notFound("There is no such brand.") }
        if let known = try await tx.first(MarketcodeStatements.application(requestID, brand: brand)) {
            return (try same(known, as: wish), false)
        }
        let imported = try await tx.run(ImportStatements.find(requestID, brand: brand))
        guard minted.isEmpty, imported.isEmpty else { throw Problem.wishTaken(requestID) }
        guard let account = try await tx.first(MarketcodeStatements.account(of: brand))?.0 else {
            throw Problem.noMarketcodeAccount
        }
        try await Minting.requirePayable(wish.batch.prizes, brand: brand, now: now, on: tx)
        _ = try await PrizeTable(wish.batch.prizes, count: wish.batch.count).bound(to: brand, on: tx)
        let id = ID<CodeApplication>.mint()
        let added = try await tx.run(
            MarketcodeStatements.add(
                wish, wish: try StoredWish(wish.batch).columnText(), as: id, appid: account.appid, author: author,
                now: now))
        guard let application = try await tx.first(MarketcodeStatements.application(requestID, brand: brand)) else {
            throw Problem.unavailable()
        }
        if added.isEmpty { return (try same(application, as: wish), false) }
        try await queue.push(
            CodeApplicationLead(brand: brand, application: id, step: 1), options: JobOptions(brand: brand.rawValue),
            on: tx)
        return (application, true)
    }

    private static func same(
        _ known: CodeApplicationRecord, as wish: CodeApplicationRequest
    ) throws(Problem) -> CodeApplicationRecord {
        guard known.requestHash == wish.hash else { throw .wishTaken(known.requestID) }
        return known
    }

    // MARK: Activating

    /// Has codes activated at WeChat, and activates them here in the same commit; asking again changes nothing.
    ///
    /// - Parameters:
    ///   - indexes: The codes by our index; nil for all.
    ///   - range: From when until when they may be redeemed; nil to leave that to `siyu codes activate`.
    /// - Returns: The activation, and whether it is new.
    /// - Throws: ``Problem`` 409 for codes that are not here yet, that are activated for something else, or that must not live.
    package static func activate(
        _ indexes: Range<Int64>?, of requestID: String, for activity: MarketcodeActivity,
        within range: (from: Date?, to: Date?)?, brand: ID<Brand>, author: String, queue: JobQueue
    ) async throws -> (activation: CodeActivationRecord, isNew: Bool) {
        if let flaw = activity.flaw { throw Problem.invalid(flaw, code: "activity_malformed") }
        let text = try activity.columnText()
        try await queue.prepare(CodeActivationLead.self)
        let made = try await queue.pool.transaction { tx -> (CodeActivationRecord, Bool) in
            let application = try await locked(requestID, brand: brand, on: tx)
            guard application.stage == .loaded,
                let batch = try await tx.first(ImportStatements.find(requestID, brand: brand))?.batch
            else {
                throw Problem.conflict(
                    "The codes of \(requestID) are not here yet: see siyu codes marketcode show.", code: "not_loaded")
            }
            let indexes = indexes ?? 0..<application.count
            guard indexes.lowerBound >= 0, !indexes.isEmpty, indexes.upperBound <= application.count else {
                throw Problem.invalid(
                    "The range must lie in the batch: from 0 up to \(application.count), the end not included.",
                    code: "range_outside_batch")
            }
            let known = try await tx.run(MarketcodeStatements.activations(of: application.id, brand: brand))
            if let same = known.first(where: { $0.indexes == indexes && $0.activityText == text }) {
                return (same, false)
            }
            if let other = known.first(where: { $0.indexes.overlaps(indexes) }) {
                throw Problem.conflict(
                    "The codes \(other.indexes.lowerBound)..\(other.indexes.upperBound) are activated at WeChat already, or about to be; WeChat knows no second activation.",
                    code: "range_overlaps")
            }
            if let range {
                let command = RangeCommand(
                    kind: .activate, indexes: indexes, validFrom: range.from, validTo: range.to)
                let outcome = try await Ranges.decide(command, batch: batch, brand: brand, author: author, on: tx)
                if case .refused(let problem) = outcome { throw problem }
            }
            let now = try await tx.one(BatchStatements.clock())
            let activation = try await tx.one(
                MarketcodeStatements.addActivation(
                    indexes, for: text, as: .mint(), of: application.id, brand: brand, author: author, now: now))
            try await push(activation, step: activation.step, after: nil, brand: brand, queue, tx)
            return (activation, true)
        }
        if made.1 { await queue.wake(CodeActivationLead.jobQueue) }
        return made
    }

    static func push(
        _ activation: CodeActivationRecord, step: Int64, after delay: Duration?, brand: ID<Brand>, _ queue: JobQueue,
        _ tx: Transaction
    ) async throws {
        try await queue.push(
            CodeActivationLead(brand: brand, activation: activation.id, step: step),
            options: JobOptions(delay: delay, brand: brand.rawValue), on: tx)
    }

    private static func locked(
        _ requestID: String, brand: ID<Brand>, on tx: Transaction
    ) async throws -> CodeApplicationRecord {
        guard let known = try await tx.first(MarketcodeStatements.application(requestID, brand: brand)),
            let application = try await tx.first(MarketcodeStatements.lock(known.id, brand: brand))
        else { throw Problem.notFound("The brand has not asked WeChat for codes under the name \(requestID).") }
        return application
    }

    // MARK: Looking

    /// A wish as it stands; nil if there is none of this name.
    package static func view(
        _ requestID: String, brand: ID<Brand>, on executor: some Executor
    ) async throws -> View? {
        guard let application = try await executor.first(MarketcodeStatements.application(requestID, brand: brand))
        else { return nil }
        return try await view(application, brand: brand, on: executor)
    }

    /// The wishes of a brand, the newest first.
    package static func views(
        limit: Int = 100, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [View] {
        var views: [View] = []
        for application in try await executor.run(MarketcodeStatements.applications(limit: limit, brand: brand)) {
            views.append(try await view(application, brand: brand, on: executor))
        }
        return views
    }

    private static func view(
        _ application: CodeApplicationRecord, brand: ID<Brand>, on executor: some Executor
    ) async throws -> View {
        let row = try await executor.first(ImportStatements.find(application.requestID, brand: brand))
        var batch: CodeBatchRecord?
        if application.stage == .loaded, let row {
            batch = try await CodeBatchRecord.find(row.batch, brand: brand, on: executor)
        }
        return View(
            application: application, loaded: application.importID == nil ? 0 : row?.loaded ?? 0, batch: batch,
            activations: try await executor.run(MarketcodeStatements.activations(of: application.id, brand: brand)))
    }

    // MARK: Trying again

    /// Starts another round of calls for whatever of a wish is not at its end: the wish itself, or its activations.
    ///
    /// An activation that may have arrived is asked about first; one that WeChat refused is sent again.
    ///
    /// - Throws: ``Problem`` 404 for a wish that is not there, 409 where nothing is left to do.
    package static func retry(_ requestID: String, brand: ID<Brand>, queue: JobQueue) async throws {
        try await queue.prepare(CodeApplicationLead.self)
        try await queue.prepare(CodeActivationLead.self)
        try await queue.pool.transaction { tx in
            let application = try await locked(requestID, brand: brand, on: tx)
            let now = try await tx.one(BatchStatements.clock())
            guard application.stage == .loaded else {
                return try await revive(application, brand: brand, now: now, queue, tx)
            }
            let open = try await tx.run(MarketcodeStatements.activations(of: application.id, brand: brand))
                .filter { $0.stage != .active }
            guard !open.isEmpty else {
                throw Problem.conflict("Nothing of \(requestID) is left to do.", code: "nothing_to_do")
            }
            for activation in open {
                guard
                    let current = try await tx.first(
                        MarketcodeStatements.lockActivation(activation.id, brand: brand)), current.stage != .active
                else { continue }
                let stage: CodeActivationStage =
                    current.stage == .refused || current.stage == .requested ? .requested : .unknown
                let step = try await tx.one(
                    MarketcodeStatements.revive(current.id, as: stage, brand: brand, now: now))
                try await push(current, step: step, after: nil, brand: brand, queue, tx)
            }
        }
        await queue.wake(CodeApplicationLead.jobQueue)
    }

    private static func revive(
        _ application: CodeApplicationRecord, brand: ID<Brand>, now: Date, _ queue: JobQueue, _ tx: Transaction
    ) async throws {
        var stage = application.stage
        if stage == .refused {
            stage =
                application.wechatID == nil ? .requested : application.importID == nil ? .generating : .loading
        }
        if let id = application.importID, let row = try await tx.first(ImportStatements.lock(id, brand: brand)),
            row.state == .refused
        {
            guard row.loaded == 0 else {
                throw Problem.conflict(
                    "The codes that were here are still being removed: run siyu codes imports drop \(application.requestID) first.",
                    code: "import_being_removed")
            }
            _ = try await tx.run(ImportStatements.move(id, from: .refused, to: .loading, brand: brand, now: now))
        }
        let step = try await tx.one(MarketcodeStatements.revive(application.id, as: stage, brand: brand, now: now))
        try await queue.push(
            CodeApplicationLead(brand: brand, application: application.id, step: step),
            options: JobOptions(brand: brand.rawValue), on: tx)
    }
}

extension Problem {
    static let noMarketcodeAccount = Problem.conflict(
        "The brand has no service account at WeChat: add it with siyu codes marketcode account.",
        code: "marketcode_account_missing")

    fileprivate static func wishTaken(_ id: String) -> Problem {
        .conflict(
            "The request \(id) came with another wish before: use a new id for new codes.",
            code: ProblemCode.idempotencyMismatch)
    }
}

extension MarketcodeActivity {
    private static let textMax = 100
    private static let pathMax = 256

    /// What WeChat would not take; nil if nothing is to be seen.
    package var flaw: String? {
        for (text, word) in [(name, "activity"), (brand, "product's brand"), (title, "product's title")] {
            guard (1...Self.textMax).contains(text.unicodeScalars.count),
                text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
            else { return "The \(word) has 1 to \(Self.textMax) characters." }
        }
        guard GS1.gtin(ean) != nil else {
            return "The EAN has 8, 12, 13 or 14 digits, the last of which is its check digit."
        }
        guard (1...64).contains(appid.utf8.count), appid.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
            return "The mini program is named by its appid."
        }
        guard (1...Self.pathMax).contains(path.utf8.count), path.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
            return "The page of the mini program has 1 to \(Self.pathMax) characters, without spaces."
        }
        return nil
    }
}
