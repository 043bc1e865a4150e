import Foundation
import Hooks
import JobTesting
import Jobs
import Kernel
import Keys
import Postgres
import Synchronization
import TestSupport
import Testing

/// A receiver that a test plays: keeps what it was sent, and answers as the test says.
final class FakeReceiver: HookTransport, Sendable {
    struct Call: Sendable {
        let id: String
        let url: String
        let body: String
        let headers: [String: String]
    }

    private let state = Mutex<[Call]>([])
    private let answer: Mutex<@Sendable (Call) async throws -> HookAnswer>

    init(_ answer: @escaping @Sendable (Call) async throws -> HookAnswer = { _ in .status(204) }) {
        self.answer = Mutex(answer)
    }

    var calls: [Call] { state.withLock { $0 } }

    func now(_ answer: @escaping @Sendable (Call) async throws -> HookAnswer) { self.answer.withLock { $0 = answer } }
    func forget() { state.withLock { $0 = [] } }

    func post(_ request: HookRequest) async throws -> HookAnswer {
        let headers = Dictionary(request.headers.map { ($0.name, $0.value) }) { first, _ in first }
        let call = Call(
            id: headers["webhook-id"] ?? "", url: request.url.text, body: String(decoding: request.body, as: UTF8.self),
            headers: headers)
        state.withLock { $0.append(call) }
        return try await answer.withLock { $0 }(call)
    }
}

/// A brand with one endpoint, something that happens, and a worker that tells of it.
struct Outgoing: Sendable {
    static let known: Set<String> = ["thing.made", "thing.sold", "thing.lost"]

    let db: TestDatabase
    let brand: ID<Brand>
    let keys: KeyRing
    let secret: HookSecret
    let endpoint: ID<HookEndpoint>
    let receiver: FakeReceiver
    let teller: OutgoingHooks
    let emitting: Pool
    let queue: JobQueue
    let tester: JobTester

    static func with(
        _ receiver: FakeReceiver = FakeReceiver(), events: [String] = ["thing.made", "thing.sold"],
        _ body: (Outgoing) async throws -> Void
    ) async throws {
        try await withBrand { db, brand in
            let keys = KeyRing.ephemeral()
            let made = try #require(
                try await HookEndpoints.create(
                    "partner", url: "https://hooks.example.com/siyu", events: events, known: known, brand: brand,
                    keys: keys, on: db.pool(as: .operator)))
            let emitting = db.pool(as: .redeem, connectionsMax: 8)
            let pool = db.pool(as: .ingest)
            let queue = JobQueue(pool: pool, logger: .silent)
            HookSending(pool: pool, keys: keys, transport: receiver, realTime: { .now }).register(on: queue)
            try await body(
                Outgoing(
                    db: db, brand: brand, keys: keys, secret: made.secret, endpoint: made.id, receiver: receiver,
                    teller: OutgoingHooks(queue: JobQueue(pool: emitting, logger: .silent)), emitting: emitting,
                    queue: queue, tester: JobTester(queue, clock: db.owner)))
        }
    }

    func event(
        _ number: Int, _ type: String = "thing.made", lane: String = "one", subject: UUID? = nil
    ) -> OutgoingEvent {
        OutgoingEvent(
            type, subject: subject ?? ID<Order>.mint().rawValue, lane: lane,
            at: Date(timeIntervalSince1970: 1_735_776_000),
            data: ["number": .int(Int64(number)), "lane": .string(lane)])
    }

    @discardableResult
    func emit(_ events: [OutgoingEvent]) async throws -> Bool {
        try await emitting.transaction { tx in try await tell(events, on: tx) }
    }

    func tell(_ events: [OutgoingEvent], on tx: Transaction) async throws -> Bool {
        let now = try await tx.one(
            Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next(Date.self) })
        return try await teller.emit(events, brand: brand, now: now, on: tx)
    }

    /// Lets time pass, and what is due happen.
    func pass(_ seconds: Int) async throws {
        try await tester.advance(by: .seconds(seconds))
        try await tester.drain()
    }

    func count(_ state: String) async throws -> Int {
        try await db.owner.one(
            Statement("SELECT count(*) FROM hooks.outgoing_delivery WHERE state = \(state)") {
                row throws(PostgresError) in try row.next(Int.self)
            })
    }

    func records(_ states: [HookRedelivery.State] = HookRedelivery.State.allCases) async throws -> [HookDeliveryRecord]
    {
        try #require(
            try await HookRedelivery.list(
                HookRedelivery.Filter(states: states), endpoint: "partner", limit: 1_000, brand: brand,
                on: db.pool(as: .operator)))
    }

    func record() async throws -> HookEndpointRecord {
        try #require(try await HookEndpoints.list(brand: brand, on: db.pool(as: .operator)).first)
    }

    func redeliver(_ filter: HookRedelivery.Filter = .init()) async throws -> Int? {
        try await HookRedelivery.redeliver(
            filter, endpoint: "partner", brand: brand,
            queue: JobQueue(pool: db.pool(as: .operator), logger: .silent))
    }
}

/// The numbers of a lane in the order in which they arrived.
func numbers(_ calls: [FakeReceiver.Call], lane: String = "one") -> [Int] {
    calls.filter { $0.body.contains("\"lane\":\"\(lane)\"") }
        .compactMap { $0.body.firstMatch(of: /"number":(\d+)/).flatMap { Int($0.1) } }
}
