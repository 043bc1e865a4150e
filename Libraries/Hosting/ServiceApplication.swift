import Foundation
import HTTPTypes
package import Hummingbird
package import Logging
import Kernel
import NIOCore
package import Postgres
package import ServiceLifecycle

/// A service, composed and not yet running: what each `Services/*/Build.swift` returns.
package struct ServiceApplication: Sendable {
    /// The settings it was built with.
    package let settings: ServiceSettings
    /// The pool of its database role; closed after everything else.
    ///
    /// A service without a database has one that nobody uses and that opens nothing.
    package let pool: Pool
    /// Whether the service works on the database.
    package let hasDatabase: Bool
    /// The limits of its API.
    package let limits: ServerLimits
    /// What must hold: the database, the service's own checks, the environment.
    package var checks: [ReadinessCheck]
    /// Job processors and the like: started when the ports are open, drained together with the API.
    package let workers: [any Service]
    /// What requests and workers use: shut down when the last of them has ended, before the pool.
    package var resources: [any Service] = []
    /// Called when both ports are open and no worker has started: for what must know them.
    ///
    /// An error ends the service as a failed check does.
    package var whenOpen: @Sendable (ServiceRunner.Ports) async throws -> Void = { _ in }
    /// Routes that are answered beside the router, which has them too.
    package var directRoutes: [DirectRoute] = []
    /// Its routes as `GET /v1/…`, sorted.
    package let routes: [String]
    /// The OpenAPI document, served at `/openapi.json`.
    package let openAPI: String

    let responder: any HTTPResponder<SiyuRequestContext>

    /// Composes a service.
    ///
    /// - Parameters:
    ///   - checks: What the service needs besides the database and its environment: usually the schema.
    ///   - addRoutes: Adds the service's routes; every error of theirs becomes a problem document.
    package init(
        settings: ServiceSettings, pool: Pool, limits: ServerLimits = ServerLimits(), checks: [ReadinessCheck] = [],
        workers: [any Service] = [], openAPI: String, addRoutes: (Router<SiyuRequestContext>) throws -> Void
    ) rethrows {
        try self.init(
            settings: settings, pool: pool, hasDatabase: true, limits: limits,
            checks: [.database(pool)] + checks + [.environment(settings.environment, pool)], workers: workers,
            openAPI: openAPI, addRoutes: addRoutes)
    }

    /// Composes a service that needs no database.
    package init(
        withoutDatabase settings: ServiceSettings, logger: Logger, limits: ServerLimits = ServerLimits(),
        checks: [ReadinessCheck] = [], workers: [any Service] = [], openAPI: String,
        addRoutes: (Router<SiyuRequestContext>) throws -> Void
    ) rethrows {
        try self.init(
            settings: settings, pool: Pool(settings.poolConfiguration, logger: logger), hasDatabase: false,
            limits: limits, checks: checks, workers: workers, openAPI: openAPI, addRoutes: addRoutes)
    }

    private init(
        settings: ServiceSettings, pool: Pool, hasDatabase: Bool, limits: ServerLimits, checks: [ReadinessCheck],
        workers: [any Service], openAPI: String, addRoutes: (Router<SiyuRequestContext>) throws -> Void
    ) rethrows {
        self.settings = settings
        self.pool = pool
        self.hasDatabase = hasDatabase
        self.limits = limits
        self.checks = checks
        self.workers = workers
        self.openAPI = openAPI

        let router = Router(context: SiyuRequestContext.self, options: .autoGenerateHeadEndpoints)
        let table = RouteTable()
        router.add(middleware: ProblemMiddleware(routes: table))
        router.get("openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(string: openAPI)))
        }
        try addRoutes(router)
        routes = router.routes.map { "\($0.method) \($0.path)" }.sorted()
        responder = router.buildResponder()
        table.fill(router.routes.map { ($0.path, $0.method.rawValue) })
    }

    /// Where routes and OpenAPI document disagree, one sentence each; empty when they agree.
    package var documentationGaps: [String] {
        struct Document: Decodable {
            let paths: [String: [String: Operation]]
            struct Operation: Decodable {}
        }
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(openAPI.utf8)) else {
            return ["The OpenAPI document is not readable."]
        }
        let documented = Set(
            document.paths.flatMap { path, operations in operations.keys.map { "\($0.uppercased()) \(path)" } })
        let served = Set(routes.filter { $0 != "GET /openapi.json" })
        return served.subtracting(documented).sorted().map { "\($0) is served but not documented." }
            + documented.subtracting(served).sorted().map { "\($0) is documented but not served." }
    }
}
