import FoundationEssentials
import Kernel
import Postgres

/// The SQL of fixtures of codes and gifts.
enum SheetFixtureStatements {
    private static let digest = [UInt8](repeating: 7, count: 32)

    static func product(_ product: ID<Product>, number: Int, shop: ID<Shop>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.product (brand_id, product_id, shop_id, sku, title, list_price_fen, created_at)
            VALUES (\(brand), \(product), \(shop), \("sku-\(number)"), \("Product \(number)"), 100, now())
            """)
    }

    static func batch(_ batch: SheetFixture.Batch, handle: Int32, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.batch (brand_id, batch_id, request_id, request_hash, handle, shop_id, product_id, count, wrapped_key,
                prize_mode, rules_hash, label, cost_account_id, owed_account_id, created_at)
            VALUES (\(brand), \(batch.id), \("\(batch.id)"), \(digest), \(handle), \(batch.shop), \(batch.product), \(batch.count),
                '', 'ranks', \(digest), \("Batch \(handle)"), \(ID<Account>.mint()), \(ID<Account>.mint()), \(batch.createdAt))
            """)
    }

    static func tier(
        _ tier: Int, _ prize: (count: Int, cost: Int64), of batch: ID<CodeBatch>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.prize (brand_id, batch_id, tier, name, kind, points, cost_fen, count, first_rank)
            VALUES (\(brand), \(batch), \(Int32(tier)), 'prize', 'item', 0, \(prize.cost), \(prize.count), 0)
            """)
    }

    static func void(
        _ void: (codes: Range<Int>, from: Date, to: Date?), of batch: ID<CodeBatch>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.code_range (brand_id, batch_id, range_id, kind, from_index, to_index, valid_from, valid_to, author,
                created_at)
            VALUES (\(brand), \(batch), \(ID<CodeBatch>.mint()), 'void', \(void.codes.lowerBound), \(void.codes.upperBound),
                \(void.from), \(void.to), 'Li', \(void.from))
            """)
    }

    static func account(_ account: ID<Account>, of batch: ID<CodeBatch>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO accounting.account (brand_id, account_id, kind, subject_id, floor_fen, created_at)
            VALUES (\(brand), \(account), 'prize_cost', \(batch), NULL, now())
            """)
    }

    static func scan(
        _ redemption: ID<Redemption>, code: Int, _ scan: (at: Date, tier: Int?), of batch: ID<CodeBatch>,
        brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.redemption (brand_id, batch_id, code_index, redemption_id, person_id, tier, source_id, redeemed_at)
            VALUES (\(brand), \(batch), \(code), \(redemption), \(ID<Person>.mint()), \(scan.tier.map { Int32($0 + 1) }),
                \(ID<HookSource>.mint()), \(scan.at))
            """)
    }

    /// A voucher with its handovers and reversals.
    static func voucher(
        _ voucher: SheetFixture.Voucher, code: Int, _ scan: (at: Date, tier: Int?), of batch: ID<CodeBatch>,
        shop: ID<Shop>, brand: ID<Brand>
    ) -> [Statement<Void>] {
        let last = voucher.handovers.last
        let isOut = last.map { $0.reversedAt == nil } ?? false
        let state = voucher.expiredAt != nil ? "expired" : isOut ? "handed_over" : "open"
        let updatedAt = voucher.expiredAt ?? last?.reversedAt ?? last?.at ?? scan.at
        var statements = [
            Statement<Void>(
                """
                INSERT INTO codes.voucher (brand_id, voucher_id, batch_id, code_index, tier, person_id, token_hash, cost_fen,
                    state, handovers, issued_at, expires_at, updated_at)
                VALUES (\(brand), \(voucher.id), \(batch), \(code), \(Int32((scan.tier ?? 0) + 1)), \(ID<Person>.mint()),
                    sha256(\("\(voucher.id)")::bytea), 0, \(state), \(Int32(voucher.handovers.count)), \(scan.at),
                    \(scan.at.addingTimeInterval(86_400)), \(updatedAt))
                """)
        ]
        for (number, handover) in voucher.handovers.enumerated() {
            statements.append(
                Statement<Void>(
                    """
                    INSERT INTO codes.handover (brand_id, handover_id, voucher_id, number, shop_id, source_id, cost_fen,
                        handed_over_at)
                    VALUES (\(brand), \(handover.id), \(voucher.id), \(Int32(number + 1)), \(shop),
                        \(ID<HookSource>.mint()), 0, \(handover.at))
                    """))
            guard let reversedAt = handover.reversedAt else { continue }
            statements.append(
                Statement<Void>(
                    """
                    INSERT INTO codes.handover_reversal (brand_id, handover_id, shop_id, source_id, cost_fen, reason, reversed_at)
                    VALUES (\(brand), \(handover.id), \(shop), \(ID<HookSource>.mint()), 0, 'test', \(reversedAt))
                    """))
        }
        return statements
    }

    static func transfer(
        _ kind: String, _ amount: Int64, debit: ID<Account>, subject: UUID, at instant: Date, occurredAt: Date? = nil,
        brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id,
                occurred_at, posted_at)
            VALUES (\(brand), \(ID<Transfer>.mint()), \(debit), \(ID<Account>.mint()), \(amount), \(kind), \(subject),
                \(occurredAt ?? instant), \(instant))
            """)
    }

    static func gift(_ gift: SheetFixture.Gift, refund: ID<Refund>, brand: ID<Brand>) -> Statement<Void> {
        let isSent = gift.sentAt != nil
        let acceptedAt = gift.state == "accepted" ? gift.endedAt : nil
        let refundID = gift.state == "expired" || gift.state == "declined" ? refund : nil
        return Statement(
            """
            INSERT INTO gifting.gift (brand_id, gift_id, shop_id, product_id, variant_id, sender_id, recipient_id, state,
                captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, claimed_at, address_id, accepted_at,
                locked_until, ended_at, refund_id, refunded_at, created_at, updated_at)
            VALUES (\(brand), \(gift.id), \(gift.shop), \(gift.product), \(ID<Variant>.mint()), \(gift.sender),
                \(ID<Person>.mint()), \(gift.state), \(gift.price), now(), \(isSent ? ID<Payment>.mint() : nil),
                \(isSent ? ID<Order>.mint() : nil), \(gift.sentAt), \(gift.sentAt?.addingTimeInterval(86_400)),
                \(gift.claimedAt), \(acceptedAt == nil ? nil : ID<Address>.mint()), \(acceptedAt), \(acceptedAt),
                \(gift.endedAt), \(refundID), \(gift.refundedAt), now(), now())
            """)
    }

    static func outcome(
        _ outcome: String, of gift: ID<Gift>, at instant: Date, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.outcome (brand_id, gift_id, outcome, decided_by, decided_at)
            VALUES (\(brand), \(gift), \(outcome), \(outcome == "expired" ? "deadline" : "recipient"), \(instant))
            """)
    }

    static func swap(of gift: ID<Gift>, at instant: Date, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.swap (brand_id, swap_id, gift_id, from_variant_id, to_variant_id, swapped_at)
            VALUES (\(brand), \(ID<Variant>.mint()), \(gift), \(ID<Variant>.mint()), \(ID<Variant>.mint()), \(instant))
            """)
    }
}
