import Codes
import Foundation
import Hooks
import Kernel
import Postgres
import TestSupport
import Testing

struct DrawLimitTests {
    @Test func c12_unknownRights_makeWhoeverNamesThemPause_atDrawsAndScans() async throws {
        try await Lottery.open { lottery in
            try await lottery.run(try await lottery.file(perPerson: 9, tiers: [Lottery.tier(stock: 10, odds: 1)]))
            func name(_ right: String, by openid: String, _ more: String = "", id: String? = nil) async throws -> Int {
                try await lottery.send(
                    #"{"openid":"\#(openid)","right":"\#(right)"\#(more)}"#, id: id ?? "\(ID<DrawEntry>.mint())"
                ).status
            }
            // What a sender repeats counts once.
            let once = "\(ID<DrawRight>.mint())"
            for _ in 0..<6 { #expect(try await name(once, by: "patient", id: "same") == 404) }
            #expect(try await lottery.draw("patient").status == 200)

            for round in 0..<5 {
                #expect(try await name(round == 0 ? "none" : "\(ID<DrawRight>.mint())", by: "guesser") == 404)
            }
            let paused = try await lottery.draw("guesser")
            #expect(paused.status == 429 && paused.code == "too_many_requests")
            #expect(try await lottery.draw("neighbour").status == 200)

            // It is the same person who scans.
            let batch = try await lottery.factory.activeBatch()
            let redeeming = lottery.factory.redeeming
            let scans = Scans(
                directory: lottery.factory.directory, limits: lottery.limits,
                desk: ScanDesk { try await redeeming.redeem($0, brand: $1) })
            await #expect(throws: LimitRefusal.self) {
                try await scans.answer(
                    lottery.factory.delivery(batch.cipher.code(at: 0).description, openid: "guesser"), arrived: .now)
            }

            for person in 0..<30 {
                let right = "\(ID<DrawRight>.mint())"
                #expect(try await name(right, by: "n-\(person)", #","ip":"101.32.5.\#(person)""#) == 404)
            }
            let ip = #","ip":"101.32.5.99""#
            #expect(try await lottery.send(#"{"openid":"n"\#(ip)}"#).code == "too_many_requests")
            #expect(try await lottery.send(#"{"openid":"n","ip":"elsewhere"}"#).status == 422)
            #expect(try await lottery.factory.count("codes.draw_entry") == 2)
        }
    }

    @Test func c12_whileTheOthersAreNotHeard_nobodyDraws() async throws {
        try await Lottery.open { lottery in
            try await lottery.run(try await lottery.file(tiers: [Lottery.tier(stock: 10, odds: 1)]))
            let book = LimitBook(keys: lottery.factory.keys)
            let draws = Draws(
                pool: lottery.factory.redeem, keys: lottery.factory.keys, vouchers: lottery.vouchers,
                coupons: CouponGrants(queue: lottery.factory.queue), limits: book)
            let delivery = Delivery(
                source: lottery.factory.source, brand: lottery.factory.brand, id: "d",
                body: Array(#"{"openid":"p"}"#.utf8))
            await #expect(throws: LimitRefusal.unavailable) {
                try await draws.enter("spring", delivery, arrived: .now)
            }
            #expect(try await lottery.factory.count("codes.draw_entry") == 0)

            try await LimitExchange(book: book, pool: lottery.factory.redeem, logger: .silent).hear()
            #expect(try await draws.enter("spring", delivery, arrived: .now).status == 200)
        }
    }
}
