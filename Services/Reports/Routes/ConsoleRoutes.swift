import Audit
import FoundationEssentials
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Jobs
import Kernel
import NIOCore
import Postgres
import Reporting

/// `GET /jobs`: the queue's console, pages for those who run the installation.
struct ConsoleRoutes: Sendable {
    /// The queue that acts.
    let queue: JobQueue
    /// The queue that looks, over few connections that give up soon: the page must never hurt the database.
    let looking: JobQueue
    let pages: StaffPages
    /// Where acts are written down.
    let pool: Pool

    /// Where the console begins.
    static let path = "/jobs"
    private static let stylesheet = "/jobs.css?v=\(ConsoleStyle.version)"

    /// Adds the routes.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.get("jobs.css") { _, _ in
            Response(
                status: .ok,
                headers: [
                    .contentType: BoardStyle.mediaType, .cacheControl: "public, max-age=31536000, immutable",
                ],
                body: .init(byteBuffer: ByteBuffer(string: ConsoleStyle.css)))
        }
        let staff = router.group().add(middleware: ConsoleNotices()).add(middleware: pages.requireOperations)
        staff.get("jobs") { request, context in
            let parameters = request.uri.queryParameters
            guard let state = parameters["state"].flatMap({ JobState(rawValue: String($0)) }) else {
                return try await overview(request, context)
            }
            return try await list(state, request, context)
        }
        staff.get("jobs/audit") { request, context in try await audit(request, context) }
        staff.get("jobs/redrive") { request, context in try await dryRun(request, context) }
        staff.post("jobs/redrive") { request, context in try await redrive(request, context) }
        staff.get("jobs/rules") { request, context in try await rules(request, context) }
        staff.get("jobs/pause") { request, context in try await pausing(request, context) }
        staff.post("jobs/pause") { request, context in try await pause(request, context) }
        staff.post("jobs/pauses/{id}/resume") { request, context in try await resume(request, context) }
        staff.get("jobs/{id}") { request, context in try await job(request, context) }
        staff.post("jobs/{id}/retry") { request, context in try await retry(request, context) }
        staff.post("jobs/{id}/cancel") { request, context in try await cancel(request, context) }
    }

    // MARK: Looking

    /// The parts of the overview are read side by side, and one that takes too long is left out.
    private func overview(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        var options = try options(request, context)
        options.refresh = request.text("refresh").flatMap { Int($0) }.flatMap { (5...3_600).contains($0) ? $0 : nil }
        options.outcome = ConsoleOutcome(said: request.text("said"), count: request.text("count"))
        var readings = ConsoleReadings(at: Date())
        // First and alone: what stands still on purpose must be seen whatever else is slow.
        readings.pauses = try await inTime { try await looking.pauses() }
        async let queues = inTime { try await looking.statistics() }
        async let throughput = inTime { try await looking.throughput() }
        async let discarded = inTime {
            try await looking.discarded(
                JobRedriveFilter(from: Date(timeIntervalSinceNow: -86_400)), limit: 1_000
            ).jobs
        }
        readings.queues = try await queues
        readings.throughput = try await throughput
        readings.discarded = try await discarded
        return try page(ConsolePage(readings, options))
    }

    /// Nil where the database did not answer in time: the page says so, and shows the rest.
    private func inTime<Value: Sendable>(_ read: @escaping @Sendable () async throws -> Value) async throws -> Value? {
        do {
            return try await bounded(read)
        } catch let problem as Problem where problem == .tooSlow {
            return nil
        }
    }

    /// Reads as long as somebody can be kept waiting.
    ///
    /// Each statement is cancelled after two seconds by the pool; this bounds what consists of several.
    private func bounded<Value: Sendable>(
        within limit: Duration = .seconds(3), _ read: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                do {
                    return try await read()
                } catch let error as PostgresError where error.isSlowness {
                    throw Problem.tooSlow
                }
            }
            group.addTask {
                try await Task.sleep(for: limit)
                throw Problem.tooSlow
            }
            guard let value = try await group.next() else { throw Problem.tooSlow }
            return value
        }
    }

    private func list(_ state: JobState, _ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let filter = filter(state, request)
        let after = request.text("after")
        let (part, queues) = try await bounded {
            (try await jobs(filter, after: after), try await looking.queues())
        }
        return try page(
            ConsolePage(
                part, filter, after: after, queues: queues, now: Date(), try options(request, context)))
    }

    private func jobs(_ filter: ConsoleFilter, after: String?) async throws -> ConsoleJobs {
        let limit = 50
        switch filter.state {
        case .running:
            let page = try await looking.running(queue: filter.queue, after: cursor(after), limit: limit)
            return ConsoleJobs(page.jobs, next: page.next)
        case .discarded:
            let page = try await looking.discarded(filter.discarded, after: cursor(after), limit: limit)
            return ConsoleJobs(page, next: page.next.map { "\($0)" })
        case .ready, .waiting, .completed:
            let place = try after.map { try JobID($0).orBadCursor() }
            let page = try await looking.page(
                JobFilter(state: filter.state, queue: filter.queue, kind: filter.kind), after: place,
                newestFirst: filter.state == .completed, limit: limit)
            return ConsoleJobs(page, next: page.next.map { "\($0)" })
        }
    }

    private func cursor(_ text: String?) throws(Problem) -> JobCursor? {
        guard let text else { return nil }
        guard let cursor = JobCursor(text) else { throw .invalid("`after` is no place in this list.") }
        return cursor
    }

    private func job(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let id = try id(context)
        guard let job = try await bounded({ try await looking.job(id) }) else {
            throw Problem.notFound("There is no such job any more.")
        }
        var options = try options(request, context)
        options.outcome = ConsoleOutcome(said: request.text("said"), count: request.text("count"))
        return try page(ConsolePage(job, now: Date(), options))
    }

    private func audit(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let before = request.text("before").flatMap { Int64($0) }
        let limit = 50
        let entries = try await bounded { try await looking.audit(limit: limit + 1, after: before) }
        return try page(
            ConsolePage(
                auditing: Array(entries.prefix(limit)), before: before, hasMore: entries.count > limit,
                try options(request, context)))
    }

    /// When schedules fire next, and how far quotas are used: each part read by itself, and left out if that takes too long.
    private func rules(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        var readings = ConsoleRuleReadings(afterSchedule: request.text("schedule"), afterQuota: request.text("quota"))
        let (schedule, quota) = (readings.after.schedule ?? "", readings.after.quota ?? "")
        let limit = ConsoleRuleReadings.limit + 1
        async let schedules = inTime { try await looking.schedules(after: schedule, limit: limit) }
        async let quotas = inTime { try await looking.quotas(after: quota, limit: limit) }
        readings.schedules = try await schedules
        readings.quotas = try await quotas
        return try page(ConsolePage(readings, try options(request, context)))
    }

    /// The form must be there when the database is too slow to tell what to choose from: then it offers what it was asked for.
    private func pausing(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let scope = try scope { request.text($0) }
        async let queues = inTime { try await looking.queues() }
        async let quotas = inTime { try await looking.quotaNames() }
        return try page(
            ConsolePage(
                pausing: scope, queues: try await queues ?? [], quotas: try await quotas ?? [],
                options(request, context)))
    }

    private func scope(_ field: (String) -> String?) throws(Problem) -> JobPauseScope {
        var scope = JobPauseScope(queue: field("queue"), kind: field("kind"), quota: field("quota"))
        if let brand = field("brand") {
            guard let id = UUID(uuidString: brand) else {
                throw .invalid("The brand is named by its id, a UUID.", code: "bad_brand")
            }
            scope.brand = id
        }
        return scope
    }

    private func dryRun(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let options = try options(request, context)
        let filter = filter(.discarded, request)
        // Counting everything on the way to the form would be work that nobody asked for.
        var report: JobRedriveReport?
        if filter.isNarrow {
            report = try await bounded(within: .seconds(8)) {
                try await looking.redrive(
                    filter.bounded, dryRun: true, author: "siyu-reports", reason: "counted before a redrive")
            }
        }
        let queues = try await bounded { try await looking.queues() }
        return try page(ConsolePage(redriving: filter, report, queues: queues, options))
    }

    // MARK: Acting

    private func pause(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let (form, act) = try await act(request, context)
        let scope = try scope { form[$0].flatMap { $0.nonEmpty } }
        guard scope != JobPauseScope() else {
            throw Problem.invalid("Name at least one: a queue, a kind, a brand, a quota.", code: "scope_missing")
        }
        let span = form["span"].flatMap(ConsolePauseSpan.init(rawValue:)) ?? .open
        _ = try await refusing {
            try await queue.pause(scope, reason: act.reason, author: act.author, lasting: span.duration)
        }
        return back(request, ConsoleOutcome(.paused))
    }

    private func resume(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let (_, act) = try await act(request, context)
        guard let id = Int64(try context.parameters.require("id")) else { throw Problem.notFound() }
        let freed = try await refusing {
            try await queue.resume(pause: id, author: act.author, reason: act.reason)
        }
        return back(request, ConsoleOutcome(freed == nil ? .notResumed : .resumed))
    }

    private func retry(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let (_, act) = try await act(request, context)
        let id = try id(context)
        let isDone = try await refusing { try await queue.retry(id, author: act.author, reason: act.reason) }
        return back(request, ConsoleOutcome(isDone ? .retried : .notRetried), to: "\(Self.path)/\(id)")
    }

    private func cancel(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let (_, act) = try await act(request, context)
        let id = try id(context)
        let ended = try await refusing { try await queue.cancel([id], author: act.author, reason: act.reason) }
        let outcome = ConsoleOutcome(
            ended.stopping.isEmpty ? ended.cancelled.isEmpty ? .notCancelled : .cancelled : .asked)
        return back(request, outcome, to: "\(Self.path)/\(id)")
    }

    private func redrive(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let (form, act) = try await act(request, context)
        var filter = ConsoleFilter(state: .discarded)
        filter.queue = form["queue"].flatMap(\.nonEmpty)
        filter.kind = form["kind"].flatMap(\.nonEmpty)
        filter.reason = form["why"].flatMap(DiscardReason.init(rawValue:))
        guard filter.isNarrow else {
            throw Problem.invalid("Choose at least one condition: a queue, a kind, a reason.", code: "filter_missing")
        }
        guard let rate = form["rate"].flatMap({ Int($0) }), (1...10_000).contains(rate) else {
            throw Problem.invalid("The rate is a whole number from 1 to 10,000.", code: "bad_rate")
        }
        let bounded = filter.bounded
        let report = try await refusing {
            try await queue.redrive(
                bounded, dryRun: false, perSecond: Double(rate), author: act.author, reason: act.reason)
        }
        return back(request, ConsoleOutcome(.redriven, count: report.redriven))
    }

    /// The fields of a form, with who sent it and why: nobody acts without a reason.
    private func act(
        _ request: Request, _ context: SiyuRequestContext
    ) async throws -> (form: [String: String], act: (author: String, reason: String)) {
        let author = try context.requireOperations().name
        let form = try await pages.requireCSRF(request, context)
        guard let reason = form["reason"].flatMap(\.nonEmpty), reason.count <= 300 else {
            throw Problem.invalid("Say why, in 1 to 300 characters: the audit keeps it.", code: "reason_missing")
        }
        // Before it is done: what the queue refuses then was tried all the same.
        let details = form.filter { !["csrf", "reason"].contains($0.key) && !$0.value.isEmpty }
            .map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        let act = ManualAct(
            author: author, act: "\(request.method.rawValue) \(context.endpointPath ?? "")",
            subject: context.parameters.get("id") ?? "", reason: reason, details: details)
        try await pool.transaction { tx in
            _ = try await AuditTrail.note(act, brand: AuditTrail.installation, on: tx)
        }
        return (form, (author, reason))
    }

    /// What the queue refuses, as a problem that its reader can mend.
    private func refusing<Value: Sendable>(_ act: () async throws -> Value) async throws -> Value {
        do {
            return try await act()
        } catch JobError.unknownQueue {
            throw Problem.invalid("There is no queue of this name.", code: "unknown_queue")
        } catch JobError.unknownKind {
            throw Problem.invalid("There is no kind of this name: no job of it was ever pushed.", code: "unknown_kind")
        } catch JobError.unknownQuota {
            throw Problem.invalid("There is no quota of this name.", code: "unknown_quota")
        } catch JobError.refused(let words) {
            throw Problem.invalid(words)
        }
    }

    private func back(_ request: Request, _ outcome: ConsoleOutcome, to path: String = Self.path) -> Response {
        let language = request.text("lang").flatMap(Language.init(rawValue:)).map { "lang=\($0.rawValue)&" } ?? ""
        let count = outcome.count > 0 ? "&count=\(outcome.count)" : ""
        return .redirect(to: "\(path)?\(language)said=\(outcome.kind.rawValue)\(count)", type: .normal)
    }

    // MARK: Requests and answers

    private func id(_ context: SiyuRequestContext) throws -> JobID {
        guard let id = JobID(try context.parameters.require("id")) else { throw Problem.notFound() }
        return id
    }

    private func filter(_ state: JobState, _ request: Request) -> ConsoleFilter {
        ConsoleFilter(
            state: state, queue: request.text("queue"), kind: request.text("kind"),
            reason: request.text("reason").flatMap(DiscardReason.init(rawValue:)))
    }

    private func options(_ request: Request, _ context: SiyuRequestContext) throws -> ConsoleOptions {
        ConsoleOptions(
            language: request.language, csrfToken: context.session?.csrfToken,
            person: try context.requireOperations().name, stylesheet: Self.stylesheet)
    }

    private func page(_ page: ConsolePage) throws -> Response { ConsoleNotices.response(try page.html(), .ok) }

    fileprivate static func notice(_ problem: Problem, _ request: Request) throws -> Response {
        let options = ConsoleOptions(language: request.language, stylesheet: stylesheet)
        return ConsoleNotices.response(
            try ConsolePage(problem, options).html(), .init(code: problem.status))
    }
}

/// Shows problems as pages: whoever meets them here is a person.
private struct ConsoleNotices: RouterMiddleware {
    func handle(
        _ request: Request, context: SiyuRequestContext,
        next: @concurrent (Request, SiyuRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem where problem.status < 500 || problem == .tooSlow {
            return try ConsoleRoutes.notice(problem, request)
        }
    }

    static func response(_ html: String, _ status: HTTPResponse.Status) -> Response {
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .vary: "Accept-Language, Cookie",
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "same-origin" }
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: html)))
    }
}

extension ConsoleFilter {
    fileprivate var isNarrow: Bool { queue != nil || kind != nil || reason != nil }

    fileprivate var discarded: JobRedriveFilter { JobRedriveFilter(queue: queue, kind: kind, reason: reason) }

    fileprivate var bounded: JobRedriveFilter {
        var filter = discarded
        filter.limit = ConsolePage.redriveMax
        return filter
    }
}

extension Problem {
    fileprivate static let tooSlow = Problem(
        status: 503, code: "too_slow", title: "Too slow",
        detail: "The database did not answer within 2 seconds and was not waited for. "
            + "Look again later, or choose less.")
}

extension PostgresError {
    /// Whether the database, or a connection to it, was not to be had in time.
    fileprivate var isSlowness: Bool {
        switch code {
        case .timedOut, .poolExhausted: true
        case .server(let state): state == .queryCancelled || state == .lockNotAvailable
        default: false
        }
    }
}

extension Request {
    /// A parameter of the address; nil where it is missing or empty.
    fileprivate func text(_ name: String) -> String? {
        uri.queryParameters[Substring(name)].map(String.init).flatMap(\.nonEmpty)
    }

    fileprivate var language: Language { Language(asked: text("lang"), accepted: headers[.acceptLanguage]) }
}

extension String {
    /// The text without blanks around it; nil if nothing is left.
    fileprivate var nonEmpty: String? {
        let text = Substring(self).trimmingPrefix(while: \.isWhitespace)
        return text.isEmpty ? nil : String(text)
    }
}

extension Optional {
    fileprivate func orBadCursor() throws(Problem) -> Wrapped {
        guard let self else { throw .invalid("`after` is no place in this list.") }
        return self
    }
}

extension JobID {
    fileprivate init?(_ text: String) {
        guard let id = UUID(uuidString: text) else { return nil }
        self.init(rawValue: id)
    }
}
