import Keys

/// A column whose values are sealed under a master key: what a rotation has to seal again, and what keeps an old key needed.
///
/// A test compares the list with the columns that the database has.
struct SealedColumn: Sendable {
    /// A column of a table's key behind the brand, with its type.
    struct Key: Sendable {
        let name: String
        let type: String
    }

    /// How a value is sealed.
    enum Shape: Sendable {
        /// By `KeyRing.seal`; the SQL of what binds it to its row.
        case sealed(context: String)
        /// By `KeyRing.wrapRaw`.
        case raw
        /// Stands there while something runs, and goes with it: waited for, not sealed again.
        case passing
    }

    let table: String
    let column: String
    let keys: [Key]
    let purpose: KeyRing.Purpose
    let shape: Shape

    var name: String { "\(table).\(column)" }

    /// The SQL of what binds a value to its row.
    var context: String {
        switch shape {
        case .sealed(let context): context
        case .raw, .passing: "''::bytea"
        }
    }

    /// Every one of them.
    static let all: [SealedColumn] = [
        SealedColumn("vault.person", "wrapped_key", ["person_id uuid"], .dataKey, "uuid_send(person_id)"),
        SealedColumn(
            "hooks.source_secret", "sealed_secret", ["source_id uuid", "number integer"], .hookSecret,
            "uuid_send(source_id) || int4send(number)"),
        SealedColumn(
            "hooks.endpoint_secret", "sealed_secret", ["endpoint_id uuid", "number integer"], .hookSecret,
            "uuid_send(endpoint_id) || int4send(number)"),
        SealedColumn(
            "hooks.inbox", "sealed_body", ["source_id uuid", "delivery_id text"], .inboxBody,
            "uuid_send(source_id) || convert_to(delivery_id, 'UTF8')"),
        SealedColumn(
            "orders.merchant", "sealed_credentials", "mchid text", .init("wechat-merchant"), text: "|| ' ' || mchid"),
        SealedColumn(
            "orders.payout", "sealed_package", "payout_id uuid", .init("payout-package"), text: "|| ' ' || payout_id"),
        SealedColumn(
            "gifting.web_app", "sealed_secret", "appid text", .init("wechat-web-app"), text: "|| ' ' || appid"),
        SealedColumn("gifting.greeting_screen", "sealed_secret", "brand_id uuid", .init("greeting-screen"), text: ""),
        SealedColumn(
            table: "codes.batch", column: "wrapped_key", keys: [Key(name: "batch_id", type: "uuid")],
            purpose: .init("code-batch"), shape: .raw),
        SealedColumn(
            table: "codes.campaign", column: "wrapped_seed", keys: [Key(name: "campaign_id", type: "uuid")],
            purpose: .init("draw-seed"), shape: .raw),
        SealedColumn(
            table: "gifting.gift_group", column: "wrapped_seed", keys: [Key(name: "group_id", type: "uuid")],
            purpose: .init("gift-group-seed"), shape: .raw),
        SealedColumn(
            table: "codes.prize_shuffle", column: "sealed_ranks", keys: [Key(name: "batch_id", type: "uuid")],
            purpose: .init("prize-shuffle"), shape: .sealed(context: "uuid_send(batch_id)")),
        SealedColumn(
            "codes.scan_trace", "sealed_place", "trace_id uuid", .init("scan-place"), text: "|| '/' || trace_id"),
        SealedColumn(
            "codes.marketcode_account", "sealed_credentials", "brand_id uuid", .init("marketcode-account"), text: ""),
        SealedColumn(
            table: "codes.marketcode_ticket", column: "sealed_code", keys: [Key(name: "ticket_hash", type: "bytea")],
            purpose: .init("marketcode-ticket"),
            shape: .sealed(context: "convert_to(brand_id::text, 'UTF8') || ticket_hash")),
        SealedColumn(
            table: "orders.import_customer", column: "wrapped_key", keys: [Key(name: "import_id", type: "uuid")],
            purpose: .dataKey, shape: .passing),
    ]

    private init(table: String, column: String, keys: [Key], purpose: KeyRing.Purpose, shape: Shape) {
        self.table = table
        self.column = column
        self.keys = keys
        self.purpose = purpose
        self.shape = shape
    }

    /// Bound by the bytes of the brand's id and what follows.
    private init(
        _ table: String, _ column: String, _ keys: [String], _ purpose: KeyRing.Purpose, _ bytes: String
    ) {
        self.init(
            table: table, column: column, keys: keys.map(Key.init), purpose: purpose,
            shape: .sealed(context: "uuid_send(brand_id) || \(bytes)"))
    }

    /// Bound by the text of the brand's id and what follows.
    private init(_ table: String, _ column: String, _ key: String, _ purpose: KeyRing.Purpose, text: String) {
        self.init(
            table: table, column: column, keys: [Key(key)], purpose: purpose,
            shape: .sealed(context: "convert_to(brand_id::text \(text), 'UTF8')"))
    }
}

extension SealedColumn.Key {
    /// A column as in `person_id uuid`.
    fileprivate init(_ text: String) {
        let parts = text.split(separator: " ").map(String.init)
        self.init(name: parts[0], type: parts[1])
    }
}
