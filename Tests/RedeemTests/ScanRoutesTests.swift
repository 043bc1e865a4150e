import Codes
import Foundation
import Hooks
import Kernel
import Postgres
import TestSupport
import Testing

@Suite struct ScanRoutesTests {
    @Test func c05_fiveHundredScansOfOneCode_oneWins() async throws {
        try await RedeemBundle.serve { bundle in
            let index = try #require((0..<RedeemBundle.count).first { bundle.batch.prize(of: $0)?.tier == 2 })
            let code = bundle.code(index)

            let answers = try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
                for person in 0..<500 {
                    group.addTask { (person, try await bundle.scan(code, by: "person-\(person)")) }
                }
                return try await group.reduce(into: [Int: Answer]()) { $0[$1.0] = $1.1 }
            }

            #expect(answers.count == 500 && answers.values.allSatisfy { $0.status == 200 })
            let winners = answers.filter { $0.value.outcome == "won" }
            #expect(winners.count == 1)
            let others = answers.filter { $0.value.outcome == "already_redeemed" }
            #expect(others.count == 499)
            #expect(Set(others.values.map(\.body)).count == 1, "the others are all told the same")
            #expect(others.values.allSatisfy { $0.json["prize"] == nil })
            let winner = try #require(winners.first)
            #expect(others.first?.value.json["redeemed_at"] as? String == winner.value.json["redeemed_at"] as? String)
            #expect(try await bundle.count("codes.redemption") == 1)

            let again = try await bundle.scan(code, by: "person-\(winner.key)")
            #expect(again.outcome == "redeemed_by_you")
            #expect(again.json["prize"] as? NSDictionary == winner.value.json["prize"] as? NSDictionary)
            #expect(again.json["redeemed_at"] as? String == winner.value.json["redeemed_at"] as? String)
        }
    }

    @Test func c04_sameDeliveryTenTimes_isOneRedemptionAndTenEqualAnswers() async throws {
        try await RedeemBundle.serve { bundle in
            let code = bundle.code(3)
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<10 { group.addTask { try await bundle.scan(code, by: "p", id: "delivery") } }
                return try await group.reduce(into: [Answer]()) { $0.append($1) }
            }
            let later = try await bundle.scan(code, by: "p", id: "delivery")
            let otherBody = try await bundle.scan(bundle.code(4), by: "p", id: "delivery")

            #expect(answers.allSatisfy { $0.status == 200 } && Set(answers.map(\.body) + [later.body]).count == 1)
            #expect(otherBody.status == 409 && otherBody.code == "idempotency_mismatch")
            #expect(try await bundle.count("codes.redemption") == 1)
        }
    }

    @Test func c04_badSignatureOrStaleTimestamp_isRefused() async throws {
        try await RedeemBundle.serve { bundle in
            let code = bundle.code(3)
            let forged = StandardWebhook.sign(
                id: "x", timestamp: Int(Date().timeIntervalSince1970), body: [], secret: .generate())

            let refused = try await bundle.scan(code, by: "p", signature: forged)
            #expect(refused.code == "bad_signature")
            #expect(try await bundle.scan(code, by: "p", signature: "v1,").status == 401)
            #expect(try await bundle.scan(code, by: "p", source: "nobody").status == 401)
            #expect(try await bundle.scan(code, by: "p", age: 301).code == "stale_timestamp")
            #expect(try await bundle.scan(code, by: "p", age: -301).status == 401)
            #expect(try await bundle.count("codes.redemption") == 0)
            #expect(try await bundle.scan(code, by: "p", age: 290).status == 200)
        }
    }

    @Test func c01_forgedCodesOverHTTP_costTheDatabaseNothing() async throws {
        try await RedeemBundle.serve { bundle in
            // Everything that is looked at once a second is warm, and then stands still.
            _ = try await bundle.scan(bundle.code(1), by: "p")
            let foreign = try await bundle.foreignBatch()
            func transactions() async throws -> Int {
                try await bundle.db.superuser.one(
                    Statement<Int>(
                        """
                        SELECT (xact_commit + xact_rollback)::bigint FROM pg_stat_database
                        WHERE datname = current_database()
                        """
                    ) { row throws(PostgresError) in try row.next() })
            }
            try await lettingPass(.seconds(2))
            let quiet = try await transactions()
            try await lettingPass(.seconds(3))
            let idle = try await transactions() - quiet

            let before = try await transactions()
            let clock = ContinuousClock.now
            var bodies: Set<String> = []
            for round in 0..<300 {
                let code =
                    switch round % 3 {
                    case 0: String(bundle.code(1).prefix(4) + "0123456789ABCDEF")
                    case 1: "ZZZZ" + String(repeating: "Z", count: 16)
                    default: foreign.cipher.code(at: Int64(round)).description
                    }
                let answer = try await bundle.scan(code, by: "guesser-\(round)")
                #expect(answer.status == 404)
                bodies.insert(answer.body)
            }
            let took = ContinuousClock.now - clock
            let seconds = max(1, Int(took.components.seconds) + 2)
            try await lettingPass(.seconds(2))
            let more = try await transactions() - before

            #expect(bodies.count == 1, "one body for all of them")
            #expect(took >= .milliseconds(20 * 300), "none comes before the floor")
            // What happens anyway, each second: the directories, the worker, what is counted, and these questions.
            let anyway = (idle + 4) * (seconds + 4) / 3
            #expect(more - anyway < 300 / 3, "\(more) transactions, \(idle) in three idle seconds")
        }
    }

    @Test func fiveWrongCodes_makeThatPersonPause() async throws {
        try await RedeemBundle.serve { bundle in
            for _ in 0..<5 {
                #expect(try await bundle.scan("ZZZZ" + String(repeating: "0", count: 16), by: "guesser").status == 404)
            }
            let paused = try await bundle.scan(bundle.code(1), by: "guesser")

            #expect(paused.status == 429 && paused.code == "too_many_requests")
            let wait = try #require(paused.header("retry-after").flatMap { Int($0) })
            #expect((1_700...1_800).contains(wait))
            #expect(try await bundle.scan(bundle.code(1), by: "p").status == 200)
        }
    }

    @Test func fiveVoidCodes_makeThatPersonPauseLikeForgedOnes() async throws {
        try await RedeemBundle.serve { bundle in
            _ = try await Ranges.decide(
                RangeCommand(kind: .void, indexes: 20..<30), batch: bundle.batch.record.id, brand: bundle.brand,
                author: "test", on: bundle.db.pool(as: .operator))
            for index in Int64(20)..<25 {
                #expect(try await bundle.scan(bundle.code(index), by: "guesser").status == 404)
            }

            #expect(try await bundle.scan(bundle.code(1), by: "guesser").status == 429)
        }
    }

    @Test func c07_scanOutsideActiveRanges_isRefused() async throws {
        try await RedeemBundle.serve { bundle in
            let pool = bundle.db.pool(as: .operator)
            func decide(_ kind: RangeKind, _ indexes: Range<Int64>) async throws {
                _ = try await Ranges.decide(
                    RangeCommand(kind: kind, indexes: indexes), batch: bundle.batch.record.id, brand: bundle.brand,
                    author: "test", on: pool)
            }
            try await decide(.freeze, 10..<20)
            try await decide(.void, 20..<30)

            let clock = ContinuousClock.now
            let void = try await bundle.scan(bundle.code(20), by: "p")
            let took = ContinuousClock.now - clock
            let unknown = try await bundle.scan("ZZZZ" + String(repeating: "0", count: 16), by: "p")
            let frozen = try await bundle.scan(bundle.code(10), by: "p")

            #expect(void.status == 404 && void.body == unknown.body && took >= .milliseconds(20))
            #expect(frozen.status == 409 && frozen.code == "not_active")
            #expect(try await bundle.count("codes.redemption") == 0)
        }
    }

    @Test(arguments: [
        ("", 400), ("[]", 400), (#"{"code":"K7QX"}"#, 400), (#"{"code":1,"openid":"p"}"#, 400),
        (#"{"code":"K7QX","openid":""}"#, 422), (#"{"code":"K7QX","openid":"a b"}"#, 422),
        (#"{"code":"K7QX","openid":"p","location":{"lat":"north"}}"#, 400), (#"{"code":"\u0000","openid":"p"}"#, 404),
    ])
    func scan_thatMakesNoSense_isAProblem(body: String, status: Int) async throws {
        try await RedeemBundle.serve { bundle in
            let answer = try await bundle.send(body)

            #expect(answer.status == status)
            #expect(answer.header("content-type") == "application/problem+json")
        }
    }

    @Test func scan_withAllThatMayBeTold_isAnswered() async throws {
        try await RedeemBundle.serve { bundle in
            let code = bundle.code(8)
            let answer = try await bundle.send(
                """
                {"code":"\(code.lowercased())","openid":"p","unionid":"u","device":"d",
                 "location":{"lat":31.2,"lon":121.5,"city":"上海"},"more":1}
                """)
            let large = try await bundle.send(#"{"code":"x","openid":"\#(String(repeating: "p", count: 70_000))"}"#)

            #expect(answer.status == 200)
            let product = try #require(answer.json["product"] as? [String: Any])
            #expect(product["batch"] as? String == String(code.prefix(4)) && product["label"] as? String == "Cola")
            #expect((answer.json["rules_hash"] as? String)?.count == 64)
            #expect(large.status == 413)
        }
    }

    @Test func pointsThatWereWon_arePaidByTheService() async throws {
        try await RedeemBundle.serve { bundle in
            let index = try #require((0..<RedeemBundle.count).first { bundle.batch.prize(of: $0)?.tier == 2 })
            #expect(try await bundle.scan(bundle.code(index), by: "p").outcome == "won")

            try await eventually {
                try await bundle.db.owner.one(
                    Statement<Int>("SELECT count(*) FROM accounting.transfer WHERE kind = 'prize.paid'") {
                        row throws(PostgresError) in try row.next()
                    }) == 1
            }
        }
    }
}

extension RedeemBundle {
    /// A batch of another brand.
    func foreignBatch() async throws -> OpenBatch {
        let other = ID<Brand>.mint()
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(other), 'Other', now())"))
        let pool = db.pool(as: .operator)
        let batch = try await Self.mint(brand: other, keys: keys, on: pool)
        try await Self.activate(batch, 0..<Self.count, on: pool)
        return batch
    }
}
