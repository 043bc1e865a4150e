import Codes
import Crypto
import CryptoExtras
import Foundation
import JobTesting
import Jobs
import Kernel
import Keys
import Postgres
import Synchronization
import TestSupport
import WeChat

/// WeChat's codes in memory, with a book of what was done: every third call fails if a test wants it, each time in another way.
final class FlakyWeChat: MarketcodeProvider, MarketcodeProviders {
    struct Active: Equatable {
        let codes: MarketcodeChunk
        let activity: MarketcodeActivity
    }

    fileprivate struct State {
        var random: UInt64
        var counts: [String: Int64] = [:]
        var asks = 0
        var calls = 0
        var active: [Active] = []
        var sends = 0
        var exchanges = 0
        var tickets: [String: (openid: String, index: Int64)] = [:]

        /// One of five, by the seed alone.
        mutating func fault() -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % 5
        }
    }

    /// What a test wants to be otherwise than it should be.
    struct Manner {
        /// Every so many calls one fails; 0 for never.
        var failsEvery = 0
        /// Questions until the codes are made.
        var asksUntilMade = 2
        var packageCodes: Int64 = 4_000
        /// WeChat's index of the first code.
        var base: Int64 = 0
        var key = FlakyWeChat.key
        var appid = "wx1"
        /// The code at an index.
        var code: @Sendable (Int64) -> String = { String(format: "K$%07d", Int($0)) }
        /// The line of a code.
        var line: @Sendable (String, Int64) -> String? = { "P.URL.CN/0\($0)AAAAAAAAA\t\($0)\t\($1)\n" }
        var chunks: (@Sendable ([MarketcodeChunk]) -> [MarketcodeChunk])?
        /// What every call answers, if a test wants nothing else.
        var error: WeChatAPIError?
        var hasAccount = true
    }

    static let key = "Ab3dEf6hIj9kLm2n"
    static let application = "581865877"

    let manner: Mutex<Manner>
    private let state: Mutex<State>

    init(seed: UInt64 = 1, _ manner: Manner = Manner()) {
        state = Mutex(State(random: seed))
        self.manner = Mutex(manner)
    }

    var active: [Active] { state.withLock(\.active) }
    var sends: Int { state.withLock(\.sends) }
    var calls: Int { state.withLock(\.calls) }
    var applications: Int { state.withLock(\.counts.count) }
    var exchanges: Int { state.withLock(\.exchanges) }

    func setTicket(_ ticket: String, openid: String, index: Int64) {
        state.withLock { $0.tickets[ticket] = (openid, index) }
    }

    func marketcode(of brand: ID<Brand>) async throws -> MarketcodeAccess? {
        let manner = manner.withLock { $0 }
        return manner.hasAccount
            ? MarketcodeAccess(appid: manner.appid, packageKey: Self.key, provider: self) : nil
    }

    /// Does the work of a call, unless a fault comes first, and loses the answer if one comes after.
    private func call<Value: Sendable>(
        _ work: (inout State, Manner) throws(WeChatAPIError) -> Value
    ) throws(WeChatAPIError) -> Value {
        let manner = manner.withLock { $0 }
        if let error = manner.error { throw error }
        let result: Result<Value, WeChatAPIError> = state.withLock { state in
            state.calls += 1
            let isFaulty = manner.failsEvery > 0 && state.calls.isMultiple(of: manner.failsEvery)
            let fault = isFaulty ? state.fault() : -1
            do throws(WeChatAPIError) {
                switch fault {
                case 0: throw .outcomeUnknown(reason: "it answered 502")
                case 1: throw .throttled(code: 45_009)
                case 2: throw .notSent(reason: "no connection")
                case 3, 4:
                    _ = try work(&state, manner)
                    throw .outcomeUnknown(reason: "no answer within 5 s")
                default: return .success(try work(&state, manner))
                }
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    func apply(count: Int64, ownID: String) async throws(WeChatAPIError) -> String {
        try call { state, _ throws(WeChatAPIError) in
            guard state.counts[ownID] ?? count == count else { throw .refused(code: 40_097, message: "count") }
            state.counts[ownID] = count
            return Self.application
        }
    }

    func application(ownID: String) async throws(WeChatAPIError) -> MarketcodeApplication {
        try call { state, manner throws(WeChatAPIError) in
            guard let count = state.counts[ownID] else { throw .refused(code: 40_097, message: "unknown") }
            state.asks += 1
            let chunks = stride(from: 0, to: count, by: Int(manner.packageCodes)).map {
                MarketcodeChunk(
                    first: manner.base + $0, last: manner.base + min($0 + manner.packageCodes, count) - 1)
            }
            let isMade = state.asks > manner.asksUntilMade
            return MarketcodeApplication(
                id: Self.application, ownID: ownID, isFinished: isMade,
                chunks: isMade ? manner.chunks?(chunks) ?? chunks.reversed() : [])
        }
    }

    func download(_ chunk: MarketcodeChunk, of application: String) async throws(WeChatAPIError) -> [UInt8] {
        try call { _, manner throws(WeChatAPIError) in
            var text = ""
            for index in chunk.first...chunk.last { text += manner.line(manner.code(index), index) ?? "" }
            let key = Array(manner.key.utf8)
            do {
                let sealed = try AES._CBC.encrypt(
                    Array(text.utf8), using: SymmetricKey(data: key), iv: AES._CBC.IV(ivBytes: key))
                return Array(sealed.base64EncodedString().utf8)
            } catch {
                throw .outcomeUnknown(reason: "\(error)")
            }
        }
    }

    func activate(
        _ codes: MarketcodeChunk, of application: String, for activity: MarketcodeActivity
    ) async throws(WeChatAPIError) {
        try call { state, _ throws(WeChatAPIError) in
            state.sends += 1
            guard !state.active.contains(where: { $0.codes.first <= codes.last && codes.first <= $0.codes.last }) else {
                throw .refused(code: 40_097, message: "active already")
            }
            state.active.append(Active(codes: codes, activity: activity))
        }
    }

    func code(at index: Int64, of application: String) async throws(WeChatAPIError) -> MarketcodeOfWeChat {
        try call { state, manner throws(WeChatAPIError) in
            Self.known(index, state, manner)
        }
    }

    func code(ticket: String, openid: String) async throws(WeChatAPIError) -> MarketcodeOfWeChat {
        try call { state, manner throws(WeChatAPIError) in
            state.exchanges += 1
            // Good for one exchange alone, the hardest that WeChat might mean.
            guard let scan = state.tickets[ticket], scan.openid == openid else {
                throw .refused(code: 40_097, message: "no such ticket")
            }
            state.tickets[ticket] = nil
            return Self.known(scan.index, state, manner)
        }
    }

    private static func known(_ index: Int64, _ state: State, _ manner: Manner) -> MarketcodeOfWeChat {
        let active = state.active.first { $0.codes.first <= index && index <= $0.codes.last }
        return MarketcodeOfWeChat(
            code: manner.code(index), applicationID: application, activity: active?.activity, activated: active?.codes)
    }
}

/// A brand with a service account: wishes as the operator, codes fetched and loaded as siyu-ingest.
struct MarketcodeBundle {
    static let count: Int64 = 10_000
    let factory: Factory
    let weChat: FlakyWeChat
    /// Of the operator.
    let desk: JobQueue
    /// Of siyu-ingest.
    let queue: JobQueue

    var brand: ID<Brand> { factory.brand }

    init(
        _ factory: Factory, _ weChat: FlakyWeChat = FlakyWeChat(), slice: Int = 1_000,
        progress: @escaping MarketcodeLeading.Progress = { _ in }
    ) async throws {
        self.factory = factory
        self.weChat = weChat
        desk = JobQueue(pool: factory.operator, logger: .silent)
        queue = Self.worker(factory, weChat, slice: slice, progress: progress)
        try await factory.operator.transaction { tx in
            _ = try await MarketcodeAccounts.set(
                MarketcodeCredentials(appid: "wx1", secret: "s", packageKey: FlakyWeChat.key), brand: factory.brand,
                keys: factory.keys, on: tx)
        }
    }

    /// A process that works WeChat's codes.
    static func worker(
        _ factory: Factory, _ weChat: FlakyWeChat, slice: Int = 1_000,
        progress: @escaping MarketcodeLeading.Progress = { _ in }
    ) -> JobQueue {
        let queue = JobQueue(pool: factory.db.pool(as: .ingest), logger: .silent)
        MarketcodeLeading(
            queue: queue, providers: weChat, keys: factory.keys, sliceCodes: slice, progress: progress
        ).register()
        return queue
    }

    static let activity = MarketcodeActivity(
        name: "Spring", brand: "Siyu", title: "Tea", ean: "6901234567892", appid: "wxmini", path: "pages/scan")

    func wish(
        _ requestID: String = "spring", count: Int64 = count, prizes: [PrizeRequest] = Factory.prizes
    ) -> CodeApplicationRequest {
        CodeApplicationRequest(
            batch: MintRequest(brand: brand, requestID: requestID, count: count, prizes: prizes, label: "WeChat"))
    }

    @discardableResult
    func apply(_ requestID: String = "spring") async throws -> CodeApplicationRecord {
        try await Marketcodes.apply(wish(requestID), author: "test", queue: desk).application
    }

    @discardableResult
    func activate(
        _ indexes: Range<Int64>? = nil, for activity: MarketcodeActivity = activity
    ) async throws -> (activation: CodeActivationRecord, isNew: Bool) {
        try await Marketcodes.activate(
            indexes, of: "spring", for: activity, within: (nil, nil), brand: brand, author: "test", queue: desk)
    }

    func view(_ requestID: String = "spring") async throws -> Marketcodes.View? {
        try await Marketcodes.view(requestID, brand: brand, on: factory.operator)
    }

    func tester(_ queue: JobQueue? = nil) -> JobTester {
        JobTester(queue ?? self.queue, queues: ["marketcodes"], clock: factory.db.owner)
    }

    /// Runs jobs and lets hours pass until nothing is left to do, for some days of the business at most.
    func run(hours: Int = 24 * 8) async throws {
        for _ in 0..<hours {
            try await tester().drain()
            let leads = try await tester().pushed(CodeApplicationLead.self).count
            let activations = try await tester().pushed(CodeActivationLead.self).count
            if leads + activations == 0 { return }
            try await tester().advance(by: .seconds(3_600))
        }
    }
}
