package import Hosting
import Hummingbird
package import Logging
import Postgres
import Schema

/// Composes siyu-ingest; opens nothing, so that `--check` and tests may call it.
///
/// - Throws: `StartupFailure` or `KeysError` when the master keys are missing or exposed.
package func build(_ settings: ServiceSettings, logger: Logger) async throws -> ServiceApplication {
    _ = try settings.loadKeys()
    let pool = Pool(settings.poolConfiguration, logger: logger)

    return ServiceApplication(
        settings: settings, pool: pool, checks: [schemaCheck(pool, logger)], openAPI: openAPI
    ) { router in
        _ = router.group().add(middleware: RequireCaller(db: pool))
    }
}

/// A newer schema is fine: migrations only add, and during a rollout old and new versions run side by side.
private func schemaCheck(_ pool: Pool, _ logger: Logger) -> ReadinessCheck {
    ReadinessCheck(name: "schema", exit: .config) {
        switch try await Migrator(pool: pool, logger: logger).check() {
        case .fits, .newer: nil
        case let state: state.sentence
        }
    }
}
