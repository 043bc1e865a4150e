import Kernel
import Postgres

/// The SQL of operations keys; real time, as for all credentials.
enum OperationsKeyStatements {
    static func insert(_ id: ID<APIKey>, hash: [UInt8], label: String) -> Statement<OperationsKeyRecord> {
        Statement(
            """
            INSERT INTO hooks.operations_key (key_hash, key_id, label, created_at)
            VALUES (\(hash), \(id), \(label), now())
            RETURNING key_id, label, created_at, revoked_at
            """, row: record)
    }

    /// The first revocation's instant stays.
    static func revoke(_ id: ID<APIKey>) -> Statement<OperationsKeyRecord> {
        Statement(
            """
            UPDATE hooks.operations_key
            SET revoked_at = COALESCE(revoked_at, now())
            WHERE key_id = \(id)
            RETURNING key_id, label, created_at, revoked_at
            """, row: record)
    }

    static var list: Statement<OperationsKeyRecord> {
        Statement(
            """
            SELECT key_id, label, created_at, revoked_at
            FROM hooks.operations_key
            ORDER BY created_at, key_id
            """, row: record)
    }

    static func holder(hash: [UInt8]) -> Statement<OperationsCaller> {
        Statement(
            "SELECT key_id, label FROM hooks.operations_key WHERE key_hash = \(hash) AND revoked_at IS NULL",
            row: holder)
    }

    static func holder(id: ID<APIKey>) -> Statement<OperationsCaller> {
        Statement(
            "SELECT key_id, label FROM hooks.operations_key WHERE key_id = \(id) AND revoked_at IS NULL", row: holder)
    }

    private static func holder(_ row: inout RowReader) throws(PostgresError) -> OperationsCaller {
        OperationsCaller(keyID: try row.next(), name: try row.next())
    }

    private static func record(_ row: inout RowReader) throws(PostgresError) -> OperationsKeyRecord {
        OperationsKeyRecord(
            id: try row.next(), label: try row.next(), createdAt: try row.next(), revokedAt: try row.next())
    }
}
