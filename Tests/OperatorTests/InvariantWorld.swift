/// A brand of which everything is as it should be, and the ways in which it can be spoilt.
///
/// Each way is one change that the database would refuse, were it not made by a superuser who takes the constraint away first; exactly
/// one rule is broken by it.
enum InvariantWorld {
    static let brand = "00000000-0000-7000-8000-00000000000b"

    /// The id of a row, by a number of its own.
    static func id(_ number: Int) -> String {
        let digits = String(number)
        return "00000000-0000-7000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    /// Several statements as one, for a superuser whom foreign keys do not stop.
    static func block(_ statements: String) -> String {
        "DO $block$ BEGIN SET LOCAL session_replication_role = replica; \(filled(statements)); END $block$"
    }

    /// `@5` stands for the id of the row 5, `@b` for the brand.
    private static func filled(_ text: String) -> String {
        var filled = ""
        var rest = text[...]
        while let at = rest.firstIndex(of: "@") {
            filled += rest[..<at]
            rest = rest[rest.index(after: at)...]
            if rest.first == "b" {
                rest.removeFirst()
                filled += "'\(brand)'::uuid"
            } else {
                let digits = rest.prefix { $0.isNumber }
                rest = rest[digits.endIndex...]
                filled += "'\(id(Int(digits) ?? 0))'::uuid"
            }
        }
        return filled + rest
    }

    /// Three gifts (accepted, expired, open), two redeemed codes, a draw, a voucher, a payout, holds, an inbox, and jobs.
    static let rows = block(
        """
        INSERT INTO siyu.brand VALUES (@b, 'Fine', now());
        INSERT INTO accounting.account VALUES
            (@b, @1, 'clearing', @90, NULL, now()), (@b, @2, 'escrow', @11, 0, now()), (@b, @3, 'sales', @90, NULL, now()),
            (@b, @4, 'escrow', @12, 0, now()), (@b, @5, 'escrow', @13, 0, now()), (@b, @6, 'wallet', @90, -1000, now()),
            (@b, @7, 'prize_cost', @50, NULL, now()), (@b, @8, 'prize_owed', @50, NULL, now());
        INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id,
            occurred_at, posted_at) VALUES
            (@b, @101, @1, @2, 5000, 'order.paid', @11, now(), now()), (@b, @102, @2, @3, 5000, 'gift.accepted', @21, now(), now()),
            (@b, @103, @1, @4, 5000, 'order.paid', @12, now(), now()), (@b, @104, @4, @1, 5000, 'order.refunded', @32, now(), now()),
            (@b, @105, @1, @5, 4000, 'order.paid', @13, now(), now()), (@b, @106, @6, @3, 200, 'hold.posted', @71, now(), now()),
            (@b, @107, @7, @8, 100, 'prize.owed', @61, now(), now()), (@b, @108, @8, @1, 100, 'payout.paid', @81, now(), now());
        INSERT INTO accounting.balance (brand_id, account_id, floor_fen, balance_fen, held_fen, updated_at) VALUES
            (@b, @2, 0, 0, 0, now()), (@b, @4, 0, 0, 0, now()), (@b, @5, 0, 4000, 0, now()), (@b, @6, -1000, -200, 300, now());
        INSERT INTO accounting.hold (brand_id, hold_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id, held_at,
            expires_at, state, posted_fen, transfer_id, ended_at) VALUES
            (@b, @70, @6, @3, 300, 'hold', @70, now(), now() + INTERVAL '1 hour', 'held', NULL, NULL, NULL),
            (@b, @71, @6, @3, 300, 'hold', @71, now(), now() + INTERVAL '1 hour', 'posted', 200, @106, now());
        INSERT INTO orders.customer_order VALUES
            (@b, @41, @90, @91, 'gift', '\\x01', 1, 'paid', now(), 1, 5000, now(), now(), now()),
            (@b, @42, @90, @91, 'gift', '\\x02', 2, 'cancelled', now(), 1, 5000, now(), now(), now()),
            (@b, @43, @90, @91, 'gift', '\\x03', 1, 'paid', now(), 1, 4000, now(), now(), now());
        INSERT INTO orders.payment VALUES
            (@b, @11, @41, 1, 5000, 'paid', now(), now(), now()), (@b, @12, @42, 1, 5000, 'reversed', now(), now(), now()),
            (@b, @13, @43, 1, 4000, 'paid', now(), now(), now());
        INSERT INTO orders.payment_intent (brand_id, intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity, description,
            subject, owner_queue, state, transaction_id, paid_fen, refund_reserved_fen, expires_at, paid_at, created_at, updated_at)
        VALUES (@b, @11, @41, @90, @91, '1', 5000, 1, 'x', 'gift:1', 'gifts', 'paid', '1', 5000, 0, now(), now(), now(), now()),
            (@b, @12, @42, @90, @91, '1', 5000, 1, 'x', 'gift:2', 'gifts', 'paid', '2', 5000, 5000, now(), now(), now(), now()),
            (@b, @13, @43, @90, @91, '1', 4000, 1, 'x', 'gift:3', 'gifts', 'paid', '3', 4000, 0, now(), now(), now(), now());
        INSERT INTO orders.refund (brand_id, refund_id, payment_id, cause_id, round, number, out_refund_no, amount_fen, reason, subject,
            owner_queue, state, attempts, requested_at, sent_at, finished_at, updated_at)
        VALUES (@b, @32, @12, @12, 1, 1, 'RF-12-1', 5000, 'x', 'gift:2', 'gifts', 'succeeded', 1, now(), now(), now(), now());
        INSERT INTO orders.payout (brand_id, payout_id, subject_id, number, person_id, amount_fen, owed_account_id, activity, reward,
            owner_queue, mchid, state, attempts, requested_at, sent_at, finished_at, updated_at)
        VALUES (@b, @81, @61, 1, @92, 100, @8, 'x', 'x', 'prizes', '1', 'succeeded', 1, now(), now(), now(), now());
        INSERT INTO orders.stock VALUES (@b, @95, 8, now());
        INSERT INTO orders.stock_movement VALUES
            (@b, @201, @95, 10, 'stock.add', @95, now()), (@b, @202, @95, -1, 'gift.reserve', @21, now()),
            (@b, @203, @95, -1, 'gift.reserve', @22, now()), (@b, @204, @95, 1, 'gift.release', @22, now()),
            (@b, @205, @95, -1, 'gift.reserve', @23, now());
        INSERT INTO gifting.gift (brand_id, gift_id, shop_id, product_id, variant_id, sender_id, recipient_id, state,
            captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, claimed_at, address_id, accepted_at,
            locked_until, ended_at, refund_id, refunded_at, created_at, updated_at)
        VALUES (@b, @21, @90, @96, @95, @91, @92, 'accepted', 5000, now(), @11, @41, now(), now() + INTERVAL '1 day', now(), @97,
                now(), now() + INTERVAL '1 day', now(), NULL, NULL, now(), now()),
            (@b, @22, @90, @96, @95, @91, @92, 'expired', 5000, now(), @12, @42, now() - INTERVAL '2 days',
                now() - INTERVAL '1 day', NULL, NULL, NULL, NULL, now(), @32, now(), now(), now()),
            (@b, @23, @90, @96, @95, @91, @92, 'sent', 4000, now(), @13, @43, now(), now() + INTERVAL '1 hour', NULL, NULL, NULL,
                NULL, NULL, NULL, NULL, now(), now());
        INSERT INTO gifting.outcome VALUES (@b, @21, 'accepted', 'recipient', now()), (@b, @22, 'expired', 'deadline', now());
        INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id,
            occurred_at, posted_at) VALUES
            (@b, @109, @1, @3, 250, 'guarantee.compensated', @42, now(), now()), (@b, @110, @1, @3, 70, 'card.charged', @121, now(), now());
        INSERT INTO orders.aftersale (brand_id, aftersale_id, order_id, payment_id, shop_id, subject, payer_id, applicant_id, party, kind,
            quantity, amount_fen, reason, state, refund_id, due_at, requested_at, ended_at, updated_at) VALUES
            (@b, @130, @42, @12, @90, 'x:1', @91, @91, 'payer', 'refund', 1, 5000, 'x', 'refunded', @32, NULL, now(), now(), now()),
            (@b, @131, @41, @11, @90, 'x:2', @91, @91, 'payer', 'refund', 1, 5000, 'x', 'requested', NULL, now() + INTERVAL '1 day',
                now(), NULL, now());
        INSERT INTO orders.guarantee (brand_id, order_id, shop_id, payer_id, amount_fen, compensation_fen, ship_by, compensated_at,
            created_at, updated_at) VALUES
            (@b, @41, @90, @91, 5000, 250, now() + INTERVAL '1 day', NULL, now(), now()),
            (@b, @42, @90, @91, 5000, 250, now() - INTERVAL '1 day', now(), now(), now());
        INSERT INTO promotions.card (brand_id, card_id, shop_id, person_id, cap_fen, ends_at, state, used_fen, charged_fen, settled_at,
            created_at, updated_at) VALUES
            (@b, @120, @90, @91, 100, now() + INTERVAL '1 day', 'active', 30, 0, NULL, now(), now()),
            (@b, @121, @90, @91, 70, now() - INTERVAL '1 day', 'missed', 80, 70, now(), now() - INTERVAL '2 days', now());
        INSERT INTO promotions.card_goal VALUES (@b, @120, 'order', 3, 1), (@b, @121, 'order', 3, 0);
        INSERT INTO promotions.card_event VALUES
            (@b, @120, 'a', 'order', 2, NULL, NULL, now()), (@b, @120, 'b', 'order', -1, NULL, NULL, now()),
            (@b, @120, 'c', NULL, NULL, 30, NULL, now()), (@b, @121, 'a', NULL, NULL, 80, NULL, now());
        INSERT INTO accounting.account VALUES
            (@b, @140, 'coupon_owed', @50, NULL, now()), (@b, @141, 'coupon_spent', @50, NULL, now()),
            (@b, @142, 'coupon_due', @90, NULL, now()), (@b, @143, 'coupon_breakage', @50, NULL, now());
        INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id,
            occurred_at, posted_at) VALUES
            (@b, @150, @8, @140, 300, 'coupon.granted', @144, now(), now()), (@b, @151, @8, @140, 300, 'coupon.granted', @145, now(), now()),
            (@b, @152, @8, @140, 300, 'coupon.granted', @146, now(), now()), (@b, @153, @140, @141, 300, 'coupon.used', @147, now(), now()),
            (@b, @154, @141, @142, 300, 'coupon.borne', @41, now(), now()), (@b, @155, @140, @143, 300, 'coupon.expired', @146, now(), now());
        INSERT INTO promotions.coupon (brand_id, coupon_id, origin_id, person_id, name, off_fen, threshold_fen, state, uses, expires_at,
            granted_at, updated_at) VALUES
            (@b, @144, @50, @91, 'x', 300, 5000, 'granted', 0, now() + INTERVAL '1 day', now(), now()),
            (@b, @145, @50, @91, 'x', 300, 5000, 'used', 1, now() + INTERVAL '1 day', now(), now()),
            (@b, @146, @50, @91, 'x', 300, 5000, 'expired', 0, now() - INTERVAL '1 day', now(), now());
        INSERT INTO promotions.coupon_use (brand_id, coupon_id, number, use_id, order_id, shop_id, used_at)
        VALUES (@b, @145, 1, @147, @41, @90, now());
        INSERT INTO orders.sale_effect (brand_id, order_id, kind, back_kind, debit_account_id, credit_account_id, amount_fen, sale_fen,
            returned_fen, owner_queue, created_at, updated_at)
        VALUES (@b, @41, 'coupon.borne', 'coupon.returned', @141, @142, 300, 5000, 0, 'coupons', now(), now());
        INSERT INTO codes.batch (brand_id, batch_id, request_id, request_hash, handle, count, wrapped_key, prize_mode, rules_hash, label,
            cost_account_id, owed_account_id, created_at)
        VALUES (@b, @50, 'r', sha256('1'), 1, 100, 'k', 'ranks', sha256('2'), 'l', @7, @8, now());
        INSERT INTO codes.prize (brand_id, batch_id, tier, name, kind, points, cost_fen, count, first_rank)
        VALUES (@b, @50, 1, 'x', 'coupon', 0, 100, 1, 0);
        INSERT INTO codes.code_range VALUES
            (@b, @50, @51, 'activate', 0, 90, now() - INTERVAL '1 hour', NULL, 'x', now() - INTERVAL '1 hour'),
            (@b, @50, @52, 'void', 80, 90, now() - INTERVAL '1 hour', NULL, 'x', now() - INTERVAL '1 hour');
        INSERT INTO codes.redemption VALUES (@b, @50, 5, @61, @92, 1, @93, now()), (@b, @50, 6, @62, @92, NULL, @93, now());
        INSERT INTO codes.voucher (brand_id, voucher_id, batch_id, code_index, tier, person_id, token_hash, cost_fen, state, handovers,
            issued_at, expires_at, updated_at)
        VALUES (@b, @65, @50, 5, 1, @92, sha256('3'), 100, 'handed_over', 1, now(), now() + INTERVAL '1 day', now());
        INSERT INTO codes.handover VALUES (@b, @66, @65, 1, @90, @93, 100, now());
        INSERT INTO codes.campaign (brand_id, campaign_id, code, name, mode, entries_max, per_person_max, redraw_depth_max, claim_days,
            starts_at, ends_at, wrapped_seed, rules_hash, cost_account_id, owed_account_id, author, published_at, entries, drawn_at)
        VALUES (@b, @55, 'c', 'x', 'ranks', 10, 0, 0, 30, now(), now() + INTERVAL '1 day', 's', sha256('4'), @7, @8, 'x', now(), 2, now());
        INSERT INTO codes.campaign_prize (brand_id, campaign_id, tier, prize_id, name, kind, points, cost_fen, stock, stock_account_id)
        VALUES (@b, @55, 1, @56, 'x', 'item', 0, 100, 1, @7);
        INSERT INTO codes.draw_entry VALUES
            (@b, @55, 0, @57, @92, NULL, 1, 0, 1, 1, @93, now()), (@b, @55, 1, @58, @92, NULL, 2, 0, NULL, NULL, @93, now());
        INSERT INTO codes.import VALUES (@b, @75, 'r', sha256('5'), sha256('6'), @76, 'file', 1, 1, 10, 'ab', 'loaded', 'x', now(), now());
        INSERT INTO codes.imported_code VALUES (@b, substr(sha256('7'), 1, 16), @76, 0);
        INSERT INTO orders.shop VALUES (@b, @90, 'main', 'Main', now());
        INSERT INTO hooks.source (name, source_id, brand_id, shop_id, purposes, created_at)
        VALUES ('desk', @93, @b, @90, '{aftersales}', now());
        INSERT INTO hooks.inbox VALUES (@b, @93, 'd', sha256('8'), 200, 'x', '', NULL, now());
        INSERT INTO hooks.idempotency VALUES (@b, @94, 'r', 'k', sha256('9'), 200, 'x', '', now());
        INSERT INTO vault.person (brand_id, person_id, kind, created_at, erased_at) VALUES (@b, @98, 'openid', now(), now());
        INSERT INTO vault.address (brand_id, address_id, person_id, created_at, erased_at) VALUES (@b, @99, @98, now(), now());
        INSERT INTO jobs.worker (worker_id, app, host, process_id, queue_ids, lease_until)
        VALUES (@301, 'x', 'x', 1, '{1}', now() + INTERVAL '1 minute');
        INSERT INTO jobs.hot (queue_id, kind_id, id, worker, priority, payload) VALUES (1, 1, @311, @301, 2, '');
        INSERT INTO jobs.hot (queue_id, kind_id, id, priority, payload) VALUES (1, 1, @312, 2, '');
        INSERT INTO jobs.done (id, queue_id, kind_id, run_no, tries, worker, enqueued_at, started_at)
        VALUES (@313, 1, 1, 1, 0, @301, now(), now())
        """)
}
