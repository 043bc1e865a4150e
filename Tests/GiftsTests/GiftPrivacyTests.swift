import Foundation
import Hooks
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// What each side must never learn of the other.
@Suite struct GiftPrivacyTests {
    // MARK: The address

    @Test func g07_addressTokens_reachNoSenderNoLogNoJobAndNoRow() async throws {
        try await GiftsBundle.serve { bundle in
            try await bundle.listen()
            let tea = try await bundle.product("tea", fen: 10_000)
            var seen: [Answer] = []
            var random = SystemRandomNumberGenerator()
            for number in 0..<12 {
                let pair = try await bundle.begin("\(number)", tea[number % 2])
                try await bundle.pay(pair, fen: 10_000)

                /// All that the giver can ask at this moment, refusals included.
                func lookAround() async throws {
                    seen.append(try await bundle.get(pair.view(of: pair.sender)))
                    for verb in GiftRoutesTests.verbs where verb != "address" && verb != "swap" {
                        seen.append(try await bundle.post(pair.path(verb), ["openid": pair.sender]))
                    }
                    seen.append(
                        try await bundle.put(
                            pair.path("address"), ["openid": pair.sender, "address": GiftsBundle.address()]))
                    seen.append(
                        try await bundle.post(
                            pair.path("swap"), ["openid": pair.sender, "variant_id": "\(tea[0].id)"]))
                }
                let mark = "-canary\(ID<Address>.mint())"
                _ = try await bundle.post(pair.path("claim"), ["openid": pair.recipient])
                let kept = try await bundle.put(
                    pair.path("address"), ["openid": pair.recipient, "address": GiftsBundle.address(mark)])
                #expect(kept.status == 200, "\(kept.body)")
                try await lookAround()
                // A refusal must not quote what it refuses either.
                var broken = GiftsBundle.address(mark)
                broken["city"] = String(repeating: "canary", count: 100)
                seen.append(try await bundle.put(pair.path("address"), ["openid": pair.recipient, "address": broken]))
                let end = ["accept", "decline", "leave"].randomElement(using: &random) ?? "accept"
                if end != "leave" { _ = try await bundle.post(pair.path(end), ["openid": pair.recipient]) }
                try await lookAround()
            }
            try await bundle.advance(90_000)
            try await eventually {
                try await bundle.count("SELECT count(*) FROM gifting.gift WHERE state IN ('sent', 'claimed')") == 0
            }
            try await eventually {
                try await bundle.count(
                    "SELECT count(*) FROM gifting.gift WHERE refund_id IS NOT NULL AND refunded_at IS NULL") == 0
            }

            for answer in seen {
                #expect(!"\(answer.headers)\(answer.body)".contains("canary"), "\(answer.method) \(answer.path)")
            }
            #expect(seen.count > 200)
            #expect(bundle.logs.text.contains("Serving"), "the logs were not captured")
            #expect(!bundle.logs.text.contains("canary"))
            for openID in ["giver-", "friend-"] {
                #expect(!bundle.logs.text.contains(openID), "an openid was logged")
                #expect(try await bundle.tablesThatHold(openID) == [], "an openid is stored in clear")
            }
            #expect(try await bundle.tablesThatHold("canary") == [])
            let measured = try await bundle.metrics()
            #expect(measured.contains("http") && !measured.contains("canary") && !measured.contains("giver-"))
            #expect(
                try await bundle.count("SELECT count(*) FROM hooks.outgoing WHERE event = 'gift.claimed'") == 12,
                "nobody was told")
            #expect(
                try await bundle.tablesThatHold("Tea") == ["orders.payment_intent", "orders.product"],
                "the search does not find")
        }
    }

    // MARK: The price

    @Test func g08_twoGiftsThatDifferInPriceAlone_readTheSameToTheirRecipients() async throws {
        try await GiftsBundle.serve { bundle in
            let cheap = try await heard("cheap", fen: 100, bundle)
            let dear = try await heard("dear", fen: 987_654, bundle)
            try await bundle.advance(90_000)
            let (cheapAfter, dearAfter) = (
                try await late("cheap", cheap.left, bundle), try await late("dear", dear.left, bundle)
            )

            let pairs = zip(cheap.answers + cheapAfter, dear.answers + dearAfter)
            for (one, other) in pairs {
                #expect(one.withoutIDsAndInstants == other.withoutIDsAndInstants, "\(one.method) \(one.path)")
                #expect(one.header("content-length") == other.header("content-length"))
            }
            #expect(cheap.answers.count == dear.answers.count && cheap.answers.count > 20)
            for answer in cheap.answers + dear.answers + cheapAfter + dearAfter {
                for word in ["price", "fen", "amount", "payment", "order_id", "987654", "987754", "yuan"] {
                    #expect(!answer.body.contains(word), "\(answer.method) \(answer.path) says \(word): \(answer.body)")
                }
            }
            let choices = cheap.answers.compactMap { $0.json["choices"] as? [[String: Any]] }.filter { !$0.isEmpty }
            #expect(
                choices.count > 2 && choices.allSatisfy { $0.map { $0["title"] as? String } == ["a-red", "b-blue"] })
            let statuses = Set(cheap.answers.map(\.status) + cheapAfter.map(\.status))
            #expect(statuses.isSuperset(of: [200, 403, 409, 410, 422, 423]), "\(statuses)")
        }
    }

    /// What lies in the parcel, what partners are told, and what stores are refused.
    @Test func g08_slipsAndMessagesOfGiftsThatDifferInPriceAlone_areTheSame() async throws {
        try await GiftsBundle.serve { bundle in
            try await bundle.listen()
            let keys = try await bundle.keysOfAllRoles()
            func life(_ name: String, fen: Int64) async throws -> (answers: [Answer], messages: [String]) {
                let tea = try await bundle.product(name, fen: fen)
                let (taken, back) = (
                    try await bundle.begin("\(name)-1", tea[0]), try await bundle.begin("\(name)-2", tea[0])
                )
                var answers: [Answer] = []
                func look() async throws {
                    for role in Role.allCases where role != .staff && role != .finance && role != .auditor {
                        answers.append(try await bundle.read("packing-slip", taken, keys[role]))
                        answers.append(try await bundle.read("money", taken, keys[role]))
                    }
                }
                for pair in [taken, back] { try await bundle.pay(pair, fen: fen) }
                try await look()
                for pair in [taken, back] { _ = try await bundle.post(pair.path("claim"), ["openid": pair.recipient]) }
                _ = try await bundle.put(
                    taken.path("address"), ["openid": taken.recipient, "address": GiftsBundle.address()])
                _ = try await bundle.post(
                    taken.path("swap"), ["openid": taken.recipient, "variant_id": "\(tea[1].id)"])
                _ = try await bundle.post(taken.path("accept"), ["openid": taken.recipient])
                _ = try await bundle.post(back.path("decline"), ["openid": back.recipient])
                try await bundle.refunded(back)
                try await look()
                let messages = try await bundle.messages(of: taken) + bundle.messages(of: back)
                return (answers, messages)
            }
            let (cheap, dear) = (try await life("cheap", fen: 100), try await life("dear", fen: 987_654))

            for (one, other) in zip(cheap.answers, dear.answers) {
                #expect(one.withoutIDsAndInstants == other.withoutIDsAndInstants, "\(one.method) \(one.path)")
                #expect(one.header("content-length") == other.header("content-length"))
            }
            func plain(_ text: String) -> String {
                text.replacing(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/, with: "<id>")
                    .replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, with: "<instant>")
            }
            #expect(cheap.messages.map(plain) == dear.messages.map(plain))
            #expect(
                cheap.messages.map { String($0.prefix { $0 != " " }) } == [
                    "gift.sent", "gift.claimed", "gift.accepted", "gift.sent", "gift.claimed", "gift.declined",
                    "gift.refunded",
                ])
            #expect(Set(cheap.answers.map(\.status)) == [200, 403, 409])
            for text in (cheap.answers + dear.answers).map(\.body) + cheap.messages + dear.messages {
                for word in ["price", "fen", "amount", "payment", "987654", "987754", "refund_id", "order_id"] {
                    #expect(!text.contains(word), "\(word): \(text)")
                }
            }
        }
    }

    /// Everything that the recipients of three gifts of a product hear: one taken, one sent back, one left.
    private func heard(
        _ sku: String, fen: Int64, _ bundle: GiftsBundle
    ) async throws -> (answers: [Answer], left: GiftsBundle.Pair) {
        let variants = try await bundle.product(sku, fen: fen)
        let stranger = try await bundle.product("\(sku)-other", fen: fen)
        let (taken, back, left) = (
            try await bundle.begin("\(sku)-1", variants[0]), try await bundle.begin("\(sku)-2", variants[0]),
            try await bundle.begin("\(sku)-3", variants[0])
        )
        var answers: [Answer] = []
        func view(_ pair: GiftsBundle.Pair) async throws {
            answers.append(try await bundle.get(pair.view(of: pair.recipient)))
        }
        func ask(_ verb: String, _ pair: GiftsBundle.Pair, _ more: [String: Any] = [:]) async throws {
            let body = more.merging(["openid": pair.recipient]) { $1 }
            answers.append(
                verb == "address"
                    ? try await bundle.put(pair.path(verb), body) : try await bundle.post(pair.path(verb), body))
        }
        try await view(taken)
        try await ask("claim", taken)
        for pair in [taken, back, left] { try await bundle.pay(pair, fen: fen) }
        try await view(taken)
        for verb in ["quote", "pay", "cancel", "accept", "transfer"] { try await ask(verb, taken) }
        try await ask("claim", taken)
        try await view(taken)
        for variant in [variants[2].id, stranger[0].id, ID<Variant>.mint()] {
            try await ask("swap", taken, ["variant_id": "\(variant)"])
        }
        try await ask("accept", taken)
        try await ask("address", taken, ["address": GiftsBundle.address()])
        try await ask("swap", taken, ["variant_id": "\(variants[1].id)"])
        try await view(taken)
        try await ask("accept", taken)
        try await view(taken)
        for verb in ["decline", "accept", "claim"] { try await ask(verb, taken) }
        try await ask("swap", taken, ["variant_id": "\(variants[0].id)"])
        try await ask("decline", back)
        try await view(back)
        try await ask("accept", back)
        try await bundle.refunded(back)
        try await view(back)
        try await ask("claim", left)
        return (answers, left)
    }

    /// What the recipient hears after the time to accept.
    private func late(_ sku: String, _ left: GiftsBundle.Pair, _ bundle: GiftsBundle) async throws -> [Answer] {
        try await bundle.reaches("expired", left)
        try await bundle.refunded(left)
        var answers = [try await bundle.get(left.view(of: left.recipient))]
        for verb in ["accept", "claim", "decline", "cancel"] {
            answers.append(try await bundle.post(left.path(verb), ["openid": left.recipient]))
        }
        return answers
    }
}

extension GiftsBundle {
    func refunded(_ pair: Pair) async throws {
        try await eventually {
            (try await get(pair.view(of: pair.sender)).json["refund"] as? [String: Any])?["refunded_at"] != nil
        }
    }

    func count(_ sql: SQL) async throws -> Int {
        try await db.owner.one(Statement(sql) { row throws(PostgresError) in try row.next(Int.self) })
    }

    /// The tables in which a row holds `word`, as text or as bytes.
    func tablesThatHold(_ word: String) async throws -> [String] {
        let tables = try await db.superuser.run(
            Statement(
                """
                SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
                """
            ) { row throws(PostgresError) in try row.next(String.self) })
        let hex = word.utf8.map { String($0, radix: 16) }.joined()
        let (asText, asBytes) = ("%\(word)%", "%\(hex)%")
        var holding: [String] = []
        for table in tables {
            let rows = try await db.superuser.one(
                Statement(
                    "SELECT count(*) FROM \(unsafeRaw: table) t WHERE t::text LIKE \(asText) OR t::text LIKE \(asBytes)"
                ) { row throws(PostgresError) in try row.next(Int.self) })
            if rows > 0 { holding.append(table) }
        }
        return holding
    }
}
