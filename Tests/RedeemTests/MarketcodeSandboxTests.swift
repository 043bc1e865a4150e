import AsyncHTTPClient
import Codes
import Foundation
import Hosting
import JobTesting
import Jobs
import Kernel
import Keys
import Logging
import NIOCore
import NIOHTTP1
import Postgres
import Sandbox
import TestSupport
import Testing
import WeChat

/// WeChat's codes against siyu-sandbox: the whole road over HTTP, with its faults.
@Suite struct MarketcodeSandboxTests {
    private static let count: Int64 = 10_000
    private static let activity = MarketcodeActivity(
        name: "春茶节", brand: "私域", title: "龙井 250 g", ean: "6901234567892", appid: "wxmini", path: "pages/scan")
    private static let faults: [String: Double] = ["time_out_after_work": 0.12, "server_error": 0.12, "refuse": 0.12]

    @Test func c01_marketcodesOfTheSandbox_areLoadedActivatedAndRedeemedOnce_thoughItFailsAThirdOfTheCalls()
        async throws
    {
        try await MarketcodeSandbox.serve { sandbox in
            try await RedeemBundle.serve { bundle in
                try await sandbox.send("PUT", "/sandbox/faults", ["seed": 11, "hold_ms": 50, "rates": Self.faults])
                try await load(bundle, sandbox)

                let desk = JobQueue(pool: bundle.db.pool(as: .operator), logger: .silent)
                _ = try await Marketcodes.activate(
                    nil, of: "spring", for: Self.activity, within: (nil, nil), brand: bundle.brand, author: "test",
                    queue: desk)
                try await work(bundle) { $0.activations.allSatisfy { $0.stage == .active } }

                let book = try await sandbox.send("GET", "/sandbox/book", nil)
                #expect(book["code_applications"] as? Int == 1 && book["code_activations"] as? Int == 1)
                #expect(book["codes_active"] as? Int == Int(Self.count))
                #expect((book["faults"] as? [String: Int] ?? [:]).values.reduce(0, +) > 3, "\(book)")
                #expect(try await bundle.count("codes.imported_code") == Int(Self.count))
                #expect(try await bundle.count("codes.code_range WHERE batch_id <> '\(bundle.batch.record.id)'") == 1)
                try await scan(bundle, sandbox)
            }
        }
    }

    /// Applies, and works one job a process until the batch is there.
    private func load(_ bundle: RedeemBundle, _ sandbox: MarketcodeSandbox) async throws {
        let pool = bundle.db.pool(as: .operator)
        _ = try await pool.transaction { tx in
            try await MarketcodeAccounts.set(sandbox.credentials, brand: bundle.brand, keys: bundle.keys, on: tx)
        }
        let batch = MintRequest(
            brand: bundle.brand, requestID: "spring", count: Self.count, prizes: RedeemBundle.prizes, label: "春")
        _ = try await Marketcodes.apply(
            CodeApplicationRequest(batch: batch), author: "test", queue: JobQueue(pool: pool, logger: .silent))
        try await work(bundle) { $0.application.stage == .loaded }
    }

    /// Works one job in each process, which is gone after it, token and all; waits pass in no time.
    private func work(_ bundle: RedeemBundle, until isDone: (Marketcodes.View) -> Bool) async throws {
        let pool = bundle.db.pool(as: .ingest)
        for _ in 0..<300 {
            let queue = JobQueue(pool: pool, logger: .silent)
            let accounts = MarketcodeAccounts(pool: pool, keys: bundle.keys)
            MarketcodeLeading(queue: queue, providers: accounts, keys: bundle.keys, sliceCodes: 1_000).register()
            let tester = JobTester(queue, queues: [CodeApplicationLead.jobQueue], clock: bundle.db.owner)
            let runs = try await tester.drain { _ in true }
            // Cancelled at once: it closes its connections.
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    do { try await accounts.run() } catch { Issue.record("\(error)") }
                }
                group.cancelAll()
            }
            let view = try #require(try await Marketcodes.view("spring", brand: bundle.brand, on: pool))
            if isDone(view) { return }
            #expect(view.application.attentionSince == nil, "\(view)")
            if runs.isEmpty {
                try await tester.advance(by: .seconds(600))
                try await lettingPass(.milliseconds(20))
            }
        }
        Issue.record("It took too long.")
    }

    /// Scans with WeChat: the hook brings tickets.
    private func scan(_ bundle: RedeemBundle, _ sandbox: MarketcodeSandbox) async throws {
        let number = try #require(
            try await Marketcodes.view("spring", brand: bundle.brand, on: bundle.db.pool(as: .operator))?.application
                .wechatID.flatMap { Int64($0) })
        // The service looks for new batches every second; whoever was wrong too often would have to pause.
        var early = 0
        try await eventually(every: .milliseconds(300)) {
            early += 1
            let (body, _) = try await ticket(number, 0, "early-\(early)", sandbox)
            return try await bundle.send(body).outcome != nil
        }
        let before = try await bundle.count("codes.redemption")
        for index in [Int64(17), 4_999, 5_000, 9_999] {
            let (body, code) = try await ticket(number, index, "o\(index)", sandbox)
            var answer = try await bundle.send(body, id: "scan-\(index)")
            for _ in 0..<40 where answer.status != 200 {
                #expect(answer.status == 503 && answer.code == "ticket_unavailable", "\(answer)")
                #expect(answer.header("retry-after") != nil)
                answer = try await bundle.send(body, id: "scan-\(index)")
            }
            #expect(["won", "no_prize"].contains(answer.outcome ?? ""), "\(answer)")
            // The same delivery, the same bytes: nobody is asked again.
            #expect(try await bundle.send(body, id: "scan-\(index)").body == answer.body)
            // What was redeemed is the code of that symbol.
            #expect(try await bundle.scan(code, by: "o\(index)").outcome == "redeemed_by_you")
            #expect(try await bundle.scan(code, by: "another").outcome == "already_redeemed")
        }
        #expect(try await bundle.count("codes.redemption") == before + 4)

        try await sandbox.send("PUT", "/sandbox/faults", [:])
        try await sandbox.send("POST", "/sandbox/tokens/expire", [:])
        let (fresh, _) = try await ticket(number, 20, "fresh", sandbox)
        #expect(try await bundle.send(fresh).status == 200, "a token that was taken away is replaced")
        try await refuse(bundle, sandbox, number)
    }

    private func refuse(_ bundle: RedeemBundle, _ sandbox: MarketcodeSandbox, _ number: Int64) async throws {
        let before = try await bundle.count("codes.redemption")
        let (body, code) = try await ticket(number, 21, "o21", sandbox)
        #expect(try await bundle.send(body.replacing("o21", with: "o22")).status == 404)
        #expect(try await bundle.send(#"{"code_ticket":"none","openid":"o23"}"#).status == 404)
        for wrong in [
            #"{"code":"\#(code)","code_ticket":"t","openid":"o21"}"#, #"{"openid":"o21"}"#,
            #"{"code_ticket":7,"openid":"o21"}"#,
        ] {
            #expect(try await bundle.send(wrong).status == 400, "\(wrong)")
        }
        try await sandbox.send("PUT", "/sandbox/faults", ["rates": ["server_error": 1], "operations": ["code_ticket"]])
        let away = try await bundle.send(body)
        #expect(away.status == 503 && away.header("retry-after") != nil && away.code == "ticket_unavailable")
        // Codes that were read are redeemed as ever.
        #expect(try await bundle.scan(bundle.code(1), by: "o21").status == 200)
        #expect(try await bundle.count("codes.redemption") == before + 1)
        try await sandbox.send("PUT", "/sandbox/faults", [:])
        #expect(try await bundle.send(body).outcome != nil)
    }

    /// The body of a hook after a scan with WeChat, and the code behind it.
    private func ticket(
        _ number: Int64, _ index: Int64, _ openid: String, _ sandbox: MarketcodeSandbox
    ) async throws -> (body: String, code: String) {
        let answer = try await sandbox.send(
            "POST", "/sandbox/codes/scan", ["application_id": number, "index": index, "openid": openid])
        let ticket = try #require(answer["code_ticket"] as? String)
        return (#"{"code_ticket":"\#(ticket)","openid":"\#(openid)"}"#, try #require(answer["code"] as? String))
    }
}

/// siyu-sandbox on a free port, with the credentials of a service account.
private struct MarketcodeSandbox {
    let credentials: MarketcodeCredentials

    static func serve(_ body: (MarketcodeSandbox) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-sandbox-\(ID<CodeBatch>.mint())")
            .path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var settings = ServiceSettings(name: "siyu-sandbox", port: 0)
        settings.environment = .development
        settings.adminPort = 0
        settings.sandboxState = folder
        var options = SandboxOptions()
        options.codesTime = .milliseconds(200)
        options.packageCodes = 2_500
        let application = try Sandbox.build(settings, logger: .silent, options: options)
        let (ready, continuation) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await ServiceRunner(application: application, registry: PrometheusRegistry(), logger: .silent)
                    .run { continuation.yield($0.api) }
            }
            guard await ready.first(where: { _ in true }) != nil else { return try await group.waitForAll() }
            let file = try Data(contentsOf: URL(filePath: folder).appending(path: "marketcode.json"))
            try await body(
                MarketcodeSandbox(credentials: JSONDecoder().decode(MarketcodeCredentials.self, from: file)))
            group.cancelAll()
        }
    }

    /// A request to the stand-in's own controls.
    @discardableResult
    func send(_ method: String, _ path: String, _ body: [String: Any]?) async throws -> [String: Any] {
        var request = HTTPClientRequest(url: credentials.baseURL + path)
        request.method = .init(rawValue: method)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: body)))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let answer = try await response.body.collect(upTo: 1 << 20)
        #expect(response.status == .ok, "\(String(buffer: answer))")
        return try JSONSerialization.jsonObject(with: Data(answer.readableBytesView)) as? [String: Any] ?? [:]
    }
}
