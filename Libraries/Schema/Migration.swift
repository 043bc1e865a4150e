import Crypto

/// One numbered SQL file, embedded in the binary, so that a service needs no files beside it.
package struct Migration: Sendable {
    /// The number in front of the file's name; versions are 1, 2, 3 … without gaps.
    package let version: Int
    /// The room whose tables the file makes: the second half of the file's name.
    package let name: String
    /// The text of the file.
    package let sql: String
    /// SHA-256 of the file as lower-case hex, what `sha256sum` prints: an applied file never changes.
    package let checksum: String

    /// The file's name in the folder `SQL`.
    package var fileName: String {
        let digits = String(version)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits + "_" + name + ".sql"
    }

    package init(version: Int, name: String, bytes: [UInt8]) {
        self.version = version
        self.name = name
        sql = String(decoding: bytes, as: UTF8.self)
        checksum = SHA256.hash(data: bytes).map { byte in
            let hex = String(byte, radix: 16)
            return hex.count == 1 ? "0" + hex : hex
        }.joined()
    }

    /// Every file of the folder `SQL`, in order.
    ///
    /// A test compares the two.
    package static let all: [Migration] = [
        Migration(version: 1, name: "base", bytes: PackageResources._00001_base_sql),
        Migration(version: 2, name: "jobs", bytes: PackageResources._00002_jobs_sql),
        Migration(version: 3, name: "accounting", bytes: PackageResources._00003_accounting_sql),
        Migration(version: 4, name: "vault", bytes: PackageResources._00004_vault_sql),
        Migration(version: 5, name: "orders", bytes: PackageResources._00005_orders_sql),
        Migration(version: 6, name: "reporting", bytes: PackageResources._00006_reporting_sql),
        Migration(version: 7, name: "hooks", bytes: PackageResources._00007_hooks_sql),
        Migration(version: 8, name: "policies", bytes: PackageResources._00008_policies_sql),
        Migration(version: 9, name: "inbox", bytes: PackageResources._00009_inbox_sql),
        Migration(version: 10, name: "addresses", bytes: PackageResources._00010_addresses_sql),
        Migration(version: 11, name: "payments", bytes: PackageResources._00011_payments_sql),
        Migration(version: 12, name: "codes", bytes: PackageResources._00012_codes_sql),
        Migration(version: 13, name: "gifting", bytes: PackageResources._00013_gifting_sql),
        Migration(version: 14, name: "boards", bytes: PackageResources._00014_boards_sql),
        Migration(version: 15, name: "jobs_gates", bytes: PackageResources._00015_jobs_gates_sql),
        Migration(version: 16, name: "jobs_schedules", bytes: PackageResources._00016_jobs_schedules_sql),
        Migration(version: 17, name: "jobs_effects", bytes: PackageResources._00017_jobs_effects_sql),
        Migration(version: 18, name: "jobs_history", bytes: PackageResources._00018_jobs_history_sql),
        Migration(version: 19, name: "operations", bytes: PackageResources._00019_operations_sql),
        Migration(version: 20, name: "jobs_pace", bytes: PackageResources._00020_jobs_pace_sql),
        Migration(version: 21, name: "prize_rules", bytes: PackageResources._00021_prize_rules_sql),
        Migration(version: 22, name: "vouchers", bytes: PackageResources._00022_vouchers_sql),
        Migration(version: 23, name: "outgoing_hooks", bytes: PackageResources._00023_outgoing_hooks_sql),
        Migration(version: 24, name: "batch_facts", bytes: PackageResources._00024_batch_facts_sql),
        Migration(version: 25, name: "imported_codes", bytes: PackageResources._00025_imported_codes_sql),
        Migration(version: 26, name: "limits", bytes: PackageResources._00026_limits_sql),
        Migration(version: 27, name: "scan_signals", bytes: PackageResources._00027_scan_signals_sql),
        Migration(version: 28, name: "draws", bytes: PackageResources._00028_draws_sql),
        Migration(version: 29, name: "members", bytes: PackageResources._00029_members_sql),
        Migration(version: 30, name: "cases", bytes: PackageResources._00030_cases_sql),
        Migration(version: 31, name: "payouts", bytes: PackageResources._00031_payouts_sql),
        Migration(version: 32, name: "hot_rows", bytes: PackageResources._00032_hot_rows_sql),
        Migration(version: 33, name: "small_batches", bytes: PackageResources._00033_small_batches_sql),
        Migration(version: 34, name: "member_rows", bytes: PackageResources._00034_member_rows_sql),
        Migration(version: 35, name: "giftable", bytes: PackageResources._00035_giftable_sql),
        Migration(version: 36, name: "gift_pages", bytes: PackageResources._00036_gift_pages_sql),
        Migration(version: 37, name: "limit_lifts", bytes: PackageResources._00037_limit_lifts_sql),
        Migration(version: 38, name: "batch_bursts", bytes: PackageResources._00038_batch_bursts_sql),
        Migration(version: 39, name: "case_routes", bytes: PackageResources._00039_case_routes_sql),
        Migration(version: 40, name: "draw_report", bytes: PackageResources._00040_draw_report_sql),
        Migration(version: 41, name: "ledger_seals", bytes: PackageResources._00041_ledger_seals_sql),
        Migration(version: 42, name: "ledger_holds", bytes: PackageResources._00042_ledger_holds_sql),
        Migration(version: 43, name: "technical_fees", bytes: PackageResources._00043_technical_fees_sql),
        Migration(version: 44, name: "marketcodes", bytes: PackageResources._00044_marketcodes_sql),
        Migration(version: 45, name: "gift_wishes", bytes: PackageResources._00045_gift_wishes_sql),
        Migration(version: 46, name: "gift_withdrawals", bytes: PackageResources._00046_gift_withdrawals_sql),
        Migration(version: 47, name: "address_book", bytes: PackageResources._00047_address_book_sql),
        Migration(version: 48, name: "gift_deadlines", bytes: PackageResources._00048_gift_deadlines_sql),
        Migration(version: 49, name: "partial_refunds", bytes: PackageResources._00049_partial_refunds_sql),
        Migration(version: 50, name: "refund_approvals", bytes: PackageResources._00050_refund_approvals_sql),
        Migration(version: 51, name: "aftersales", bytes: PackageResources._00051_aftersales_sql),
        Migration(version: 52, name: "sale_effects", bytes: PackageResources._00052_sale_effects_sql),
        Migration(version: 53, name: "doctor", bytes: PackageResources._00053_doctor_sql),
        Migration(version: 54, name: "promotions", bytes: PackageResources._00054_promotions_sql),
        Migration(version: 55, name: "guarantees", bytes: PackageResources._00055_guarantees_sql),
        Migration(version: 56, name: "gift_groups", bytes: PackageResources._00056_gift_groups_sql),
        Migration(version: 57, name: "reconciliation", bytes: PackageResources._00057_reconciliation_sql),
        Migration(version: 58, name: "privacy", bytes: PackageResources._00058_privacy_sql),
        Migration(version: 59, name: "audit", bytes: PackageResources._00059_audit_sql),
        Migration(version: 60, name: "roles", bytes: PackageResources._00060_roles_sql),
        Migration(version: 61, name: "gift_reports", bytes: PackageResources._00061_gift_reports_sql),
        Migration(version: 62, name: "gift_ratings", bytes: PackageResources._00062_gift_ratings_sql),
        Migration(version: 63, name: "refund_renewals", bytes: PackageResources._00063_refund_renewals_sql),
        Migration(version: 64, name: "hook_purposes", bytes: PackageResources._00064_hook_purposes_sql),
        Migration(version: 65, name: "guarantee_shops", bytes: PackageResources._00065_guarantee_shops_sql),
        Migration(version: 66, name: "refund_settlements", bytes: PackageResources._00066_refund_settlements_sql),
        Migration(version: 67, name: "order_ratings", bytes: PackageResources._00067_order_ratings_sql),
        Migration(version: 68, name: "cash_gifts", bytes: PackageResources._00068_cash_gifts_sql),
        Migration(version: 69, name: "coupons", bytes: PackageResources._00069_coupons_sql),
        Migration(version: 70, name: "coupon_hooks", bytes: PackageResources._00070_coupon_hooks_sql),
    ]

    /// The version that this binary was built for.
    package static var latest: Int { all.last?.version ?? 0 }
}
