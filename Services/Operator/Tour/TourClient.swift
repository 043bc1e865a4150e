import AsyncHTTPClient
import Foundation
import Hooks
import Hosting
import Kernel
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1

/// Where the services answer.
struct TourAddresses {
    var ingest: String
    var redeem: String
    var gifts: String
    var reports: String
    var sandbox: String
}

/// Talks to the services as a partner would: over HTTP, with an API key, and again when a service was away.
struct TourClient {
    let addresses: TourAddresses
    let token: String
    let http: HTTPClient

    /// How long a service may be away; each request may be repeated, since it has a key or only asks.
    private static let patience: Duration = .seconds(60)

    /// What a service answered.
    struct Answer {
        let status: Int
        let body: Data

        var isGood: Bool { (200...299).contains(status) }

        func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(type, from: body)
        }
    }

    // MARK: Services

    /// A POST of JSON with an `Idempotency-Key`.
    func post<Body: Encodable>(_ url: String, key: String, _ body: Body) async throws -> Answer {
        try await send("POST", url, ["Idempotency-Key": key, "Content-Type": "application/json"], encoded(body))
    }

    /// The same as PUT.
    func put<Body: Encodable>(_ url: String, key: String, _ body: Body) async throws -> Answer {
        try await send("PUT", url, ["Idempotency-Key": key, "Content-Type": "application/json"], encoded(body))
    }

    /// A GET.
    func get(_ url: String) async throws -> Answer { try await send("GET", url, [:], nil) }

    /// A file as the body.
    func post(file: Data, to url: String, key: String) async throws -> Answer {
        try await send("POST", url, ["Idempotency-Key": key, "Content-Type": "text/plain"], file)
    }

    /// A signed hook, as in Standard Webhooks; signed anew each time, since a signature grows old.
    func hook<Body: Encodable>(_ url: String, id: String, secret: HookSecret, _ body: Body) async throws -> Answer {
        let bytes = try encoded(body)
        return try await patiently(url) {
            let timestamp = Int(Date().timeIntervalSince1970)
            return try await once(
                "POST", url,
                [
                    "Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": "\(timestamp)",
                    "webhook-signature": StandardWebhook.sign(
                        id: id, timestamp: timestamp, body: Array(bytes), secret: secret),
                ], bytes)
        }
    }

    /// The body of a good answer.
    ///
    /// - Throws: `Failure` with the reason the service gave.
    func expect<Value: Decodable>(_ answer: Answer, _ what: String) throws -> Value {
        guard answer.isGood else { throw refusal(answer, what) }
        return try answer.decoded()
    }

    /// What to say of an answer that was not good.
    func refusal(_ answer: Answer, _ what: String) -> Failure {
        let problem = try? answer.decoded(as: ProblemBody.self)  // not every answer is a problem document
        return Failure("\(what) answered \(answer.status): \(problem?.detail ?? "no reason given")")
    }

    // MARK: HTTP

    private func encoded(_ body: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys]
        return try encoder.encode(body)
    }

    private func send(
        _ method: String, _ url: String, _ headers: KeyValuePairs<String, String>, _ body: Data?
    ) async throws -> Answer {
        try await patiently(url) { try await once(method, url, headers, body) }
    }

    private func patiently(_ url: String, _ request: () async throws -> Answer) async throws -> Answer {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let reason: String
            do {
                let answer = try await request()
                // Not every answer is a problem document.
                let code = (try? answer.decoded(as: ProblemBody.self))?.code
                let isBusy = answer.status == 409 && code == "idempotency_in_progress"
                if answer.status < 500, answer.status != 429, !isBusy { return answer }
                reason = refusal(answer, url).sentence
            } catch let error where !(error is CancellationError) {
                reason = "\(url) does not answer: \(error)"
            }
            guard ContinuousClock.now < deadline else { throw Failure(reason, .unavailable) }
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    private func once(
        _ method: String, _ url: String, _ headers: KeyValuePairs<String, String>, _ body: Data?
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if headers.first(where: { $0.key == "webhook-id" }) == nil, !url.hasPrefix(addresses.sandbox) {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        if let body { request.body = .bytes(body) }
        let response = try await http.execute(request, timeout: .seconds(30))
        return Answer(
            status: Int(response.status.code), body: Data(buffer: try await response.body.collect(upTo: 4 << 20)))
    }

    private struct ProblemBody: Decodable {
        let detail: String
        let code: String?
    }
}
