import Foundation
import Hooks
import Kernel
import Postgres
import TestSupport
import Testing

@Suite struct ConsoleTests {
    // MARK: - Who may

    @Test func console_withoutLogin_leadsToLogin() async throws {
        try await ReportsBundle.serve { bundle in
            for path in [
                "/jobs", "/jobs?state=running", "/jobs/audit", "/jobs/rules", "/jobs/redrive", "/jobs/pause?queue=q",
            ] {
                let answer = try await bundle.get(path)
                #expect(answer.status == 303)
                #expect(answer.header("location") == "/login", "\(path)")
            }
            let act = try await bundle.post("/jobs/pause", cookie: "", form: "queue=q&reason=x&csrf=x")
            #expect(act.status == 401)
        }
    }

    @Test func console_ofABrandsKey_isForbidden() async throws {
        try await ReportsBundle.serve { bundle in
            let cookie = try await bundle.session()
            for path in [
                "/jobs", "/jobs?state=discarded", "/jobs/\(UUID())", "/jobs/audit", "/jobs/rules", "/jobs/redrive",
            ] {
                let answer = try await bundle.get(path, cookie: cookie)
                #expect(answer.status == 403, "\(path)")
                #expect(!answer.body.contains("siyu-reports"), "\(path)")
            }
            #expect(try await bundle.post("/jobs/pause", cookie: cookie, form: "queue=q&reason=x").status == 403)
            // A key that was not exchanged for a session opens nothing, whoever holds it.
            #expect(try await bundle.get("/jobs", key: bundle.key()).status == 303)
        }
    }

    @Test func operationsKey_seesTheConsoleAndNoBrand() async throws {
        try await ReportsBundle.serve { bundle in
            let (cookie, token) = try await bundle.operations()

            #expect(try await bundle.get("/jobs", cookie: cookie).status == 200)
            let board = try await bundle.get("/", cookie: cookie)
            #expect(board.status == 303)
            #expect(board.header("location") == "/jobs")
            #expect(try await bundle.get("/v1/reports/overview", key: token).status == 401)
            #expect(try await bundle.get("/v1/reports/overview", cookie: cookie).header("location") == "/jobs")
            #expect(try await bundle.get("/jobs", key: token).header("location") == "/login")
        }
    }

    @Test func operationsKey_revoked_endsItsSession() async throws {
        try await ReportsBundle.serve { bundle in
            let (cookie, _) = try await bundle.operations()
            let key = try #require(try await OperationsKeys.list(on: bundle.db.pool(as: .operator)).first)

            _ = try await OperationsKeys.revoke(key.id, on: bundle.db.pool(as: .operator))

            #expect(try await bundle.get("/jobs", cookie: cookie).header("location") == "/login")
        }
    }

    @Test func login_hasADarkScheme() async throws {
        try await ReportsBundle.serve { bundle in
            let page = try await bundle.get("/login")

            #expect(page.status == 200)
            #expect(page.body.contains("<meta name=\"color-scheme\" content=\"light dark\">"))
            #expect(page.body.contains("prefers-color-scheme: dark"))
        }
    }

    // MARK: - Looking

    @Test func overview_countsQueues_andNeverShowsPayloads() async throws {
        try await ReportsBundle.serve { bundle in
            let jobs = try await Fixture(bundle)
            let (cookie, _) = try await bundle.operations()

            let page = try await bundle.get("/jobs?lang=en&refresh=10", cookie: cookie)

            #expect(page.status == 200)
            #expect(page.header("content-security-policy")?.hasPrefix("default-src 'none'; style-src 'self';") == true)
            #expect(page.header("cache-control") == "no-store")
            for word in ["payments", "refund.request", "3 min", "last try failed", "bank said no", "Redrive…"] {
                #expect(page.body.contains(word), "\(word)")
            }
            #expect(page.body.contains("<meta http-equiv=\"refresh\" content=\"10;url=/jobs?lang=en&amp;refresh=10\">"))
            let still = try await bundle.get("/jobs?lang=en", cookie: cookie)
            #expect(!still.body.contains("http-equiv"))
            let stylesheet = try #require(page.body.text(after: "rel=\"stylesheet\" href=\""))
            #expect(try await bundle.get(stylesheet).header("content-type") == "text/css; charset=utf-8")

            for path in ["", "?state=ready", "?state=running", "?state=waiting", "?state=discarded", "/\(jobs.ready)"] {
                let answer = try await bundle.get("/jobs\(path)", cookie: cookie, language: "zh")
                #expect(answer.status == 200, "\(path)")
                #expect(!answer.body.contains("secret of somebody"), "\(path)")
                #expect(!answer.body.contains("<script") && !answer.body.contains("style="), "\(path)")
                #expect(!answer.body.contains("{{"), "\(path)")
                #expect(answer.body.contains("<html lang=\"zh-CN\">"), "\(path)")
            }
        }
    }

    @Test func lists_showEachState_andGoOnPageByPage() async throws {
        try await ReportsBundle.serve { bundle in
            let jobs = try await Fixture(bundle)
            let (cookie, _) = try await bundle.operations()
            func list(_ query: String) async throws -> String {
                try await bundle.get("/jobs?lang=en&\(query)", cookie: cookie).body
            }

            #expect(try await list("state=ready").contains("\(jobs.ready)".lowercased()))
            let running = try await list("state=running&queue=payments")
            #expect(running.contains("\(jobs.running)".lowercased()))
            #expect(running.contains("siyu-gifts · db1 · 4711"))
            #expect(running.contains("1 min 3"))
            let waiting = try await list("state=waiting")
            #expect(waiting.contains("\(jobs.waiting)".lowercased()))
            #expect(waiting.contains("to be tried again"))
            #expect(try await list("state=ready&queue=elsewhere").contains("No jobs here."))
            #expect(try await list("state=completed").contains("No jobs here."))

            var seen: [String] = []
            var path: String? = "/jobs?lang=en&state=discarded&queue=payments&kind=refund.request&reason=exhausted"
            var pages = 0
            while let here = path {
                let page = try await bundle.get(here, cookie: cookie).body
                seen += page.components(separatedBy: "<small class=\"id\">").dropFirst().map { String($0.prefix(36)) }
                path = page.text(after: "rel=\"next\" href=\"")?.replacing("&amp;", with: "&")
                pages += 1
                try #require(pages < 10)
            }
            #expect(seen == jobs.discarded.map { "\($0)".lowercased() })
            #expect(try await bundle.get("/jobs?state=discarded&after=nonsense", cookie: cookie).status == 422)
        }
    }

    @Test func job_showsItsLifeAndItsErrors() async throws {
        try await ReportsBundle.serve { bundle in
            let jobs = try await Fixture(bundle)
            let (cookie, _) = try await bundle.operations()

            let waiting = try await bundle.get("/jobs/\(jobs.waiting)?lang=en", cookie: cookie)
            #expect(waiting.body.contains("Its last try failed"))
            #expect(waiting.body.contains("no route to the bank"))
            let discarded = try await bundle.get("/jobs/\(jobs.discarded[0])?lang=en", cookie: cookie)
            #expect(discarded.body.contains("bank said no"))
            #expect(discarded.body.contains("Retry this job"))
            #expect(try await bundle.get("/jobs/\(UUID())", cookie: cookie).status == 404)
            #expect(try await bundle.get("/jobs/mine", cookie: cookie).status == 404)
        }
    }

    @Test func overview_whenTheDatabaseIsStuck_saysSoInTimeAndLeavesNothingRunning() async throws {
        try await ReportsBundle.serve { bundle in
            _ = try await Fixture(bundle)
            let (cookie, _) = try await bundle.operations()
            try await bundle.db.owner.transaction { transaction in
                try await transaction.execute(ConsoleStatements.lockDiscarded)

                let start = ContinuousClock.now
                let page = try await bundle.get("/jobs?lang=en", cookie: cookie)
                let list = try await bundle.get("/jobs?lang=en&state=discarded", cookie: cookie)

                #expect(page.status == 200)
                #expect(page.body.contains("The database is too busy"))
                #expect(page.body.contains("Nothing is paused."))
                #expect(list.status == 503)
                #expect(list.body.contains("did not answer within 2 seconds"))
                #expect(ContinuousClock.now - start < .seconds(9))
                #expect(try await bundle.db.owner.one(ConsoleStatements.consoleAtWork) == 0)
            }
        }
    }

    @Test func rules_showSchedulesAndQuotas_pageByPage() async throws {
        try await ReportsBundle.serve { bundle in
            let (cookie, _) = try await bundle.operations()
            let empty = try await bundle.get("/jobs/rules?lang=en", cookie: cookie).body
            #expect(empty.contains("No process has registered a schedule."))
            #expect(empty.contains("No job asked for a quota yet."))
            let queue = try await bundle.db.owner.one(ConsoleStatements.addQueue("payments"))
            let kind = try await bundle.db.owner.one(ConsoleStatements.addKind("refund.request"))
            try await bundle.db.owner.execute(ConsoleStatements.addSchedules(30))
            try await bundle.db.owner.execute(ConsoleStatements.addQuotas(27))
            try await bundle.db.owner.execute(ConsoleStatements.running(of: "quota 01", queue: queue, kind: kind))

            func names(_ page: String, _ word: String) -> [String] {
                page.components(separatedBy: "<th scope=\"row\">").dropFirst().map { String($0.prefix { $0 != "<" }) }
                    .filter { $0.hasPrefix(word) }
            }
            var (schedules, quotas): ([String], [String]) = ([], [])
            var path: String? = "/jobs/rules?lang=en"
            while let here = path {
                let page = try await bundle.get(here, cookie: cookie).body
                schedules += names(page, "schedule")
                if quotas.isEmpty { quotas += names(page, "quota") }
                // The quotas' next part keeps the place among the schedules: that is the other list's link.
                let next = page.text(after: "rel=\"next\" href=\"", containing: "schedule=")
                path = next.flatMap { $0.contains("quota=") ? nil : $0.replacing("&amp;", with: "&") }
                try #require(schedules.count <= 30)
            }
            #expect(schedules == (1...30).map { "schedule \($0 < 10 ? "0" : "")\($0)" })
            #expect(quotas == (1...25).map { "quota \($0 < 10 ? "0" : "")\($0)" })
            let rest = try await bundle.get("/jobs/rules?lang=en&quota=quota%2025", cookie: cookie).body
            #expect(names(rest, "quota") == ["quota 26", "quota 27"])

            let page = try await bundle.get("/jobs/rules?lang=en", cookie: cookie).body
            #expect(page.contains("2126-01-01 08:00:00"))  // when the first one fires next
            #expect(page.contains("Li Wei: stocktaking, since"))
            #expect(page.components(separatedBy: "payments · refund.settle").count == 25 + 1)
            #expect(page.contains("<td data-label=\"In use\" class=\"n late\"><span>1</span></td>"))
            #expect(page.contains("20 a second, 3 after a rest"))
            #expect(page.contains("/jobs/pause?lang=en&amp;quota=quota%2001"))
        }
    }

    // MARK: - Acting

    @Test func acts_needTokenAndReason() async throws {
        try await ReportsBundle.serve { bundle in
            let jobs = try await Fixture(bundle)
            let (cookie, _) = try await bundle.operations()
            let csrf = try await bundle.csrf(cookie)

            for path in ["pause", "pauses/1/resume", "\(jobs.ready)/cancel", "\(jobs.discarded[0])/retry", "redrive"] {
                let forged = try await bundle.post(
                    "/jobs/\(path)", cookie: cookie, form: "csrf=wrong&reason=x&queue=payments&rate=1")
                #expect(forged.status == 403, "\(path)")
                let silent = try await bundle.post(
                    "/jobs/\(path)", cookie: cookie, form: "csrf=\(csrf)&reason=%20&queue=payments&rate=1")
                #expect(silent.status == 422, "\(path)")
            }
            #expect(try await bundle.db.owner.run(ConsoleStatements.audit) == [])
            #expect(try await bundle.db.owner.first(ConsoleStatements.place(of: jobs.ready)) == "hot")
        }
    }

    @Test func queue_pausedAndResumed_isInTheAuditByName() async throws {
        try await ReportsBundle.serve { bundle in
            _ = try await Fixture(bundle)
            let (cookie, _) = try await bundle.operations()
            let csrf = try await bundle.csrf(cookie)

            let paused = try await bundle.post(
                "/jobs/pause?lang=en", cookie: cookie,
                form: "csrf=\(csrf)&queue=payments&span=hour&reason=bank%20is%20down")
            #expect(paused.status == 303)
            #expect(paused.header("location") == "/jobs?lang=en&said=paused")
            let overview = try await bundle.get("/jobs?lang=en&said=paused", cookie: cookie).body
            #expect(overview.contains("Paused."))
            #expect(overview.contains("Li Wei · bank is down"))
            let resume = try #require(overview.text(after: "action=\"", containing: "/jobs/pauses/"))
                .replacing("?lang=en", with: "")

            let resumed = try await bundle.post(resume, cookie: cookie, form: "csrf=\(csrf)&reason=up%20again")
            #expect(resumed.header("location") == "/jobs?said=resumed")
            let again = try await bundle.post(resume, cookie: cookie, form: "csrf=\(csrf)&reason=up%20again")
            #expect(again.header("location") == "/jobs?said=notResumed")

            let audit = try await bundle.db.owner.run(ConsoleStatements.audit)
            #expect(audit.count == 2)
            #expect(audit.first?.hasPrefix("Li Wei|pause|") == true)
            #expect(audit.first?.contains("|bank is down|") == true)
            #expect(audit.last?.hasPrefix("Li Wei|resume|") == true)
            let page = try await bundle.get("/jobs/audit?lang=en", cookie: cookie).body
            #expect(page.contains("bank is down") && page.contains("up again"))
            let unknown = try await bundle.post(
                "/jobs/pause", cookie: cookie, form: "csrf=\(csrf)&queue=nowhere&reason=x")
            #expect(unknown.status == 422)
        }
    }

    @Test func pause_ofAKindABrandAndAQuota_isInTheAuditWithItsScope() async throws {
        try await ReportsBundle.serve { bundle in
            _ = try await Fixture(bundle)
            try await bundle.db.owner.execute(ConsoleStatements.addQuotas(1))
            let (cookie, _) = try await bundle.operations()
            let csrf = try await bundle.csrf(cookie)
            let brand = UUID().uuidString.lowercased()
            func pause(_ scope: String) async throws -> Answer {
                try await bundle.post("/jobs/pause", cookie: cookie, form: "csrf=\(csrf)&reason=down&\(scope)")
            }

            let form = try await bundle.get("/jobs/pause?lang=en&quota=quota%2001&brand=\(brand)", cookie: cookie).body
            #expect(form.contains("<option value=\"quota 01\" selected>"))
            #expect(form.contains("<option value=\"payments\">"))
            #expect(form.contains("name=\"brand\" value=\"\(brand)\""))
            #expect(try await pause("kind=refund.request&span=hour").status == 303)
            #expect(try await pause("brand=\(brand)").status == 303)
            #expect(try await pause("queue=payments&quota=quota%2001&brand=\(brand)&kind=").status == 303)
            #expect(
                try await bundle.db.owner.run(ConsoleStatements.audit).map { $0.components(separatedBy: ": ").last }
                    == [
                        "kind refund.request|down|0", "brand \(brand)|down|0",
                        "queue payments, brand \(brand), quota quota 01|down|0",
                    ])
            let overview = try await bundle.get("/jobs?lang=en", cookie: cookie).body
            #expect(overview.contains("Kind refund.request") && overview.contains("Brand \(brand)"))
            #expect(overview.contains("until somebody resumes it"))

            for wrong in ["queue=&kind=", "kind=nobody.knows", "quota=nobody%20knows", "brand=7"] {
                #expect(try await pause(wrong).status == 422, "\(wrong)")
            }
            #expect(try await bundle.get("/jobs/pause?brand=7", cookie: cookie).status == 422)
            #expect(try await bundle.db.owner.run(ConsoleStatements.audit).count == 3)
        }
    }

    @Test func job_cancelledAndRetried_movesOnce() async throws {
        try await ReportsBundle.serve { bundle in
            let jobs = try await Fixture(bundle)
            let (cookie, _) = try await bundle.operations()
            let csrf = try await bundle.csrf(cookie)
            func act(_ id: UUID, _ what: String) async throws -> String? {
                try await bundle.post("/jobs/\(id)/\(what)", cookie: cookie, form: "csrf=\(csrf)&reason=why")
                    .header("location")?.components(separatedBy: "said=").last
            }

            #expect(try await act(jobs.ready, "cancel") == "cancelled")
            #expect(try await bundle.db.owner.first(ConsoleStatements.place(of: jobs.ready)) == "discarded")
            #expect(try await act(jobs.ready, "cancel") == "notCancelled")
            #expect(try await act(jobs.running, "cancel") == "asked")
            #expect(try await act(jobs.discarded[0], "retry") == "retried")
            #expect(try await act(jobs.discarded[0], "retry") == "notRetried")

            let acts = try await bundle.db.owner.run(ConsoleStatements.audit).map { $0.split(separator: "|")[1] }
            #expect(acts == ["cancel", "cancel", "retry"])
        }
    }

    @Test func redrive_countsFirst_andMovesOnlyWhatFits() async throws {
        try await ReportsBundle.serve { bundle in
            let jobs = try await Fixture(bundle)
            let (cookie, _) = try await bundle.operations()
            let csrf = try await bundle.csrf(cookie)
            let filter = "queue=payments&kind=refund.request"

            let counted = try await bundle.get("/jobs/redrive?lang=en&\(filter)&reason=exhausted", cookie: cookie).body
            #expect(counted.contains("Redrive 120 jobs"))
            #expect(try await bundle.db.owner.first(ConsoleStatements.place(of: jobs.discarded[0])) == "discarded")
            let open = try await bundle.get("/jobs/redrive?lang=en", cookie: cookie).body
            #expect(open.contains("Choose at least one condition.") && !open.contains("name=\"rate\""))

            let done = try await bundle.post(
                "/jobs/redrive", cookie: cookie,
                form: "csrf=\(csrf)&\(filter)&why=exhausted&rate=2&reason=bank%20is%20back")
            #expect(done.header("location") == "/jobs?said=redriven&count=120")
            #expect(try await bundle.db.owner.first(ConsoleStatements.place(of: jobs.discarded[0])) == "later")
            #expect(try await bundle.db.owner.first(ConsoleStatements.place(of: jobs.poison)) == "discarded")
            #expect(
                try await bundle.get("/jobs?lang=en&said=redriven&count=120", cookie: cookie).body.contains("120 jobs"))
            let wide = try await bundle.post("/jobs/redrive", cookie: cookie, form: "csrf=\(csrf)&rate=2&reason=all")
            #expect(wide.status == 422)
            let fast = try await bundle.post(
                "/jobs/redrive", cookie: cookie, form: "csrf=\(csrf)&\(filter)&rate=0&reason=all")
            #expect(fast.status == 422)
        }
    }
}

/// Jobs of every state in the queue `payments`.
private struct Fixture {
    let ready = UUID()
    let running = UUID()
    let waiting = UUID()
    let poison = UUID()
    /// The latest first.
    let discarded = (0..<120).map { _ in UUID() }

    init(_ bundle: ReportsBundle) async throws {
        let db = bundle.db.owner
        let queue = try await db.one(ConsoleStatements.addQueue("payments"))
        let kind = try await db.one(ConsoleStatements.addKind("refund.request"))
        try await db.execute(ConsoleStatements.ready(ready, queue: queue, kind: kind))
        try await db.execute(ConsoleStatements.running(running, queue: queue, kind: kind))
        try await db.execute(ConsoleStatements.waiting(waiting, queue: queue, kind: kind, reason: "retry"))
        try await db.execute(ConsoleStatements.attempt(waiting, run: 1, error: "no route to the bank"))
        try await db.execute(
            ConsoleStatements.discarded(discarded, queue: queue, kind: kind, reason: "exhausted", error: "bank said no")
        )
        try await db.execute(
            ConsoleStatements.discarded([poison], queue: queue, kind: kind, reason: "poison", error: "process lost"))
    }
}

extension ReportsBundle {
    /// The cookie of somebody who runs the installation and has just signed in, and the key that they hold.
    fileprivate func operations() async throws -> (cookie: String, token: String) {
        let token = try await OperationsKeys.create(label: "Li Wei", on: db.pool(as: .operator)).token.revealed
        let answer = try await post("/login", cookie: "", form: "key=\(token)")
        #expect(answer.header("location") == "/jobs")
        return (String(try #require(answer.header("set-cookie")).prefix { $0 != ";" }), token)
    }

    /// The token that the session's forms carry.
    fileprivate func csrf(_ cookie: String) async throws -> String {
        let page = try await get("/jobs", cookie: cookie).body
        return try #require(page.text(after: "name=\"csrf\" value=\""))
    }
}

extension String {
    /// What stands between `start` and the next quotation mark, the first time that it holds `part`.
    fileprivate func text(after start: String, containing part: String = "") -> String? {
        components(separatedBy: start).dropFirst().map { String($0.prefix { $0 != "\"" }) }
            .first { part.isEmpty || $0.contains(part) }
    }
}
