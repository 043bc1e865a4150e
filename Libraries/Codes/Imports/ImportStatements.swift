import FoundationEssentials
import Kernel
import Postgres

/// The SQL of imported codes.
enum ImportStatements {
    static func find(_ requestID: String, brand: ID<Brand>) -> Statement<ImportRow> {
        Statement(
            """
            SELECT import_id, batch_id, request_hash, file_hash, codes, loaded, state
            FROM codes.import
            WHERE brand_id = \(brand) AND request_id = \(requestID)
            """,
            row: importRow)
    }

    /// Locks an import, so that it is finished or refused once.
    static func lock(_ id: ID<CodeImport>, brand: ID<Brand>) -> Statement<ImportRow> {
        Statement(
            """
            SELECT import_id, batch_id, request_hash, file_hash, codes, loaded, state
            FROM codes.import
            WHERE brand_id = \(brand) AND import_id = \(id)
            FOR UPDATE
            """,
            row: importRow)
    }

    @Sendable
    private static func importRow(_ row: inout RowReader) throws(PostgresError) -> ImportRow {
        ImportRow(
            id: try row.next(), batch: try row.next(), requestHash: try row.next(), fileHash: try row.next(),
            codes: try row.next(), loaded: try row.next(), state: try row.next())
    }

    /// A conflict, with another import of the same name, returns no row.
    static func insert(
        _ row: ImportRow, requestID: String, origin: CodeOrigin, form: CodeForm, brand: ID<Brand>, author: String,
        now: Date
    ) -> Statement<ID<CodeImport>> {
        Statement(
            """
            INSERT INTO codes.import (brand_id, import_id, request_id, request_hash, file_hash, batch_id, origin, codes, loaded,
                code_length, alphabet, state, author, created_at, updated_at)
            SELECT b.brand_id, \(row.id), \(requestID), \(row.requestHash), \(row.fileHash), \(row.batch), \(origin),
                \(row.codes), \(row.loaded), \(form.length), \(form.alphabet), \(row.state), \(author), \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT DO NOTHING
            RETURNING import_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Takes the next codes for this process; no row where another one was faster or the import is over.
    static func advance(
        _ id: ID<CodeImport>, from: Int64, to: Int64, brand: ID<Brand>, now: Date
    ) -> Statement<ID<CodeImport>> {
        Statement(
            """
            UPDATE codes.import
            SET loaded = \(to), updated_at = \(now)
            WHERE brand_id = \(brand) AND import_id = \(id) AND state = 'loading' AND loaded = \(from)
            RETURNING import_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// From one state to another; no row where it is in a third.
    static func move(
        _ id: ID<CodeImport>, from: ImportState, to: ImportState, brand: ID<Brand>, now: Date
    ) -> Statement<ID<CodeImport>> {
        Statement(
            """
            UPDATE codes.import
            SET state = \(to), updated_at = \(now)
            WHERE brand_id = \(brand) AND import_id = \(id) AND state = \(from)
            RETURNING import_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Refused imports of a brand whose codes were not all removed.
    static func leftovers(brand: ID<Brand>) -> Statement<ImportRow> {
        Statement(
            """
            SELECT import_id, batch_id, request_hash, file_hash, codes, loaded, state
            FROM codes.import
            WHERE brand_id = \(brand) AND state = 'refused' AND loaded > 0
            ORDER BY import_id
            """,
            row: importRow)
    }

    /// Imports of a brand that have no batch, and codes or somebody who loads them.
    static func unfinished(brand: ID<Brand>) -> Statement<UnfinishedImport> {
        Statement(
            """
            SELECT request_id, origin, codes, loaded, state, author, updated_at
            FROM codes.import
            WHERE brand_id = \(brand) AND (state = 'loading' OR (state = 'refused' AND loaded > 0))
            ORDER BY import_id
            """
        ) { row throws(PostgresError) in
            UnfinishedImport(
                requestID: try row.next(), origin: try row.next(), codes: try row.next(), loaded: try row.next(),
                isRefused: try row.next(ImportState.self) == .refused, author: try row.next(),
                updatedAt: try row.next())
        }
    }

    /// Says that nothing is left of a refused import.
    static func clear(_ id: ID<CodeImport>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE codes.import
            SET loaded = 0, updated_at = \(now)
            WHERE brand_id = \(brand) AND import_id = \(id) AND state = 'refused'
            """)
    }

    // MARK: Codes

    /// Sorted by the key, so that two files with the same codes cannot deadlock; codes that are there already return no row.
    static func insertCodes(
        _ codes: [(hash: [UInt8], index: Int64)], batch: ID<CodeBatch>, brand: ID<Brand>
    ) -> Statement<Int64> {
        Statement(
            """
            INSERT INTO codes.imported_code (brand_id, code_hash, batch_id, code_index)
            SELECT b.brand_id, x.code_hash, \(batch), x.code_index
            FROM siyu.brand b
            CROSS JOIN unnest(\(codes.map(\.hash)), \(codes.map(\.index))) AS x (code_hash, code_index)
            WHERE b.brand_id = \(brand)
            ORDER BY x.code_hash
            ON CONFLICT DO NOTHING
            RETURNING code_index
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Removes some codes of an import that was refused; never of one that is loading or loaded.
    static func deleteCodes(
        _ indexes: Range<Int64>, batch: ID<CodeBatch>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            DELETE FROM codes.imported_code c
            USING codes.import i
            WHERE c.brand_id = \(brand) AND c.batch_id = \(batch) AND c.code_index >= \(indexes.lowerBound)
                AND c.code_index < \(indexes.upperBound)
                AND i.brand_id = c.brand_id AND i.batch_id = c.batch_id AND i.state = 'refused'
            """)
    }

    /// Where codes stand.
    struct Place: Sendable {
        let hash: [UInt8]
        let batch: ID<CodeBatch>
        let index: Int64
    }

    static func places(of hashes: [[UInt8]], brand: ID<Brand>) -> Statement<Place> {
        Statement(
            """
            SELECT x.code_hash, c.batch_id, c.code_index
            FROM unnest(\(hashes)) AS x (code_hash)
            CROSS JOIN LATERAL (
                SELECT batch_id, code_index
                FROM codes.imported_code
                WHERE brand_id = \(brand) AND code_hash = x.code_hash
                LIMIT 1
            ) c
            """
        ) { row throws(PostgresError) in
            Place(hash: try row.next(), batch: try row.next(), index: try row.next())
        }
    }

    /// How many codes a batch has as rows, and their first and last place.
    static func extent(
        of batch: ID<CodeBatch>, brand: ID<Brand>
    ) -> Statement<(count: Int64, first: Int64, last: Int64)> {
        Statement(
            """
            SELECT count(*), coalesce(min(code_index), 0), coalesce(max(code_index), 0)
            FROM codes.imported_code
            WHERE brand_id = \(brand) AND batch_id = \(batch)
            """
        ) { row throws(PostgresError) in (count: try row.next(), first: try row.next(), last: try row.next()) }
    }
}

/// An import as it stands in the database.
struct ImportRow: Hashable, Sendable {
    let id: ID<CodeImport>
    let batch: ID<CodeBatch>
    let requestHash: [UInt8]
    let fileHash: [UInt8]
    let codes: Int64
    let loaded: Int64
    let state: ImportState
}

/// How far an import is.
enum ImportState: String, Sendable, CaseIterable {
    /// Its codes are on their way in.
    case loading
    /// All of them are there, and their batch is.
    case loaded
    /// It has no codes, or they are on their way out.
    case refused
}
