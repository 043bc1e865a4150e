import Foundation
import Gifting
import Hosting
import Kernel
import Keys
import Postgres
import Vault

/// A part of the tour: a group gift is paid for, five friends enter, lots give it to three of them; two take theirs, one sends it back.
struct TourGroups {
    /// How many pieces are given, two to each who wins.
    static let units = 6
    /// How many friends enter.
    static let entries = 5
    /// How many of them win.
    static let places = 3
    /// What comes back: the two pieces that one of them does not want.
    static let refundedFen: Int64 = 2 * 8_800

    let brand: ID<Brand>
    let shop: ID<Shop>
    let pool: Pool
    let keys: KeyRing
    let client: TourClient

    private let giver = "tour-group-giver"
    private var groups: String { "\(client.addresses.gifts)/v1/gift-groups" }
    private var gifts: String { "\(client.addresses.gifts)/v1/gifts" }

    func run() async throws {
        let id = try await begin()
        try await pay(id)
        for number in 0..<Self.entries {
            guard try await view(id).state == "open" else { break }
            let _: View = try client.expect(
                try await client.post("\(groups)/\(id)/entries", key: "tour-\(id)-enter-\(number)", friend(number)),
                "An entry")
        }
        try await wait("Lots were not drawn: is siyu-gifts running?") {
            ["drawn", "settled"].contains(try await view(id).state)
        }
        try await verify(id)
        try await takeOrSendBack(id)
        try await awaitRefund(id)
        Terminal.say(
            "✓ a group gift drawn among \(Self.entries) and computed again: two of \(Self.places) taken, one sent back and refunded"
        )
    }

    // MARK: Giving

    private struct Person: Encodable {
        let openid: String
    }

    private struct Wish: Encodable {
        let openid: String
        let shopId: ID<Shop>
        let variantId: ID<Variant>
        let units = TourGroups.units
        let places = TourGroups.places
        let split = "fixed"
        let draw = "when_full"
        let entriesMax = TourGroups.entries
        let greeting = "大家同樂"
    }

    private struct View: Decodable {
        let groupId: String
        let state: String
        let gift: Won?

        struct Won: Decodable {
            let giftId: String
        }
    }

    private struct GiftView: Decodable {
        let state: String
    }

    private struct Prepaid: Decodable {
        let payment: [String: String]
    }

    private struct ShopperPays: Encodable {
        let prepayID: String
        let openid: String

        private enum CodingKeys: String, CodingKey {
            case prepayID = "prepay_id"
            case openid
        }
    }

    private func friend(_ number: Int) -> Person { Person(openid: "tour-group-friend-\(number)") }

    private func view(_ id: String, of openid: String? = nil) async throws -> View {
        try client.expect(try await client.get("\(groups)/\(id)?openid=\(openid ?? giver)"), "A group gift")
    }

    /// The group gift, as an earlier tour or this one began it.
    private func begin() async throws -> String {
        let index = Vault(keys: keys).blindIndex(of: giver, kind: "openid", brand: brand)
        if let known = try await pool.first(TourStatements.group(bySender: index, brand: brand)) { return known }
        let wish = Wish(
            openid: giver, shopId: shop,
            variantId: try await pool.one(TourStatements.variant("tour-bean", brand: brand)))
        let made: View = try client.expect(
            try await client.post(groups, key: "tour-group-create", wish), "A new group gift")
        return made.groupId
    }

    private func pay(_ id: String) async throws {
        if ["quoted", "paying"].contains(try await view(id).state) {
            let prepaid: Prepaid = try client.expect(
                try await client.post("\(groups)/\(id)/pay", key: "tour-\(id)-pay", Person(openid: giver)), "A payment")
            guard let package = prepaid.payment["package"], let start = package.firstIndex(of: "=") else {
                throw Failure("siyu-gifts did not say what to pay.")
            }
            let pays = ShopperPays(prepayID: String(package[package.index(after: start)...]), openid: giver)
            let paid = try await client.post("\(client.addresses.sandbox)/sandbox/pay", key: "tour-\(id)-wallet", pays)
            guard paid.isGood else { throw client.refusal(paid, "The sandbox") }
        }
        try await wait("The group gift was paid for but is not open: are siyu-ingest and siyu-gifts running?") {
            !["quoted", "paying"].contains(try await view(id).state)
        }
    }

    /// As anybody could who has the link.
    private func verify(_ id: String) async throws {
        let answer = try await client.get("\(groups)/\(id)/draw")
        guard answer.isGood else { throw client.refusal(answer, "The draw") }
        let verdict = try JSONDecoder().decode(GroupProof.self, from: answer.body).verify()
        guard verdict == .right else { throw Failure("The draw is not what it should be: \(verdict).") }
    }

    // MARK: Taking

    private struct Delivery: Encodable {
        let openid: String
        let address: Place

        struct Place: Encodable {
            let name = "收禮人"
            let phone = "13900009999"
            let province = "上海市"
            let city = "上海市"
            let district = "徐匯區"
            let detail = "1號"
        }
    }

    private func takeOrSendBack(_ id: String) async throws {
        var won: [(friend: Person, gift: String)] = []
        for number in 0..<Self.entries {
            let friend = friend(number)
            if let gift = try await view(id, of: friend.openid).gift { won.append((friend, gift.giftId)) }
        }
        for (place, (friend, gift)) in won.enumerated() {
            let path = "\(gifts)/\(gift)"
            let seen: GiftView = try client.expect(try await client.get("\(path)?openid=\(friend.openid)"), "A gift")
            guard ["sent", "claimed"].contains(seen.state) else { continue }
            func act(_ verb: String) async throws {
                let _: GiftView = try client.expect(
                    try await client.post("\(path)/\(verb)", key: "tour-\(gift)-\(verb)", friend), "A gift")
            }
            if place == Self.places - 1 {
                try await act("decline")
                continue
            }
            try await act("claim")
            let _: GiftView = try client.expect(
                try await client.put(
                    "\(path)/address", key: "tour-\(gift)-address",
                    Delivery(openid: friend.openid, address: Delivery.Place())), "An address")
            try await act("accept")
        }
    }

    /// After calls that failed the next one is minutes away: where nothing moves, the clock does.
    private func awaitRefund(_ id: String) async throws {
        var (skip, since) = (Duration.seconds(60), ContinuousClock.now)
        try await wait("What nobody took was not refunded: is siyu-gifts running?") {
            if try await pool.one(TourStatements.groups(brand: brand)).refundedFen == Self.refundedFen { return true }
            if since.duration(to: .now) > .seconds(5) {
                try await pool.execute(ClockStatements.advance(skip))
                (skip, since) = (min(skip * 4, .seconds(86_400)), .now)
            }
            return false
        }
    }

    private func wait(_ sentence: String, until isDone: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while try await !isDone() {
            guard ContinuousClock.now < deadline else { throw Failure(sentence, .unavailable) }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
