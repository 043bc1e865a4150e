import Codes
import Foundation
import Hooks
import Hosting
import Kernel
import Keys
import Orders
import Postgres

/// The second part of the tour: codes are minted, activated, and scanned over the HTTP hook, each of them twice.
struct TourCodes {
    /// How many codes are printed.
    static let count: Int64 = 10_000
    /// How many of them people scan.
    static let scanned: Int64 = 500
    private static let source = "tour-packs"
    private static let atOnce = 16

    let brand: ID<Brand>
    let shop: ID<Shop>
    let pool: Pool
    let keys: KeyRing
    let client: TourClient

    func run() async throws {
        let batch = try await mint()
        let secret = try await secret()
        try await awaitFirst(batch, secret: secret)
        let start = ContinuousClock.now
        let first = try await scan(batch, secret: secret, round: 1)
        let seconds = (ContinuousClock.now - start).inSeconds
        let second = try await scan(batch, secret: secret, round: 2)
        guard first.map(\.prize) == second.map(\.prize), first.map(\.redeemedAt) == second.map(\.redeemedAt) else {
            throw Failure("The second scan of a code told another prize or instant than the first.")
        }
        guard second.allSatisfy({ $0.outcome == "redeemed_by_you" }) else {
            throw Failure("A code that was scanned twice by one person was not redeemed by them.")
        }
        Terminal.say(
            String(
                format: "✓ %d codes scanned in %.1f s, and again: %d won, each twice the same", first.count, seconds,
                first.count { $0.prize != nil }))
    }

    private func mint() async throws -> OpenBatch {
        let request = MintRequest(
            brand: brand, requestID: "tour", count: Self.count,
            prizes: [
                PrizeRequest(name: "一等獎 8,888 積分", kind: .points, points: 8_888, cost: Money(fen: 8_888), count: 10),
                PrizeRequest(name: "二等獎 888 積分", kind: .points, points: 888, cost: Money(fen: 888), count: 100),
                PrizeRequest(name: "三等獎 88 積分", kind: .points, points: 88, cost: Money(fen: 88), count: 1_000),
            ], label: "tour", shop: shop)
        let (record, isNew) = try await Minting.mint(request, author: "tour", keys: keys, on: pool)
        let command = RangeCommand(kind: .activate, indexes: 0..<Self.count)
        let outcome = try await Ranges.decide(command, batch: record.id, brand: brand, author: "tour", on: pool)
        if case .refused(let problem) = outcome { throw problem }
        Terminal.say("✓ \(record.count) codes minted and activated\(isNew ? "" : " before"), batch \(record.handle)")
        return try OpenBatch(record, keys: keys)
    }

    /// The secret is shown once, so a tour that finds the source gives it a new one.
    private func secret() async throws -> HookSecret {
        if let rotated = try await HookSources.rotate(Self.source, brand: brand, keys: keys, on: pool) {
            return rotated.secret
        }
        guard
            let made = try await HookSources.create(
                Self.source, brand: brand, purposes: [.scans], keys: keys, on: pool)
        else {
            throw Failure("The tour's brand is gone.", .software)
        }
        return made.secret
    }

    private struct Scan: Encodable {
        let code: String
        let openid: String
    }

    private struct Redeemed: Decodable {
        struct Prize: Decodable, Equatable {
            let name: String
        }

        let outcome: String
        let prize: Prize?
        let redeemedAt: String
    }

    /// siyu-redeem looks for new batches and secrets once a second, not for every code that somebody makes up.
    private func awaitFirst(_ batch: OpenBatch, secret: HookSecret) async throws {
        let scan = Scan(code: "\(batch.cipher.code(at: 0))", openid: "tour-scanner-0")
        for _ in 1...8 {
            let answer = try await client.hook(url, id: "tour-\(batch.record.handle)-1-0", secret: secret, scan)
            if answer.isGood { return }
            guard [401, 404].contains(answer.status) else { throw client.refusal(answer, "A scan") }
            try await Task.sleep(for: .milliseconds(500))
        }
        throw Failure("siyu-redeem does not know the batch that was minted.", .unavailable)
    }

    private var url: String { "\(client.addresses.redeem)/v1/hooks/\(Self.source)/scans" }

    /// Scans every code once; each person scans their own.
    private func scan(_ batch: OpenBatch, secret: HookSecret, round: Int) async throws -> [Redeemed] {
        let (url, handle) = (url, "\(batch.record.handle)")
        var answers = [Redeemed?](repeating: nil, count: Int(Self.scanned))
        try await withThrowingTaskGroup(of: (Int, Redeemed).self) { group in
            var started = 0
            func start(in group: inout ThrowingTaskGroup<(Int, Redeemed), any Error>) {
                guard started < answers.count else { return }
                let number = started
                started += 1
                let scan = Scan(code: "\(batch.cipher.code(at: Int64(number)))", openid: "tour-scanner-\(number)")
                // Of this batch and round: what was answered once is answered again.
                let id = "tour-\(handle)-\(round)-\(number)"
                group.addTask {
                    (number, try client.expect(try await client.hook(url, id: id, secret: secret, scan), "A scan"))
                }
            }
            for _ in 0..<Self.atOnce { start(in: &group) }
            while let (number, answer) = try await group.next() {
                answers[number] = answer
                start(in: &group)
            }
        }
        return answers.compactMap { $0 }
    }
}
