extension InvariantWorld {
    /// A rule, and the change that breaks it and nothing else.
    static let plants: [(rule: String, change: String)] = books + money + gifts + promises + codes + others + queue

    private static let newTransfer = """
        INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id,
            occurred_at, posted_at) VALUES
        """

    private static let books = [
        (
            "books.every_leg_has_an_account",
            newTransfer + "(@b, @501, @502, @503, 1, 'x', @501, now(), now())"
        ),
        (
            "books.a_balance_is_the_sum_of_its_transfers",
            "UPDATE accounting.balance SET balance_fen = balance_fen + 1 WHERE account_id = @5"
        ),
        (
            "books.what_is_held_is_the_sum_of_its_holds",
            "UPDATE accounting.balance SET held_fen = held_fen + 1 WHERE account_id = @6"
        ),
        (
            "books.no_account_is_below_its_floor",
            "ALTER TABLE accounting.balance DROP CONSTRAINT balance_not_below_floor; " + newTransfer
                + "(@b, @501, @5, @3, 5000, 'x', @501, now(), now());"
                + "UPDATE accounting.balance SET balance_fen = -1000 WHERE account_id = @5"
        ),
        (
            "books.a_transfer_moves_money",
            "ALTER TABLE accounting.transfer DROP CONSTRAINT transfer_amount_is_positive; " + newTransfer
                + "(@b, @501, @1, @3, 0, 'x', @501, now(), now())"
        ),
        (
            "books.a_transfer_is_posted_once",
            "ALTER TABLE accounting.transfer DROP CONSTRAINT transfer_subject_key; " + newTransfer
                + "(@b, @501, @1, @3, 5000, 'order.paid', @11, now(), now())"
        ),
        ("books.a_posted_hold_is_a_transfer", "UPDATE accounting.hold SET transfer_id = @501 WHERE hold_id = @71"),
        (
            "books.a_hold_ends",
            "UPDATE accounting.hold SET held_at = now() - INTERVAL '1 day', expires_at = now() - INTERVAL '6 min' WHERE hold_id = @70"
        ),
        (
            "books.nothing_is_posted_in_the_future",
            "UPDATE accounting.transfer SET posted_at = now() + INTERVAL '2 minutes' WHERE transfer_id = @101"
        ),
        (
            "books.seals_follow_one_another",
            """
            INSERT INTO accounting.seal VALUES (@b, 2, 1, 1, @101, substr(sha256('1'), 1, 16), substr(sha256('1'), 1, 8), sha256('1'),
                now())
            """
        ),
    ]

    private static func refund(_ columns: String) -> String {
        """
        UPDATE orders.payment_intent SET refund_reserved_fen = 1 WHERE intent_id = @11;
        INSERT INTO orders.refund (brand_id, refund_id, payment_id, cause_id, round, number, amount_fen, reason, subject, owner_queue, attempts,
            requested_at, sent_at, out_refund_no, state, finished_at, attention_since, updated_at)
        VALUES (@b, @501, @11, @11, 1, 1, 1, 'x', 'gift:1', 'gifts', 1, now(), now(), \(columns))
        """
    }

    private static func payout(_ subject: String, _ columns: String) -> String {
        """
        INSERT INTO orders.payout (brand_id, payout_id, subject_id, number, person_id, amount_fen, owed_account_id, activity, reward,
            owner_queue, mchid, attempts, requested_at, sent_at, state, finished_at, attention_since, updated_at)
        VALUES (@b, @501, \(subject), 2, @92, 100, @8, 'x', 'x', 'prizes', '1', 1, now(), now(), \(columns))
        """
    }

    private static let money = [
        (
            "orders.what_is_not_cancelled_is_paid",
            "UPDATE orders.customer_order SET amount_fen = amount_fen + 1 WHERE order_id = @41"
        ),
        (
            "payments.are_in_the_books",
            """
            INSERT INTO orders.payment VALUES (@b, @501, @42, 3, 1, 'paid', now(), now(), now());
            UPDATE orders.customer_order SET status = 'paid', amount_fen = 1 WHERE order_id = @42
            """
        ),
        (
            "payments.what_came_is_in_the_books",
            """
            INSERT INTO orders.payment_intent (brand_id, intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity,
                description, subject, owner_queue, state, transaction_id, paid_fen, expires_at, paid_at, created_at, updated_at)
            VALUES (@b, @501, @502, @90, @91, '1', 1, 1, 'x', 'x:1', 'x', 'paid', '9', 1, now(), now(), now(), now())
            """
        ),
        ("refunds.what_was_paid_out_is_in_the_books", refund("'RF-1', 'succeeded', now(), NULL, now()")),
        (
            "refunds.what_was_settled_by_hand_is_in_the_books",
            "UPDATE orders.refund SET settled_at = now(), settled_by = 'x', settled_with = 'x' WHERE refund_id = @32"
        ),
        (
            "refunds.stay_within_what_was_paid",
            "UPDATE orders.payment_intent SET refund_reserved_fen = 1 WHERE intent_id = @12"
        ),
        (
            "refunds.a_number_is_used_once",
            "ALTER TABLE orders.refund DROP CONSTRAINT refund_out_refund_no_key; "
                + refund("'RF-12-1', 'closed', now(), NULL, now()")
                + "; UPDATE orders.payment_intent SET refund_reserved_fen = 0 WHERE intent_id = @11"
        ),
        (
            "refunds.one_is_alive_for_a_cause",
            """
            DROP INDEX orders.refund_one_live_idx;
            UPDATE orders.payment_intent SET paid_fen = 5001, amount_fen = 5001, refund_reserved_fen = 5001 WHERE intent_id = @12;
            UPDATE orders.payment SET amount_fen = 5001 WHERE payment_id = @12;
            UPDATE accounting.transfer SET amount_fen = 5001 WHERE transfer_id IN (@103);
            INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id,
                occurred_at, posted_at) VALUES (@b, @502, @4, @1, 1, 'x', @502, now(), now());
            INSERT INTO orders.refund (brand_id, refund_id, payment_id, cause_id, round, number, amount_fen, reason, subject, owner_queue,
                attempts, requested_at, sent_at, out_refund_no, state, updated_at)
            VALUES (@b, @501, @12, @12, 2, 2, 1, 'x', 'gift:2', 'gifts', 1, now(), now(), 'RF-12-2', 'processing', now())
            """
        ),
        (
            "refunds.somebody_asks_what_became_of_it",
            refund("'RF-1', 'unknown', NULL, NULL, now() - INTERVAL '27 hours'")
        ),
        ("refunds.wait_for_nobody", refund("'RF-1', 'unknown', NULL, now(), now() - INTERVAL '27 hours'")),
        ("payouts.what_was_paid_out_is_in_the_books", payout("@502", "'succeeded', now(), NULL, now()")),
        (
            "payouts.one_is_alive_at_a_time",
            "DROP INDEX orders.payout_one_live_idx; " + payout("@61", "'processing', NULL, NULL, now()")
        ),
        (
            "payouts.somebody_asks_what_became_of_it",
            payout("@502", "'unknown', NULL, NULL, now() - INTERVAL '27 hours'")
        ),
        ("payouts.wait_for_nobody", payout("@502", "'refused', NULL, now(), now()")),
        ("stock.is_the_sum_of_its_movements", "UPDATE orders.stock SET available = available + 1"),
        (
            "stock.is_not_oversold",
            """
            ALTER TABLE orders.stock DROP CONSTRAINT stock_not_oversold;
            INSERT INTO orders.stock_movement VALUES (@b, @501, @95, -9, 'stock.take', @501, now());
            UPDATE orders.stock SET available = -1
            """
        ),
    ]

    private static func cash(_ columns: String) -> String {
        """
        INSERT INTO gifting.cash_gift (brand_id, shop_id, sender_id, recipient_id, amount_fen, pay_until, created_at, updated_at, cash_gift_id,
            payment_id, state, sent_at, accept_until, accepted_at, ended_at, refund_id)
        VALUES (@b, @90, @91, @92, 100, now(), now(), now(), \(columns))
        """
    }

    private static let gifts = [
        (
            "cash_gifts.leave_by_one_door",
            cash("@61, @12, 'expired', now() - INTERVAL '2 days', now() - INTERVAL '1 day', NULL, now(), @32")
        ),
        (
            "cash_gifts.what_is_over_leaves_no_escrow",
            cash("@501, @13, 'paid_out', now(), now(), now(), now(), NULL")
        ),
        (
            "cash_gifts.do_not_outlive_their_deadline",
            cash("@501, @502, 'sent', now() - INTERVAL '2 days', now() - INTERVAL '1 day', NULL, NULL, NULL")
        ),
        ("gifts.have_one_end", "DELETE FROM gifting.outcome WHERE gift_id = @22"),
        (
            "gifts.end_on_the_right_side_of_their_deadline",
            """
            ALTER TABLE gifting.gift DROP CONSTRAINT gift_accepted_in_time, DROP CONSTRAINT gift_claimed_in_time;
            UPDATE gifting.gift SET sent_at = accepted_at - INTERVAL '2 days', accept_until = accepted_at - INTERVAL '1 us'
            WHERE gift_id = @21
            """
        ),
        (
            "gifts.do_not_outlive_their_deadline",
            """
            UPDATE gifting.gift SET sent_at = now() - INTERVAL '1 day', accept_until = now() - INTERVAL '6 minutes'
            WHERE gift_id = @23
            """
        ),
        (
            "gifts.nothing_happens_in_the_future",
            "UPDATE gifting.gift SET updated_at = now() + INTERVAL '2 minutes' WHERE gift_id = @23"
        ),
        (
            "gifts.are_refunded_by_a_refund_of_their_payment",
            "UPDATE gifting.gift SET refund_id = @501 WHERE gift_id = @22"
        ),
        ("gifts.what_was_accepted_is_earned", "UPDATE gifting.gift SET captured_price_fen = 4999 WHERE gift_id = @21"),
        (
            "gifts.what_was_refunded_leaves_no_escrow",
            newTransfer + "(@b, @501, @3, @4, 7, 'x', @501, now(), now());"
                + "UPDATE accounting.balance SET balance_fen = 7 WHERE account_id = @4"
        ),
        (
            "gifts.take_one_piece_or_none",
            """
            INSERT INTO orders.stock_movement VALUES (@b, @501, @95, 1, 'gift.release', @21, now());
            UPDATE orders.stock SET available = available + 1
            """
        ),
    ]

    private static let promises = [
        (
            "ratings.are_whoever_paid_for_it",
            "INSERT INTO orders.rating VALUES (@b, @41, 1, @90, NULL, @92, 5, now())"
        ),
        (
            "aftersales.what_is_refunded_was_paid_out",
            "UPDATE orders.aftersale SET amount_fen = 4999 WHERE aftersale_id = @130"
        ),
        (
            "aftersales.do_not_outlive_their_deadline",
            "UPDATE orders.aftersale SET due_at = now() - INTERVAL '6 minutes' WHERE aftersale_id = @131"
        ),
        (
            "guarantees.what_is_owed_is_in_the_books",
            "UPDATE orders.guarantee SET compensation_fen = 251 WHERE order_id = @42"
        ),
        (
            "guarantees.are_looked_at_in_time",
            "UPDATE orders.guarantee SET ship_by = now() - INTERVAL '6 minutes' WHERE order_id = @41"
        ),
        ("cards.goals_are_the_sum_of_their_news", "UPDATE promotions.card_goal SET reached = 2 WHERE card_id = @120"),
        ("cards.benefits_are_the_sum_of_their_news", "UPDATE promotions.card SET used_fen = 31 WHERE card_id = @120"),
        (
            "cards.what_is_charged_is_in_the_books",
            "UPDATE promotions.card SET charged_fen = 69 WHERE card_id = @121"
        ),
        (
            "cards.are_settled_in_time",
            """
            UPDATE promotions.card SET created_at = now() - INTERVAL '1 day', ends_at = now() - INTERVAL '6 minutes'
            WHERE card_id = @120
            """
        ),
        ("coupons.issued_are_used_open_or_expired", "DELETE FROM promotions.coupon WHERE coupon_id = @146"),
        (
            "coupons.what_can_be_used_is_owed",
            "UPDATE promotions.coupon SET state = 'expired' WHERE coupon_id = @144"
        ),
        ("coupons.count_for_one_order", "UPDATE promotions.coupon SET uses = 2 WHERE coupon_id = @145"),
        (
            "coupons.of_refunded_orders_are_given_back",
            "UPDATE orders.sale_effect SET returned_fen = 5000, updated_at = now() - INTERVAL '6 minutes'"
        ),
        (
            "coupons.are_over_in_time",
            "UPDATE promotions.coupon SET expires_at = now() - INTERVAL '6 minutes' WHERE coupon_id = @144"
        ),
        (
            "coupons.that_were_won_are_granted",
            """
            UPDATE codes.prize SET coupon_threshold_fen = 5000, coupon_days = 1;
            UPDATE codes.redemption SET redeemed_at = now() - INTERVAL '6 minutes' WHERE redemption_id = @61
            """
        ),
    ]

    private static let codes = [
        (
            "codes.are_redeemed_once",
            """
            ALTER TABLE codes.redemption DROP CONSTRAINT redemption_pkey;
            INSERT INTO codes.redemption VALUES (@b, @50, 6, @501, @92, NULL, @93, now())
            """
        ),
        ("codes.redeemed_were_issued", "UPDATE codes.batch SET count = 6 WHERE batch_id = @50"),
        ("codes.redeemed_were_active", "UPDATE codes.redemption SET code_index = 85 WHERE redemption_id = @62"),
        (
            "codes.nothing_is_redeemed_in_the_future",
            "UPDATE codes.redemption SET redeemed_at = now() + INTERVAL '2 minutes' WHERE redemption_id = @62"
        ),
        (
            "codes.no_more_prizes_than_there_are",
            "UPDATE codes.redemption SET tier = 1 WHERE redemption_id = @62; " + newTransfer
                + "(@b, @501, @7, @8, 100, 'prize.owed', @62, now(), now())"
        ),
        ("codes.what_was_won_is_owed", "UPDATE codes.prize SET cost_fen = 101 WHERE batch_id = @50"),
        ("codes.imports_are_whole", "DELETE FROM codes.imported_code"),
        (
            "vouchers.are_handed_over_once",
            "INSERT INTO codes.handover VALUES (@b, @501, @65, 2, @90, @93, 100, now())"
        ),
        ("draws.entries_follow_one_another", "UPDATE codes.draw_entry SET ordinal = 2 WHERE ordinal = 1"),
        (
            "draws.no_more_prizes_than_in_stock",
            "UPDATE codes.draw_entry SET drawn_tier = 1, tier = 1 WHERE ordinal = 1"
        ),
    ]

    private static let others = [
        (
            "hooks.a_delivery_is_answered_once",
            "ALTER TABLE hooks.inbox DROP CONSTRAINT inbox_pkey; INSERT INTO hooks.inbox SELECT * FROM hooks.inbox"
        ),
        (
            "hooks.a_request_is_answered_once",
            """
            ALTER TABLE hooks.idempotency DROP CONSTRAINT idempotency_pkey;
            INSERT INTO hooks.idempotency SELECT * FROM hooks.idempotency
            """
        ),
        ("hooks.a_source_is_of_a_shop_of_its_brand", "UPDATE hooks.source SET shop_id = @501"),
        (
            "hooks.a_source_of_one_shop_does_what_is_the_shops",
            """
            ALTER TABLE hooks.source DROP CONSTRAINT source_of_a_shop_does_what_is_the_shops;
            UPDATE hooks.source SET purposes = '{aftersales,scans}'
            """
        ),
        (
            "privacy.what_is_erased_is_gone",
            """
            ALTER TABLE vault.address DROP CONSTRAINT address_erased_or_whole;
            UPDATE vault.address SET sealed_value = 'x'
            """
        ),
        ("privacy.addresses_are_read_by_few", "GRANT SELECT (address_id) ON gifting.gift TO siyu_reports"),
        (
            "privacy.no_phone_number_in_an_error",
            "INSERT INTO jobs.attempt (id, run_no, worker, error) VALUES (@312, 1, @301, 'no answer from 13800138000')"
        ),
    ]

    private static let queue = [
        (
            "queue.a_claim_does_not_outlive_its_lease",
            "UPDATE jobs.worker SET lease_until = now() - INTERVAL '6 minutes'"
        ),
        ("queue.tries_are_bounded", "UPDATE jobs.hot SET max_tries = 3, tries = 4 WHERE id = @312"),
        (
            "queue.a_job_is_in_one_place",
            "INSERT INTO jobs.later (id, queue_id, kind_id, due_at, priority, reason, payload) VALUES (@312, 1, 1, now(), 2, 'retry', '')"
        ),
        (
            "queue.a_job_that_is_done_is_nowhere_else",
            """
            INSERT INTO jobs.done (id, queue_id, kind_id, run_no, tries, worker, enqueued_at, started_at)
            VALUES (@312, 1, 1, 1, 0, @301, now(), now())
            """
        ),
        ("queue.a_job_is_done_once", "INSERT INTO jobs.done SELECT * FROM jobs.done"),
        ("queue.a_claimed_job_has_a_worker", "DELETE FROM jobs.worker"),
        (
            "queue.a_lane_is_not_wider_than_its_jobs_allow",
            "UPDATE jobs.hot SET lane = 'x', lane_max = 1"
        ),
        (
            "queue.a_quota_is_not_exceeded",
            "INSERT INTO jobs.quota (name, running_max) VALUES ('x', 0); UPDATE jobs.hot SET quota_id = (SELECT max(quota_id) FROM jobs.quota)"
        ),
        (
            "queue.a_job_that_waits_for_its_lane_waits_for_somebody",
            """
            INSERT INTO jobs.gate (id, queue_id, kind_id, priority, quota_id, tenant, blocked, lane, lane_max, payload)
            VALUES (@501, 1, 1, 2, 0, @b, true, 'x', 1, '')
            """
        ),
        (
            "queue.a_dependent_waits_for_somebody",
            """
            INSERT INTO jobs.later (id, queue_id, kind_id, due_at, priority, reason, payload)
            VALUES (@501, 1, 1, 'infinity', 2, 'dependent', '')
            """
        ),
        (
            "queue.every_wait_for_another_job_belongs_to_a_dependent",
            "INSERT INTO jobs.dependency VALUES (@501, @312)"
        ),
        (
            "queue.every_need_is_about_done_and_told_or_discarded",
            """
            INSERT INTO jobs.later (id, queue_id, kind_id, due_at, priority, reason, payload)
            VALUES (@501, 1, 1, now(), 2, 'dependent', '');
            INSERT INTO jobs.dependency VALUES (@501, @502)
            """
        ),
        (
            "queue.a_unique_key_belongs_to_a_job_that_is_about",
            "INSERT INTO jobs.uniq (kind_id, key, job_id, scope) VALUES (1, 'x', @501, 'done')"
        ),
        (
            "queue.a_key_that_counts_while_queued_is_released_at_the_start",
            "INSERT INTO jobs.uniq (kind_id, key, job_id, scope) VALUES (1, 'x', @311, 'queued')"
        ),
        (
            "queue.a_job_is_paused_by_a_pause",
            """
            INSERT INTO jobs.later (id, queue_id, kind_id, due_at, priority, reason, payload)
            VALUES (@501, 1, 1, 'infinity', 2, 'paused', '')
            """
        ),
        (
            "queue.a_checkpoint_belongs_to_a_job_that_has_not_completed",
            "INSERT INTO jobs.checkpoint (job_id, run_no) VALUES (@501, 1)"
        ),
    ]
}
