import Crypto
import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import NIOFoundationEssentialsCompat
import Orders
import Postgres
import Synchronization

/// Files of orders: handed in, watched, and their refused lines fetched.
struct ImportRoutes: Sendable {
    /// A file is one COPY in one transaction: the database role's statement time-out of 60 s must not be the one to speak.
    static let limits = RequestLimits(bodyBytesMax: ImportLimit.fileBytes.value, deadline: .seconds(50))
    static let path = "/v1/imports"

    let pool: Pool
    let imports: OrderImports

    /// Adds the routes to a group that asks for a bearer key.
    func add(to api: some RouterMethods<SiyuRequestContext>) {
        api.post("v1/imports") { request, context in try await accept(request, context) }
        api.get("v1/imports/{id}") { request, context in try await show(context) }
        api.get("v1/imports/{id}/refusals") { request, context in try await refusals(context) }
    }

    // MARK: Handing in

    private func accept(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        let asked = try ImportRequest(request.uri.queryParameters, caller: caller)
        let same = try IdempotentRequest(
            brand: caller.brand, caller: caller.keyID.rawValue, route: "POST \(Self.path)",
            key: request.headers[.idempotencyKey])
        // What is asked belongs to what must be the same when the request is repeated.
        let digest = BodyDigest(prefix: "\(asked.shop)|\(asked.format)|\(asked.mode)|\(asked.isDryRun)|")
        let body = request.body.map { chunk in digest.take(Array(chunk.readableBytesView)) }

        // Once only: the body cannot be read a second time.
        let answer = try await pool.transaction(.init(attemptsMax: 1)) { tx in
            if let (hash, answer) = try await Idempotency.find(same, on: tx) {
                for try await _ in body {}
                try Idempotency.requireSame(digest.finish(), hash)
                return answer
            }
            let answer = try StoredAnswer(accepted: try await imports.accept(asked, body: body, on: tx))
            try await Idempotency.store(same, bodyHash: digest.finish(), answer, on: tx)
            return answer
        }
        await imports.wake()
        return Response(answer)
    }

    // MARK: Watching

    private func record(_ context: SiyuRequestContext) async throws -> (ImportRecord, Caller) {
        let caller = try context.requireCaller()
        guard let id = ID<Import>(try context.parameters.require("id")),
            let record = try await imports.record(id, brand: caller.brand),
            (try? caller.require(shop: record.request.shop)) != nil
        else { throw Problem.notFound("There is no such import.") }
        return (record, caller)
    }

    private func show(_ context: SiyuRequestContext) async throws -> Response {
        let (record, _) = try await record(context)
        return Response(StoredAnswer(status: 200, body: try ImportAnswer(record).json))
    }

    private func refusals(_ context: SiyuRequestContext) async throws -> Response {
        let (record, caller) = try await record(context)
        let headers: HTTPFields = [
            .contentType: "text/csv; charset=utf-8; header=present", .cacheControl: "no-store",
            .contentDisposition: "attachment; filename=\"import-\(record.id)-refusals.csv\"",
        ]
        let body = ResponseBody { [imports] writer in
            // Page by page; the writer is not one that a callback could be handed.
            var bytes = ImportRefusal.csvHeader
            var last: Int32 = 0
            repeat {
                try await writer.write(ByteBuffer(bytes: bytes))
                let page = try await imports.refusals(of: record.id, after: last, brand: caller.brand)
                last = page.last?.line ?? last
                bytes = page.flatMap(\.csv)
            } while !bytes.isEmpty
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }
}

/// The hash of a body that is read once, as it streams by.
private final class BodyDigest: Sendable {
    private let state: Mutex<SHA256>

    init(prefix: String) {
        var hash = SHA256()
        hash.update(data: Array(prefix.utf8))
        state = Mutex(hash)
    }

    func take(_ bytes: [UInt8]) -> [UInt8] {
        state.withLock { $0.update(data: bytes) }
        return bytes
    }

    func finish() -> [UInt8] { state.withLock { Array($0.finalize()) } }
}

extension ImportRequest {
    /// Reads what is asked from a URL, and keeps it within what the caller may do.
    fileprivate init(_ parameters: Parameters, caller: Caller) throws(Problem) {
        if let text = parameters["brand"] {
            guard let brand = ID<Brand>(text) else { throw .invalid("`brand` must be the id of a brand, a UUID.") }
            try caller.require(brand: brand)
        }
        guard let shop = parameters["shop"].flatMap({ ID<Shop>($0) }) else {
            throw .invalid("`shop` must be the id of the shop in which the orders were placed, a UUID.")
        }
        _ = try caller.require(shop: shop)
        guard let format = parameters["format"].flatMap({ ImportFormat(rawValue: String($0)) }) else {
            throw .invalid("`format` must be one of \(ImportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        guard let mode = ImportMode(rawValue: String(parameters["mode"] ?? "all_or_nothing")) else {
            throw .invalid("`mode` must be one of \(ImportMode.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        guard let isDryRun = ["true": true, "false": false][parameters["dry_run"] ?? "false"] else {
            throw .invalid("`dry_run` must be true or false.")
        }
        self.init(brand: caller.brand, shop: shop, format: format, mode: mode, isDryRun: isDryRun)
    }
}

/// An import as callers see it.
private struct ImportAnswer: Encodable {
    let importID: ID<Import>
    let jobID: String
    let shopID: ID<Shop>
    let format: String
    let mode: String
    let dryRun: Bool
    let state: String
    let progress: Double
    let lines: Int
    let added: Int
    let changed: Int
    let unchanged: Int
    let refused: Int
    let createdAt: Date
    let updatedAt: Date
    let statusURL: String
    let refusalsURL: String

    init(_ record: ImportRecord) {
        importID = record.id
        jobID = record.job.uuidString.lowercased()
        shopID = record.request.shop
        format = record.request.format.rawValue
        mode = record.request.mode.rawValue
        dryRun = record.request.isDryRun
        state = record.state.rawValue
        progress = record.progress
        lines = record.lines
        added = record.added
        changed = record.changed
        unchanged = record.unchanged
        refused = record.refused
        createdAt = record.createdAt
        updatedAt = record.updatedAt
        statusURL = "\(ImportRoutes.path)/\(record.id)"
        refusalsURL = "\(ImportRoutes.path)/\(record.id)/refusals"
    }

    var json: [UInt8] { get throws { Array(try JSONEncoder.api.encode(self)) } }
}

extension StoredAnswer {
    /// 202: the file is staged, its job stands.
    fileprivate init(accepted record: ImportRecord) throws {
        self.init(status: 202, body: try ImportAnswer(record).json)
    }
}

extension Response {
    fileprivate init(_ answer: StoredAnswer) {
        self.init(
            status: .init(code: answer.status), headers: [.contentType: answer.contentType, .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}

extension HTTPField.Name {
    /// The header of requests that may be repeated; its name is well-formed, so it is never nil.
    fileprivate static var idempotencyKey: HTTPField.Name { HTTPField.Name("Idempotency-Key") ?? .ifMatch }
}
