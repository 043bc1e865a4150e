/// Names around the database's shape.
package enum Schema {
    /// The version that this binary was built for.
    package static var latest: Int { Migration.latest }

    /// What a database is for; recorded in it by the first migrate.
    package enum Environment: String, Sendable {
        /// The clock may be moved.
        case development
        /// The clock is the server's, and nothing can move it.
        case production
    }

    /// How a database stands to this binary.
    package enum State: Sendable, Equatable {
        /// Same files, same order: the service may run.
        case fits
        /// Nothing was ever applied.
        case empty
        /// So many files are still to be applied.
        case behind(by: Int)
        /// A newer release was here.
        case newer(version: Int)
        /// An applied file reads differently here.
        case edited(version: Int, name: String)

        /// Why a service cannot work with this database, for `/readyz`; nil if it can.
        ///
        /// A newer schema is fine: migrations only add, and during a rollout old and new versions run side by side.
        package var obstacle: String? {
            switch self {
            case .fits, .newer: nil
            case .empty, .behind, .edited: sentence
            }
        }

        /// One sentence for `/readyz` and `siyu migrate --check`.
        package var sentence: String {
            switch self {
            case .fits: "The database stands at version \(Migration.latest)."
            case .empty: "The database is empty: run `siyu migrate`."
            case .behind(let count): "The database is \(count) migrations behind: run `siyu migrate`."
            case .newer(let version): MigratorError.newer(version: version).description
            case .edited(let version, let name): MigratorError.edited(version: version, name: name).description
            }
        }
    }
}
