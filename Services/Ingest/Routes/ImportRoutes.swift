import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Orders
import Postgres

/// Files of orders: handed in, watched, and their refused lines fetched.
struct ImportRoutes: Sendable {
    /// The limits of the upload, which takes longer than other requests.
    static let limits = RequestLimits(
        bodyBytesMax: ImportLimit.fileBytes.value, deadline: ImportLimit.uploadTime.value)
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
            key: HTTPField.Name("Idempotency-Key").flatMap { request.headers[$0] })

        return try await imports.inTurn {
            // All of it before the transaction begins: a slow sender keeps no connection waiting. What is asked belongs to
            // what must be the same when the request is repeated.
            var file = UploadedFile(begunWith: "\(asked.shop)|\(asked.format)|\(asked.mode)|\(asked.isDryRun)|")
            for try await buffer in request.body { file.append(buffer) }
            let hash = file.hash
            let answer = try await pool.transaction { [file] tx in
                try await Idempotency.answer(same, bodyHash: hash, on: tx) { tx in
                    try StoredAnswer(accepted: try await imports.accept(asked, body: file, on: tx))
                }
            }
            await imports.wake()
            return Response(answer)
        }
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
        let pieces = imports.refusalsCSV(of: record.id, brand: caller.brand).map { ByteBuffer(bytes: $0) }
        return Response(status: .ok, headers: headers, body: .init(asyncSequence: pieces))
    }
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
