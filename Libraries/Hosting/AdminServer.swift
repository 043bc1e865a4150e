import CoreMetrics
import Foundation
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Postgres

/// Health and metrics, on a port of their own so that no route of the API can shadow them.
struct AdminServer: Sendable {
    let readiness: Readiness
    let registry: PrometheusRegistry
    /// Nil where there is no database to count connections of.
    let pool: Pool?

    /// The routes `/healthz`, `/readyz` and `/metrics`.
    func responder() -> some HTTPResponder<SiyuRequestContext> {
        let router = Router(context: SiyuRequestContext.self)
        router.add(middleware: ProblemMiddleware(routes: RouteTable()))
        router.get("healthz") { _, _ in json(["status": "alive"]) }
        router.get("readyz") { _, _ in await ready() }
        router.get("metrics") { _, _ in metrics() }
        return router.buildResponder()
    }

    private struct Report: Encodable {
        let status: String
        let checks: [ReadinessFinding]
    }

    private func ready() async -> Response {
        let phase = readiness.phase
        guard phase == .serving else {
            return json(Report(status: phase.rawValue, checks: []), status: .serviceUnavailable)
        }
        let findings = await readiness.findings()
        let isReady = findings.allSatisfy { $0.reason == nil }
        return json(
            Report(status: isReady ? "ready" : "unready", checks: findings), status: isReady ? .ok : .serviceUnavailable
        )
    }

    private func metrics() -> Response {
        if let statistics = pool?.statistics {
            let label = "db.pool.connections"
            registry.makeMeter(label: label, dimensions: [("state", "open")]).set(Int64(statistics.open))
            registry.makeMeter(label: label, dimensions: [("state", "idle")]).set(Int64(statistics.idle))
            registry.makeMeter(label: "db.pool.waiting", dimensions: []).set(Int64(statistics.waiting))
        }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: registry.exposition)))
    }

    private func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = (try? encoder.encode(value)) ?? Data()
        return Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}
