import AsyncHTTPClient
import Foundation
import Kernel
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1

/// Talks to the services as a partner would: over HTTP, with an API key.
struct TourClient {
    let ingest: String
    let reports: String
    let token: String
    let http: HTTPClient

    /// What a service answers to a question after an import.
    struct Import: Decodable {
        let importID: String
        let state: String
        let lines: Int
        let added: Int
        let unchanged: Int
        let refused: Int

        private enum CodingKeys: String, CodingKey {
            // As the decoder spells import_id.
            case importID = "importId"
            case state, lines, added, unchanged, refused
        }

        var isFinished: Bool { ["loaded", "refused", "checked"].contains(state) }
    }

    /// Hands a file in; the same key and body give the same import, however often.
    func post(file: Data, brand: ID<Brand>, shop: ID<Shop>, idempotencyKey: String) async throws -> Import {
        var request = HTTPClientRequest(
            url: "\(ingest)/v1/imports?brand=\(brand)&shop=\(shop)&format=cdnow&mode=all_or_nothing")
        request.method = .POST
        request.headers.add(name: "Idempotency-Key", value: idempotencyKey)
        request.headers.add(name: "Content-Type", value: "text/plain")
        request.body = .bytes(file)
        return try await answer(request)
    }

    /// How far an import is.
    func importStatus(_ id: String) async throws -> Import {
        try await answer(HTTPClientRequest(url: "\(ingest)/v1/imports/\(id)"))
    }

    /// A report as JSON.
    func report<Report: Decodable>(_ name: String, brand: ID<Brand>, from: String, to: String) async throws -> Report {
        try await answer(
            HTTPClientRequest(url: "\(reports)/v1/reports/\(name)?brand=\(brand)&from=\(from)&to=\(to)&format=json"))
    }

    private func answer<Answer: Decodable>(_ request: HTTPClientRequest) async throws -> Answer {
        var request = request
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        let response = try await http.execute(request, timeout: .seconds(60))
        let body = Data(buffer: try await response.body.collect(upTo: 4 << 20))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard (200...299).contains(response.status.code) else {
            let problem = try? decoder.decode(ProblemBody.self, from: body)
            throw Failure("\(request.url) answered \(response.status.code): \(problem?.detail ?? "no reason given")")
        }
        return try decoder.decode(Answer.self, from: body)
    }

    private struct ProblemBody: Decodable {
        let detail: String
    }
}
