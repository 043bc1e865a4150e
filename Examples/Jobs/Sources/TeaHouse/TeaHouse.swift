import Foundation
import Jobs
import Logging
import Postgres
import ServiceLifecycle

struct Brew: JobParameters {
    static let jobName = "tea.brew"
    static let jobQueue = "kitchen"
    var tea: String
}

@main struct TeaHouse {
    // DATABASE_URL names a database that `siyu migrate` has prepared. Ends with Ctrl-C.
    static func main() async throws {
        let logger = Logger(label: "tea-house")
        let url = ProcessInfo.processInfo.environment["DATABASE_URL"] ?? "dbname=siyu"
        let connection = ConnectionConfiguration(url: url, applicationName: "tea-house")
        let pool = Pool(PoolConfiguration(connection: connection), logger: logger)
        let queue = JobQueue(pool: pool, logger: logger)
        queue.registerJob(parameters: Brew.self) { brew, context in
            context.logger.info("\(brew.tea) is ready")
        }

        try await queue.push(Brew(tea: "green"))
        try await queue.push(Brew(tea: "black"), options: JobOptions(delay: .seconds(5), unique: .untilDone("pot 1")))

        let kitchen = queue.processor(queues: ["kitchen"])
        try await ServiceGroup(services: [kitchen], gracefulShutdownSignals: [.sigint], logger: logger).run()
        await pool.shutdown()
    }
}
