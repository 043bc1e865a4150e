import HTTPTypes
package import Hooks
package import Hummingbird
package import Kernel
import Logging
package import Postgres
import Synchronization

/// Turns every error of a route into a problem document; the log gets what the caller must not see.
struct ProblemMiddleware: RouterMiddleware {
    let routes: RouteTable

    func handle(
        _ request: Request, context: SiyuRequestContext,
        next: @concurrent (Request, SiyuRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as CancellationError {
            throw error
        } catch {
            if context.endpointPath == RouteTable.unknown {
                let allowed = routes.methods(path: request.uri.path)
                if !allowed.isEmpty {
                    return Problem.methodNotAllowed.response(headers: [.allow: allowed.joined(separator: ", ")])
                }
            }
            let problem = Problem(describing: error)
            if problem.status >= 500 {
                context.logger.error("A request failed.", metadata: ["error": "\(safeDescription(of: error))"])
            }
            return problem.response()
        }
    }
}

/// What may be logged of an error: errors of ours say in their description nothing but that; of others the type must do.
func safeDescription(of error: any Error) -> String {
    switch error {
    case let error as PostgresError: error.description
    case let error as Problem: "\(error.status) \(error.code)"
    default: "\(type(of: error))"
    }
}

/// The routes of a server, to tell an unknown path from a method that a known path does not have.
///
/// Filled once, after the last route was added and before the first request.
final class RouteTable: Sendable {
    /// What Hummingbird calls the endpoint of a request that no route took.
    static let unknown = "NotFound"

    private let routes = Mutex<[(path: RouterPath, method: String)]>([])

    func fill(_ routes: [(path: RouterPath, method: String)]) { self.routes.withLock { $0 = routes } }

    /// The methods of a path, sorted; empty if no route has it.
    func methods(path: String) -> [String] {
        let parts = path.split(separator: "/")
        let matching = routes.withLock { $0 }.filter { route in
            route.path.components.count == parts.count && zip(route.path.components, parts).allSatisfy { $0 ~= $1 }
        }
        return Set(matching.map(\.method)).sorted()
    }
}

// MARK: - Callers

/// Lets only requests with a valid API key pass, as `Authorization: Bearer sk_…`, and puts the caller into the context.
package struct RequireCaller: RouterMiddleware {
    private let db: any Executor
    private let roles: Set<Role>

    /// Looks keys up in `db`; a key of another role than `roles` is answered 403.
    ///
    /// There is no default: whoever adds a route says whose it is.
    package init(db: any Executor, roles: Set<Role>) {
        self.db = db
        self.roles = roles
    }

    /// Answers 401 or 403, or passes the request on.
    package func handle(
        _ request: Request, context: SiyuRequestContext,
        next: @concurrent (Request, SiyuRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let authorization = request.headers[.authorization] else { throw Problem.unauthorized() }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw Problem.unauthorized() }
        let token = parts[1].trimmingPrefix(while: { $0 == " " })
        guard let caller = try await APIKeys.caller(presenting: String(token), on: db) else {
            throw Problem.unauthorized()
        }
        guard roles.contains(caller.role) else { throw Problem.roleForbidden }

        var context = context
        context.caller = caller
        context.logger[metadataKey: "caller"] = "\(caller.keyID)"
        return try await next(request, context)
    }
}

extension Problem {
    /// 403: the key is valid, and of a role that this is not for.
    package static let roleForbidden = Problem(
        status: 403, code: "role_forbidden", title: "Forbidden",
        detail: "This API key may not be used here: it was made for another role.")
}

extension Request {
    /// Refuses a body of another media type.
    ///
    /// - Throws: ``Problem`` 415 unless `Content-Type` is one of `types` (parameters such as `charset` are ignored).
    package func require(contentType types: String...) throws(Problem) {
        let given = headers[.contentType]?.prefix { $0 != ";" }.lowercased().trimmingPrefix(while: \.isWhitespace)
        guard let given, types.contains(where: { $0 == given.filter { !$0.isWhitespace } }) else {
            throw .unsupportedMediaType("The Content-Type must be \(types.joined(separator: " or ")).")
        }
    }
}
