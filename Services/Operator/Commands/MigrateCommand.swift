import ArgumentParser
import Hosting
import Logging
import Postgres
import Schema

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Brings the database to this release, forward only.",
        discussion: "Connects as the owner of the database: DATABASE_DIRECT_URL, else DATABASE_URL.")

    @OptionGroup var database: DatabaseOptions
    @Flag(help: "Change nothing; exit 0 if the database fits this release, 78 if not.")
    var check = false

    func run() async throws {
        let environment = try DatabaseOptions.environment()
        try await database.withPool(direct: true, connectionsMax: 2) { pool in
            let migrator = Migrator(pool: pool, logger: Logger(label: "siyu.migrate"))
            do {
                if check {
                    let state = try await migrator.check()
                    guard state == .fits else { throw Failure(state.sentence, .config) }
                    return Terminal.say(state.sentence)
                }
                let count = try await migrator.migrate(environment: environment)
                let files = count == 1 ? "1 migration" : "\(count) migrations"
                let applied = count == 0 ? "Nothing to apply" : "Applied \(files)"
                Terminal.say("\(applied); the database stands at version \(Schema.latest) (\(environment.rawValue)).")
            } catch let error as MigratorError {
                throw Failure(error.description, .config)
            }
        }
    }
}
