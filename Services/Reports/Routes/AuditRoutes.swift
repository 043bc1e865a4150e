import Audit
import FoundationEssentials
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Postgres

/// `GET /v1/audit`: what people did by hand at a brand, for those who look after it.
struct AuditRoutes: Sendable {
    let pool: Pool

    /// Adds the route.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.group().add(middleware: RequireCaller(db: pool, roles: [.staff, .auditor]))
            .get("v1/audit") { request, context in try await list(request, context) }
    }

    private func list(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        // The trail is the brand's as a whole.
        guard caller.shop == nil else { throw Problem.forbidden("This API key belongs to one shop.") }
        let parameters = request.uri.queryParameters
        func number(_ name: String, _ usual: Int64) throws(Problem) -> Int64 {
            guard let text = parameters[Substring(name)] else { return usual }
            guard let number = Int64(text), number > 0 else { throw .invalid("`\(name)` must be a number from 1 on.") }
            return number
        }
        let limit = Int(min(try number("limit", 50), Int64(AuditTrail.listMax.value)))
        let entries = try await AuditTrail.list(
            before: try number("before", .max), limit: limit, brand: caller.brand, on: pool)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let page = try encoder.encode(AuditPage(entries, isFull: entries.count == limit))
        return Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: page)))
    }
}

/// A page of the trail, newest first.
private struct AuditPage: Encodable {
    let entries: [Entry]
    /// To be asked for as `before`; missing at the end.
    let next: Int64?

    struct Entry: Encodable {
        let number: Int64
        let actedAt: Date
        let author: String
        let act: String
        let subject: String
        let reason: String
        let details: String
        let hash: String
    }

    init(_ entries: [AuditEntry], isFull: Bool) {
        self.entries = entries.map {
            Entry(
                number: $0.number, actedAt: $0.actedAt, author: $0.act.author, act: $0.act.act,
                subject: $0.act.subject, reason: $0.act.reason, details: $0.act.details,
                hash: $0.hash.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined())
        }
        next = isFull ? entries.last?.number : nil
    }
}
