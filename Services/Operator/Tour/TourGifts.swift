import Foundation
import Hosting
import Kernel
import Keys
import Orders
import Postgres
import Vault
import WeChat

/// The third part of the tour: friends pay for gifts, some are accepted, the others are left until a day has passed, and paid back.
struct TourGifts {
    /// How many gifts are given.
    static let given = 50
    /// How many of them are accepted; the first one after a swap.
    static let accepted = 21
    private static let price = Money(fen: 8_800)
    private static let atOnce = 8

    let brand: ID<Brand>
    let shop: ID<Shop>
    let pool: Pool
    let keys: KeyRing
    let merchant: Data
    let client: TourClient

    private var gifts: String { "\(client.addresses.gifts)/v1/gifts" }

    func run() async throws {
        let shelf = try await stock()
        try await troubleTheSandbox()
        try await forEach(0..<Self.given) { number in try await send(number, shelf) }
        Terminal.say("✓ \(Self.given) gifts paid for through the sandbox and sent")
        try await forEach(0..<Self.accepted) { number in try await accept(number, shelf) }
        Terminal.say("✓ \(Self.accepted) accepted, one of them after a swap; \(Self.given - Self.accepted) left")
        try await letADayPass()
        try await awaitRefunds()
    }

    // MARK: What there is to give

    private struct Shelf {
        let variant: ID<Variant>
        let equal: ID<Variant>
    }

    private func stock() async throws -> Shelf {
        let credentials = try JSONDecoder().decode(MerchantCredentials.self, from: merchant)
        return try await pool.transaction { tx in
            let now = try await tx.one(TourStatements.now())
            _ = try await Merchants.add(
                credentials, notifyBase: client.addresses.ingest, brand: brand, keys: keys, now: now, on: tx)
            let product = try await Catalogue.addProduct(
                sku: "tour-box", title: "月餅禮盒", listPrice: Self.price, shop: shop, brand: brand, now: now, on: tx)
            var variants: [ID<Variant>] = []
            for (sku, title) in [("tour-lotus", "蓮蓉"), ("tour-bean", "豆沙")] {
                let variant = try await Catalogue.addVariant(
                    sku: sku, title: title, listPrice: Self.price, product: product.id, brand: brand, now: now, on: tx)
                _ = try await Stock.receive(
                    100, of: variant.id, delivery: variant.id.rawValue, brand: brand, now: now, on: tx)
                variants.append(variant.id)
            }
            return Shelf(variant: variants[0], equal: variants[1])
        }
    }

    private struct Faults: Encodable {
        let seed: Int
        let rates: [String: Double]
    }

    /// WeChat Pay on a bad day: the counts must not show it.
    private func troubleTheSandbox() async throws {
        let faults = Faults(
            seed: 20_250_101,
            rates: [
                "time_out_after_work": 0.1, "server_error": 0.1, "refuse": 0.05, "duplicate_notification": 0.3,
                "late_notification": 0.1, "signature_probe": 0.1,
            ])
        let answer = try await client.put("\(client.addresses.sandbox)/sandbox/faults", key: "tour-faults", faults)
        guard answer.isGood else { throw client.refusal(answer, "The sandbox") }
    }

    // MARK: Giving

    private struct Person: Encodable {
        let openid: String
    }

    private struct NewGift: Encodable {
        let openid: String
        let recipientOpenids: [String]
        let shopId: ID<Shop>
        let variantId: ID<Variant>
        let greeting: String
    }

    private struct View: Decodable {
        let giftId: String
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

    private func sender(_ number: Int) -> String { "tour-sender-\(number)" }
    private func recipient(_ number: Int) -> String { "tour-recipient-\(number)" }
    private func key(_ gift: String, _ step: String) -> String { "tour-\(gift)-\(step)" }

    /// The gift of a sender, as an earlier tour or this one made it.
    private func gift(_ number: Int) async throws -> String? {
        let index = Vault(keys: keys).blindIndex(of: sender(number), kind: "openid", brand: brand)
        return try await pool.first(TourStatements.gift(bySender: index, brand: brand))
    }

    private func view(_ gift: String, of openid: String) async throws -> View {
        try client.expect(try await client.get("\(gifts)/\(gift)?openid=\(openid)"), "A gift")
    }

    private func send(_ number: Int, _ shelf: Shelf) async throws {
        let id: String
        if let known = try await gift(number) {
            id = known
        } else {
            let wish = NewGift(
                openid: sender(number), recipientOpenids: [recipient(number)], shopId: shop, variantId: shelf.variant,
                greeting: "中秋快樂")
            let made: View = try client.expect(
                try await client.post(gifts, key: "tour-create-\(number)", wish), "A new gift")
            id = made.giftId
        }
        let person = Person(openid: sender(number))
        var state = try await view(id, of: sender(number)).state
        if state == "draft" {
            let quoted: View = try client.expect(
                try await client.post("\(gifts)/\(id)/quote", key: key(id, "quote"), person), "A quote")
            state = quoted.state
        }
        if ["quoted", "paying"].contains(state) {
            let prepaid: Prepaid = try client.expect(
                try await client.post("\(gifts)/\(id)/pay", key: key(id, "pay"), person), "A payment")
            guard let package = prepaid.payment["package"], let start = package.firstIndex(of: "=") else {
                throw Failure("siyu-gifts did not say what to pay.")
            }
            let pays = ShopperPays(
                prepayID: String(package[package.index(after: start)...]), openid: sender(number))
            let paid = try await client.post("\(client.addresses.sandbox)/sandbox/pay", key: key(id, "wallet"), pays)
            guard paid.isGood else { throw client.refusal(paid, "The sandbox") }
        }
        try await wait("Gift \(number) was paid for but not sent: are siyu-ingest and siyu-gifts running?") {
            !["draft", "quoted", "paying"].contains(try await view(id, of: sender(number)).state)
        }
    }

    // MARK: Taking

    private struct Delivery: Encodable {
        let openid: String
        let address: Place

        struct Place: Encodable {
            let name: String
            let phone: String
            let province = "上海市"
            let city = "上海市"
            let district = "徐匯區"
            let detail: String
        }
    }

    private struct Choice: Encodable {
        let openid: String
        let variantId: ID<Variant>
    }

    private func accept(_ number: Int, _ shelf: Shelf) async throws {
        guard let id = try await gift(number) else { throw Failure("Gift \(number) is gone.", .software) }
        let openid = recipient(number)
        let person = Person(openid: openid)
        if try await view(id, of: openid).state == "sent" {
            let _: View = try client.expect(
                try await client.post("\(gifts)/\(id)/claim", key: key(id, "claim"), person), "A claim")
        }
        guard try await view(id, of: openid).state == "claimed" else { return }
        if number == 0, try await pool.one(TourStatements.swaps(brand: brand)) == 0 {
            let choice = Choice(openid: openid, variantId: shelf.equal)
            let _: View = try client.expect(
                try await client.post("\(gifts)/\(id)/swap", key: key(id, "swap"), choice), "A swap")
        }
        let place = Delivery.Place(name: "收禮人\(number)", phone: "1390000\(1_000 + number)", detail: "\(number + 1)號")
        let _: View = try client.expect(
            try await client.put(
                "\(gifts)/\(id)/address", key: key(id, "address"), Delivery(openid: openid, address: place)),
            "An address")
        let _: View = try client.expect(
            try await client.post("\(gifts)/\(id)/accept", key: key(id, "accept"), person), "An acceptance")
    }

    // MARK: Leaving

    private func letADayPass() async throws {
        let open = try await pool.one(TourStatements.gifts(brand: brand)).open
        guard open > 0 else {
            Terminal.say("✓ a day had passed before")
            return
        }
        try await pool.execute(ClockStatements.advance(.seconds(25 * 3_600)))
        Terminal.say("✓ 25 hours passed in a moment")
    }

    /// Refunds that failed are called again after pauses that grow to hours; where nothing moves, the clock does.
    private func awaitRefunds() async throws {
        let due = Self.given - Self.accepted
        var last = (refunded: -1, since: ContinuousClock.now, skip: Duration.seconds(60))
        try await wait("Not all of the \(due) refunds were paid out: is siyu-gifts running?", within: .seconds(300)) {
            let counts = try await pool.one(TourStatements.gifts(brand: brand))
            Terminal.progress("refunds: \(counts.refunded) of \(due)")
            if counts.refunded != last.refunded {
                last = (counts.refunded, .now, .seconds(60))
            } else if last.since.duration(to: .now) > .seconds(5) {
                try await pool.execute(ClockStatements.advance(last.skip))
                last = (counts.refunded, .now, min(last.skip * 4, .seconds(86_400)))
            }
            return counts.expired == due && counts.refunded == due
        }
        Terminal.endProgress()
        Terminal.say("✓ \(due) gifts expired and were refunded, though the sandbox failed on some")
    }

    // MARK: Waiting

    private func wait(
        _ sentence: String, within patience: Duration = .seconds(120), until isDone: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + patience
        while try await !isDone() {
            guard ContinuousClock.now < deadline else { throw Failure(sentence, .unavailable) }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func forEach(_ numbers: Range<Int>, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var rest = numbers.makeIterator()
            for _ in 0..<Self.atOnce {
                if let number = rest.next() { group.addTask { try await body(number) } }
            }
            while try await group.next() != nil {
                if let number = rest.next() { group.addTask { try await body(number) } }
            }
        }
    }
}
