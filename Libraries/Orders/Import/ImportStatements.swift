import FoundationEssentials
import Kernel
import Postgres

/// The SQL of accepting a file and of looking at it.
enum ImportStatements {
    static let lineTarget = CopyTarget(
        schema: "orders", table: "import_line",
        columns: [
            "brand_id", "import_id", "line", "customer_line", "order_id", "external_key", "status",
            "placed_at",
            "quantity", "amount_fen", "changed_at",
        ])

    static let customerTarget = CopyTarget(
        schema: "orders", table: "import_customer",
        columns: [
            "brand_id", "import_id", "first_line", "person_id", "blind_index", "sealed_value",
            "wrapped_key",
        ])

    static let refusalTarget = CopyTarget(
        schema: "orders", table: "import_refusal", columns: ["brand_id", "import_id", "line", "reason"])

    static func insert(_ record: ImportRecord) -> Statement<Void> {
        let request = record.request
        return Statement(
            """
            INSERT INTO orders.import (brand_id, import_id, shop_id, format, mode, dry_run, state, job_id, lines, refused, last_line,
                checkpoint_line, added, changed, unchanged, created_at, updated_at)
            VALUES (\(request.brand), \(record.id), \(request.shop), \(request.format), \(request.mode), \(request.isDryRun),
                \(record.state), \(record.job), \(record.lines), \(record.refused), \(record.lastLine), \(record.checkpointLine),
                \(record.added), \(record.changed), \(record.unchanged), \(record.createdAt), \(record.updatedAt))
            """)
    }

    static func record(_ id: ID<Import>, brand: ID<Brand>) -> Statement<ImportRecord> {
        Statement(
            """
            SELECT import_id, brand_id, shop_id, format, mode, dry_run, state, job_id, lines, refused, last_line, checkpoint_line,
                added, changed, unchanged, created_at, updated_at
            FROM orders.import
            WHERE brand_id = \(brand) AND import_id = \(id)
            """,
            row: importRow)
    }

    @Sendable
    private static func importRow(_ row: inout RowReader) throws(PostgresError) -> ImportRecord {
        let id = try row.next(ID<Import>.self)
        let request = ImportRequest(
            brand: try row.next(), shop: try row.next(), format: try row.next(), mode: try row.next(),
            isDryRun: try row.next())
        return ImportRecord(
            id: id, request: request, state: try row.next(), job: try row.next(), lines: try row.next(),
            refused: try row.next(), lastLine: try row.next(), checkpointLine: try row.next(), added: try row.next(),
            changed: try row.next(), unchanged: try row.next(), createdAt: try row.next(), updatedAt: try row.next())
    }

    static func refusals(
        of id: ID<Import>, after line: Int32, limit: Int, brand: ID<Brand>
    ) -> Statement<ImportRefusal> {
        Statement(
            """
            SELECT line, reason
            FROM orders.import_refusal
            WHERE brand_id = \(brand) AND import_id = \(id) AND line > \(line)
            ORDER BY line
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in ImportRefusal(line: try row.next(), reason: try row.next()) }
    }
}
