import Foundation
import Hooks
import Hosting
import Kernel
import Keys
import Orders
import Postgres
import Vault
import WeChat

/// The fourth part of the tour: a recipient sends a gift back and its giver is refunded; then WeChat Pay's bills are held against everything,
/// with an error planted into one of them.
struct TourAftersales {
    private static let source = "tour-desk"
    /// The gift that is sent back: one of those that were accepted.
    private static let number = 1

    let brand: ID<Brand>
    let pool: Pool
    let keys: KeyRing
    let merchant: Data
    let client: TourClient

    private var gifts: String { client.addresses.gifts }
    private var recipient: String { "tour-recipient-\(Self.number)" }

    func run() async throws {
        let secret = try await secret()
        let id = try await ask()
        try await decide(id, "agree", secret: secret)
        if try await view(id).state == "returning" {
            let parcel = Parcel(openid: recipient, carrier: "SF", waybill: "SF0000000001")
            let _: View = try client.expect(
                try await client.post("\(gifts)/v1/aftersales/\(id)/sent", key: "tour-\(id)-sent", parcel), "A parcel")
        }
        try await decide(id, "receive", secret: secret)
        try await awaitRefund(id)
        Terminal.say("✓ an accepted gift sent back: its giver refunded, its recipient told no price")
        try await reconcile()
    }

    // MARK: After-sales

    private struct Wish: Encodable {
        let openid: String
        let giftId: String
        let kind = "return"
        let reason = "not_wanted"
    }

    private struct Parcel: Encodable {
        let openid: String
        let carrier: String
        let waybill: String
    }

    private struct Decision: Encodable {
        let decision: String
        let restock: Bool
    }

    private struct View: Decodable {
        let aftersaleId: String
        let state: String
    }

    /// The secret is shown once, so a tour that finds the source gives it a new one.
    private func secret() async throws -> HookSecret {
        if let rotated = try await HookSources.rotate(Self.source, brand: brand, keys: keys, on: pool) {
            return rotated.secret
        }
        guard
            let made = try await HookSources.create(
                Self.source, brand: brand, purposes: [.aftersales], keys: keys, on: pool)
        else {
            throw Failure("The tour's brand is gone.", .software)
        }
        return made.secret
    }

    /// The case of the gift, as an earlier tour or this one opened it.
    private func ask() async throws -> String {
        if let known = try await pool.first(TourStatements.aftersale(brand: brand)) { return known }
        let index = Vault(keys: keys).blindIndex(of: "tour-sender-\(Self.number)", kind: "openid", brand: brand)
        guard let gift = try await pool.first(TourStatements.gift(bySender: index, brand: brand)) else {
            throw Failure("Gift \(Self.number) is gone.", .software)
        }
        let opened: View = try client.expect(
            try await client.post(
                "\(gifts)/v1/aftersales", key: "tour-\(gift)-return", Wish(openid: recipient, giftId: gift)),
            "An after-sales case")
        return opened.aftersaleId
    }

    /// siyu-gifts looks for new secrets once a second.
    private func decide(_ id: String, _ decision: String, secret: HookSecret) async throws {
        let url = "\(gifts)/v1/hooks/\(Self.source)/aftersales/\(id)"
        for _ in 1...8 {
            let answer = try await client.hook(
                url, id: "tour-\(id)-\(decision)", secret: secret, Decision(decision: decision, restock: true))
            if answer.isGood { return }
            guard answer.status == 401 else { throw client.refusal(answer, "The shop's answer") }
            try await Task.sleep(for: .milliseconds(500))
        }
        throw Failure("siyu-gifts does not know the shop's secret.", .unavailable)
    }

    private func view(_ id: String) async throws -> View {
        try client.expect(try await client.get("\(gifts)/v1/aftersales/\(id)?openid=\(recipient)"), "A case")
    }

    /// After calls that failed the next one is minutes away: where nothing moves, the clock does.
    private func awaitRefund(_ id: String) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        var (skip, since) = (Duration.seconds(60), ContinuousClock.now)
        while try await view(id).state != "refunded" {
            guard ContinuousClock.now < deadline else {
                throw Failure("What was sent back was not refunded: is siyu-gifts running?", .unavailable)
            }
            if since.duration(to: .now) > .seconds(5) {
                try await pool.execute(ClockStatements.advance(skip))
                (skip, since) = (min(skip * 4, .seconds(86_400)), .now)
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    // MARK: Bills

    /// The day on which the gifts were paid, three times: as it is, with a fen too much in a line, and as it is again.
    private func reconcile() async throws {
        guard let day = try await pool.first(TourStatements.dayOfPayments(brand: brand)) else {
            throw Failure("No gift was paid.", .software)
        }
        let mchid = try JSONDecoder().decode(MerchantCredentials.self, from: merchant).mchid
        let bills = try await ReconcileCommand.download(mchid, "\(day)", keys: keys, brand: brand, pool)
        func compare(_ bills: [BillSource]) async throws -> [String] {
            try await ReconcileCommand.compare(mchid, day, bills, brand: brand, on: pool).mismatches.map(\.reason)
        }
        var found = try await compare(bills)
        guard found.isEmpty else {
            throw Failure("The sandbox's bills of \(day) differ: \(found.joined(separator: ", ")).")
        }
        found = try await compare(try bills.map { bill in bill.kind == .fundFlow ? try planted(bill) : bill })
        guard found == ["payment_amount"] else {
            throw Failure("An error planted into a bill was found as \(found.joined(separator: ", ")).")
        }
        found = try await compare(bills)
        guard found.isEmpty else { throw Failure("A difference that is no more is still open.") }
        Terminal.say("✓ WeChat Pay's bills agree with orders, refunds and books; an error planted into one was found")
    }

    /// The same bill with a fen too much in its first payment.
    private func planted(_ bill: BillSource) throws -> BillSource {
        let lines = String(decoding: bill.csv, as: UTF8.self).components(separatedBy: "\r\n")
        guard let index = lines.firstIndex(where: { $0.contains("`交易,`收入,`") }) else {
            throw Failure("The bill has no payment.", .software)
        }
        var cells = lines[index].components(separatedBy: ",")
        guard cells.count > 6, let amount = Money(yuan: cells[6].dropFirst()) else {
            throw Failure("The bill cannot be read.", .software)
        }
        cells[6] = "`" + Money(fen: amount.fen + 1).yuanText
        var changed = lines
        changed[index] = cells.joined(separator: ",")
        return try BillSource(.fundFlow, file: Array(changed.joined(separator: "\r\n").utf8))
    }
}
