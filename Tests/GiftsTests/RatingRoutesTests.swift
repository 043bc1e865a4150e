import Foundation
import Gifting
import Kernel
import Postgres
import TestSupport
import Testing

/// Ratings of gifts over HTTP, and the links by which they are passed on.
@Suite struct RatingRoutesTests {
    @Test func g30_oneRatingAGift_andItsLinkLeadsToWhoeverRated() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let pair = try await bundle.begin("1", tea[0])
            try await bundle.pay(pair, fen: 10_000)
            func rate(_ openID: String, _ stars: Int) async throws -> Answer {
                try await bundle.post(pair.path("rating"), ["openid": openID, "stars": stars])
            }
            #expect(try await rate(pair.recipient, 5).code == "gift_rating_too_early")
            #expect(try await bundle.post(pair.path("claim"), ["openid": pair.recipient]).status == 200)
            _ = try await bundle.put(
                pair.path("address"), ["openid": pair.recipient, "address": GiftsBundle.address()])
            #expect(try await bundle.post(pair.path("accept"), ["openid": pair.recipient]).status == 200)

            #expect(try await rate(pair.sender, 5).status == 403)
            for stars in [0, 6] { #expect(try await rate(pair.recipient, stars).code == "gift_rating_malformed") }
            var rated: Set<String> = []
            for _ in 0..<3 {
                let answer = try await rate(pair.recipient, 4)
                rated.insert("\(answer.status) \(answer.body)")
            }
            #expect(rated.count == 1 && rated.first?.hasPrefix("200") == true, "\(rated)")
            #expect(try await rate(pair.recipient, 5).code == "gift_rating_differs")
            #expect(try await bundle.count("SELECT count(*) FROM gifting.rating WHERE stars = 4") == 1)

            let rating = try await rate(pair.recipient, 4).json
            let share = try #require(rating["share"] as? String)
            for openID in ["visitor", "visitor", pair.recipient] {
                let seen = try await bundle.post("/v1/rating-visits", ["openid": openID, "share": share])
                #expect(seen.status == 200 && seen.json["rater_id"] as? String == rating["rater_id"] as? String)
                #expect(!seen.body.contains("fen") && !seen.body.contains(pair.recipient))
            }
            #expect(try await bundle.count("SELECT count(*) FROM gifting.rating_visit") == 1, "the rater is no visitor")
            for forged in [
                "", "x", "\(pair.id).x", String(share.dropLast()), share + "A",
                "\(ID<Gift>.mint())" + share.dropFirst(36),
            ] {
                let answer = try await bundle.post("/v1/rating-visits", ["openid": "visitor", "share": forged])
                #expect(answer.status == 404, "\(forged)")
            }
        }
    }
}
