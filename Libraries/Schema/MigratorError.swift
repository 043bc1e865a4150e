package import Postgres

/// Why a database could not be brought to the version of this binary.
///
/// Each case reads as one sentence for the operator.
package enum MigratorError: Error, CustomStringConvertible {
    /// The roles of the cluster do not exist yet.
    case rolesMissing
    /// The server is older than ``Migrator/serverVersionMin``.
    case serverTooOld(version: Int)
    /// A newer release of Siyu has migrated this database.
    case newer(version: Int)
    /// A file that was applied here reads differently in this binary.
    case edited(version: Int, name: String)
    /// The database was made for another environment.
    case environmentDiffers(recorded: Schema.Environment, wanted: Schema.Environment)
    /// A statement of a file failed; its transaction was rolled back, so that the file left nothing behind.
    case statementFailed(file: String, line: Int, underlying: PostgresError)

    package var description: String {
        switch self {
        case .rolesMissing:
            "The roles of Siyu are missing in this cluster: run deploy/postgres/roles.sql as a superuser first."
        case .serverTooOld(let version):
            "The server is PostgreSQL \(version / 10_000); Siyu needs \(Migrator.serverVersionMin / 10_000) or later."
        case .newer(let version):
            "The database stands at version \(version), this program knows \(Migration.latest): use the newer release."
        case .edited(let version, let name):
            "Migration \(version) (\(name)) was applied in another form: an applied file never changes, add a new one."
        case .environmentDiffers(let recorded, let wanted):
            "The database was made for \(recorded.rawValue), not for \(wanted.rawValue): an environment is for life."
        case .statementFailed(let file, let line, let underlying):
            "\(file), line \(line): \(underlying.debugDescription)"
        }
    }
}
