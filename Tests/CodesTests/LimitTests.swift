import Codes
import Foundation
import Hooks
import Kernel
import Logging
import Orders
import Postgres
import TestSupport
import Testing

/// One process of siyu-redeem, as far as scans go.
private struct ScanProcess {
    let book: LimitBook
    let exchange: LimitExchange
    let scans: Scans

    init(_ factory: Factory) {
        book = LimitBook(keys: factory.keys)
        exchange = LimitExchange(book: book, pool: factory.redeem, logger: .silent)
        let redeeming = factory.redeeming
        scans = Scans(
            directory: factory.directory, limits: book, desk: ScanDesk { try await redeeming.redeem($0, brand: $1) })
    }

    /// The status of a scan's answer, and the code of its problem.
    func scan(_ delivery: Delivery) async throws -> (status: Int, code: String) {
        do {
            return (try await scans.answer(delivery, arrived: .now).status, "")
        } catch let problem as Problem {
            return (problem.status, problem.code)
        } catch let refusal as LimitRefusal {
            return (refusal.problem.status, refusal.problem.code)
        }
    }
}

struct LimitTests {
    private static let forged = "ZZZZ" + String(repeating: "0", count: 16)

    @Test func c12_wrongCodesAcrossTwoProcesses_pause() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let processes = [ScanProcess(factory), ScanProcess(factory)]
            for process in processes { try await process.exchange.hear() }
            for round in 0..<5 {
                let answer = try await processes[round % 2].scan(factory.delivery(Self.forged, openid: "guesser"))
                #expect(answer == (404, "not_found"))
            }
            for process in processes + processes { try await process.exchange.exchange() }

            for (place, process) in processes.enumerated() {
                let right = batch.cipher.code(at: Int64(place)).description
                #expect(
                    try await process.scan(factory.delivery(right, openid: "guesser")) == (429, "too_many_requests"))
                #expect(
                    try await process.scan(factory.delivery(Self.forged, openid: "guesser")) == (
                        429, "too_many_requests"
                    ))
                #expect(try await process.scan(factory.delivery(right, openid: "neighbour")).status == 200)
            }

            // Neither a new process, nor a code that is right, ends the pause.
            let restarted = ScanProcess(factory)
            try await restarted.exchange.hear()
            let right = batch.cipher.code(at: 9).description
            #expect(try await restarted.scan(factory.delivery(right, openid: "guesser")).status == 429)
            #expect(try await factory.count("codes.redemption") == 2)
        }
    }

    @Test func c12_whileTheOthersAreNotHeard_nothingIsRedeemed_andForgedCodesAreAsUnknownAsEver() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let process = ScanProcess(factory)
            let right = factory.delivery(batch.cipher.code(at: 0).description, openid: "p")

            #expect(try await process.scan(right) == (503, "limits_unavailable"))
            let clock = ContinuousClock.now
            #expect(try await process.scan(factory.delivery(Self.forged, openid: "q")) == (404, "not_found"))
            #expect(ContinuousClock.now - clock >= Scans.floor.value)
            #expect(try await factory.count("codes.redemption") == 0)

            try await process.exchange.hear()
            #expect(try await process.scan(right).status == 200)
        }
    }

    @Test func c12_deviceAndNetwork_pauseWhoeverComesFromThere() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let process = ScanProcess(factory)
            try await process.exchange.hear()
            func scan(_ code: String, by openid: String, _ more: String) async throws -> (status: Int, code: String) {
                let body = #"{"code":"\#(code)","openid":"\#(openid)",\#(more)}"#
                return try await process.scan(
                    Delivery(
                        source: factory.source, brand: factory.brand, id: "\(ID<Redemption>.mint())",
                        body: Array(body.utf8)))
            }
            let right = batch.cipher.code(at: 0).description
            for person in 0..<10 {
                #expect(try await scan(Self.forged, by: "d-\(person)", #""device":"farm""#).status == 404)
            }
            #expect(try await scan(right, by: "d", #""device":"farm""#) == (429, "too_many_requests"))
            for person in 0..<30 {
                #expect(try await scan(Self.forged, by: "n-\(person)", #""ip":"101.32.5.\#(person)""#).status == 404)
            }
            #expect(try await scan(right, by: "n", #""ip":"101.32.5.99""#) == (429, "too_many_requests"))
            #expect(try await scan(right, by: "n", #""ip":"elsewhere""#) == (422, "invalid"))

            // What says nothing about anybody is not counted: a proxy's own address, a device without a name.
            for person in 0..<31 {
                let answer = try await scan(Self.forged, by: "s-\(person)", #""ip":"10.0.0.1","device":"""#)
                #expect(answer.status == 404)
            }

            #expect(try await scan(right, by: "n", #""ip":"101.32.6.1","device":"own""#).status == 200)
        }
    }

    @Test func c12_thirtyPacksADay_areEnoughForOnePerson() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let process = ScanProcess(factory)
            try await process.exchange.hear()
            func scan(_ index: Int64) async throws -> Int {
                try await process.scan(factory.delivery(batch.cipher.code(at: index).description, openid: "p")).status
            }
            for index in Int64(0)..<29 {
                #expect(try await scan(index) == 200)
                // What is redeemed already is shown as often as somebody likes.
                #expect(try await scan(index) == 200)
            }
            #expect(try await scan(29) == 200)
            #expect(try await scan(30) == 429)
            #expect(try await factory.count("codes.redemption") == 30)
        }
    }

    @Test func c12_wrongVouchers_makeTheStorePauseThatShowsThem() async throws {
        try await Factory.open { factory in
            for store in ["north", "south"] {
                _ = try await Catalogue.createShop(
                    code: store, name: store, brand: factory.brand, on: factory.operator)
            }
            let book = LimitBook(keys: factory.keys)
            let handovers = Handovers(pool: factory.redeem, queue: factory.queue, keys: factory.keys, limits: book)
            func show(_ voucher: String, at store: String) async throws -> Int {
                let body = #"{"voucher":"\#(voucher)","store":"\#(store)"}"#
                let delivery = Delivery(
                    source: factory.source, brand: factory.brand, id: "\(ID<Handover>.mint())", body: Array(body.utf8))
                do {
                    return try await handovers.handOver(delivery, arrived: .now).status
                } catch let problem as Problem {
                    return problem.status
                } catch let refusal as LimitRefusal {
                    return refusal.problem.status
                }
            }
            let wrong = String(repeating: "0", count: 26)
            #expect(try await show(wrong, at: "north") == 503)

            try await LimitExchange(book: book, pool: factory.redeem, logger: .silent).hear()
            // A store that nobody knows says nothing about vouchers, and counts for nobody.
            #expect(try await show(wrong, at: "nowhere") == 422)
            for _ in 0..<20 { #expect(try await show(wrong, at: "north") == 404) }
            #expect(try await show(wrong, at: "north") == 429)
            #expect(try await show(wrong, at: "south") == 404)
        }
    }
}
