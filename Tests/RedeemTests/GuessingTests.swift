import AsyncHTTPClient
import Codes
import Foundation
import Hooks
import Kernel
import NIOCore
import NIOHTTP1
import Postgres
import TestSupport
import Testing

/// What guessers learn: nothing.
@Suite struct GuessingTests {
    private enum Kind: CaseIterable {
        case unknown, mistyped, foreign, void
    }

    private struct Spread {
        let medians: Duration
        let ninetieths: Duration
    }

    @Test func c12_unknownVoidForeign_haveOneBodyAndOneTiming() async throws {
        try await RedeemBundle.serve { bundle in
            let foreign = try await bundle.foreignBatch()
            _ = try await Ranges.decide(
                RangeCommand(kind: .void, indexes: 1_000..<2_000), batch: bundle.batch.record.id, brand: bundle.brand,
                author: "test", on: bundle.db.pool(as: .operator))
            func code(_ kind: Kind, _ number: Int) -> String {
                switch kind {
                case .unknown: return "ZZZZ" + String(repeating: "0", count: 16)
                case .mistyped:
                    let right = bundle.code(Int64(number))
                    return right.dropLast() + (right.last == "0" ? "1" : "0")
                case .foreign: return foreign.cipher.code(at: Int64(number)).description
                case .void: return bundle.code(Int64(1_000 + number % 1_000))
                }
            }
            // The directory knows the other brand's batch a second later.
            try await lettingPass(.seconds(2))

            var spreads: [Spread] = []
            // A busy machine may spoil a round, not all of them.
            for round in 0..<3 where !spreads.contains(where: Self.isNarrow) {
                var took: [Kind: [Duration]] = [:]
                var told: Set<String> = []
                for number in 0..<60 {
                    for kind in Kind.allCases.shuffled() {
                        let clock = ContinuousClock.now
                        let answer = try await bundle.scan(code(kind, number), by: "guesser-\(round)-\(number)-\(kind)")
                        took[kind, default: []].append(ContinuousClock.now - clock)
                        let headers = answer.headers.filter { !["x-request-id", "date"].contains($0.0) }
                        told.insert("\(answer.status) \(headers.map { "\($0.0): \($0.1)" }.sorted()) \(answer.body)")
                    }
                }
                #expect(told.count == 1, "\(told)")
                #expect(told.first?.hasPrefix("404 ") == true)
                #expect(took.values.joined().allSatisfy { $0 >= .milliseconds(20) })
                spreads.append(Self.spread(Array(took.values)))
            }
            #expect(spreads.contains(where: Self.isNarrow), "\(spreads)")
        }
    }

    private static func isNarrow(_ spread: Spread) -> Bool {
        spread.medians <= .milliseconds(1) && spread.ninetieths <= .milliseconds(5)
    }

    private static func spread(_ times: [[Duration]]) -> Spread {
        func difference(at part: Double) -> Duration {
            let values = times.map { $0.sorted()[Int(Double($0.count) * part)] }
            return (values.max() ?? .zero) - (values.min() ?? .zero)
        }
        return Spread(medians: difference(at: 0.5), ninetieths: difference(at: 0.9))
    }

    @Test func c12_everyPause_isToldInTheSameWords() async throws {
        try await RedeemBundle.serve { bundle in
            let forged = "ZZZZ" + String(repeating: "0", count: 16)
            func send(_ openid: String, _ more: String = "") async throws -> Answer {
                try await bundle.send(#"{"code":"\#(forged)","openid":"\#(openid)"\#(more)}"#)
            }
            for number in 0..<10 { _ = try await send("d-\(number)", #","device":"farm""#) }
            for number in 0..<30 { _ = try await send("n-\(number)", #","ip":"101.32.5.\#(number)""#) }
            for _ in 0..<5 { _ = try await send("person") }

            let pauses = [
                try await send("d", #","device":"farm""#), try await send("n", #","ip":"101.32.5.200""#),
                try await send("person"),
            ]
            #expect(pauses.allSatisfy { $0.status == 429 && $0.code == "too_many_requests" })
            #expect(Set(pauses.map(\.body)).count == 1)
            let waits = pauses.compactMap { $0.header("retry-after").flatMap { Int($0) } }
            #expect(waits.count == 3 && waits.allSatisfy { (1...3_600).contains($0) })
        }
    }

    @Test func c12_limitsThatCannotBeExchanged_refuseToRedeem_untilTheyCan() async throws {
        try await RedeemBundle.serve { bundle in
            let code = bundle.code(7)
            let forged = "ZZZZ" + String(repeating: "0", count: 16)
            #expect(try await bundle.scan(bundle.code(6), by: "p").status == 200)
            try await bundle.db.owner.execute(Statement("REVOKE ALL ON hooks.limit_count FROM siyu_redeem"))

            try await eventually(within: .seconds(60), every: .milliseconds(500)) {
                try await bundle.scan(bundle.code(6), by: "p").status == 503
            }
            let refused = try await bundle.scan(code, by: "p")
            #expect(refused.code == "limits_unavailable" && refused.header("retry-after") == "5")
            let guess = try await bundle.scan(forged, by: "q")
            #expect(guess.status == 404)
            // Anybody may still look at a page.
            #expect(try await bundle.page(code) == 200)
            #expect(try await bundle.count("codes.redemption") == 1)

            try await bundle.db.owner.execute(
                Statement("GRANT SELECT, INSERT, UPDATE ON hooks.limit_count TO siyu_redeem"))
            try await eventually(within: .seconds(60), every: .milliseconds(500)) {
                try await bundle.scan(code, by: "p").status == 200
            }
        }
    }

    /// A hundred thousand guesses with `SIYU_CHAOS=full`.
    @Test func c12_guessesOverHTTP_findNothing_andHonestPeopleAreServed() async throws {
        let guesses = Self.isFull ? 100_000 : 3_200
        try await RedeemBundle.serve { bundle in
            var configuration = HTTPClient.Configuration()
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.guessers
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            let statuses = try await withThrowingTaskGroup(of: [Int: Int].self) { group in
                for guesser in 0..<Self.guessers {
                    group.addTask {
                        var statuses: [Int: Int] = [:]
                        for number in stride(from: guesser, to: guesses, by: Self.guessers) {
                            // Each name is good for five wrong ones; a tenth of the guesses goes on under the same one.
                            let openid = number.isMultiple(of: 10) ? "stubborn-\(guesser)" : "p-\(number / 4)"
                            let body = #"{"code":"\#(Self.guess(number, bundle))","openid":"\#(openid)"}"#
                            statuses[try await bundle.send(body, by: client).status, default: 0] += 1
                        }
                        return statuses
                    }
                }
                return try await group.reduce(into: [:]) { $0.merge($1) { $0 + $1 } }
            }
            try await client.shutdown()

            print("Answers to guesses: \(statuses)")
            #expect(Set(statuses.keys) == [404, 429] && statuses.values.reduce(0, +) == guesses, "\(statuses)")
            #expect((statuses[429] ?? 0) <= guesses / 10)
            #expect(try await bundle.count("codes.redemption") == 0)
            #expect(try await bundle.scan(bundle.code(0), by: "honest").status == 200)
        }
    }

    private static let guessers = 64
    private static let isFull = ProcessInfo.processInfo.environment["SIYU_CHAOS"] == "full"

    /// A code that is none: any, one with a character too few, or a right one with one or two characters changed.
    private static func guess(_ number: Int, _ bundle: RedeemBundle) -> String {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        let handle = "\(bundle.batch.record.handle)"
        var right = Array(bundle.code(Int64.random(in: 0..<RedeemBundle.count)))
        switch number % 4 {
        case 0: return handle + String((0..<16).map { _ in alphabet[Int.random(in: 0..<32)] })
        case 1: return String(right.dropLast())
        case 2:
            let place = Int.random(in: 4..<20)
            right[place] = alphabet.filter { $0 != right[place] }[Int.random(in: 0..<31)]
        default:
            let place = Int.random(in: 4..<19)
            if right[place] == right[place + 1] { return String(right.dropFirst()) }
            right.swapAt(place, place + 1)
        }
        return String(right).lowercased()
    }

    /// Ten thousand of them with `SIYU_CHAOS=full`.
    @Test func floodOfForgedSignatures_isToldToWait_andHonestScansAreNot() async throws {
        let forged = Self.isFull ? 10_000 : 1_500
        try await RedeemBundle.serve { bundle in
            let statuses = try await withThrowingTaskGroup(of: [Int: Int].self) { group in
                for guesser in 0..<Self.guessers {
                    group.addTask {
                        var statuses: [Int: Int] = [:]
                        for number in stride(from: guesser, to: forged, by: Self.guessers) {
                            let answer = try await bundle.scan(bundle.code(0), by: "p\(number)", signature: "v1,AAAA")
                            statuses[answer.status, default: 0] += 1
                        }
                        return statuses
                    }
                }
                return try await group.reduce(into: [:]) { $0.merge($1) { $0 + $1 } }
            }
            let honest = try await bundle.scan(bundle.code(1), by: "p")

            #expect(honest.status == 200)
            #expect((statuses[401] ?? 0) + (statuses[429] ?? 0) == forged, "\(statuses)")
            #expect((statuses[401] ?? 0) >= 200)
        }
    }
}

extension RedeemBundle {
    /// The status of a code's page.
    fileprivate func page(_ code: String) async throws -> Int {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/c/\(code)")
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(30)).status.code)
    }
}
