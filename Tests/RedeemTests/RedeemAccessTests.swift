import AsyncHTTPClient
import Codes
import Foundation
import Hooks
import Kernel
import NIOCore
import NIOHTTP1
import Orders
import TestSupport
import Testing

/// Whose each endpoint of siyu-redeem is.
struct RedeemAccessTests {
    /// No key opens a hook, and none is asked for where everybody may look.
    @Test func o12_keysOfEveryRole_openNothingOfRedeemThatIsNotEverybodys() async throws {
        try await RedeemBundle.serve { bundle in
            var asked = 0
            let lines = try AccessTable(of: "siyu-redeem").lines
            let known = Set(Role.allCases.map(\.rawValue))
            for role in Role.allCases {
                let made = try await APIKeys.create(
                    brand: bundle.brand, role: role, label: "test", on: bundle.db.pool(as: .operator))
                let key = try #require(made).token.revealed
                for line in lines {
                    let answer = try await bundle.ask(line, key: key)
                    let isPublic = line.holders.contains("public")
                    let isForKeys = !line.holders.isDisjoint(with: known)
                    #expect([isPublic, isForKeys, line.holders.contains("signed")].count { $0 } == 1, "\(line.route)")
                    #expect(
                        (answer.status == 401) == (!isPublic && !isForKeys), "\(role) \(line.route): \(answer.status)")
                    #expect(
                        (answer.status == 403) == (isForKeys && !line.holders.contains(role.rawValue)),
                        "\(role) \(line.route): \(answer.status)")
                    #expect(answer.status < 500, "\(role) \(line.route): \(answer.status)")
                    if isForKeys { #expect(try await bundle.ask(line, key: nil).status == 401) }
                    if isPublic {
                        #expect(answer.status == (try await bundle.ask(line, key: nil)).status, "\(role) \(line.route)")
                    }
                    asked += 1
                }
            }
            #expect(asked == Role.allCases.count * lines.count && asked > 60)
        }
    }

    @Test func o12_sourceOfAnotherStore_neitherHandsOverNorTakesBack() async throws {
        try await RedeemBundle.serve { bundle in
            let staff = bundle.db.pool(as: .operator)
            var secrets: [String: HookSecret] = [:]
            for code in ["north", "south"] {
                let shop = try await Catalogue.createShop(code: code, name: code, brand: bundle.brand, on: staff).shop
                    .id
                secrets[code] = try #require(
                    try await HookSources.create(
                        code, brand: bundle.brand, shop: shop, purposes: [.handovers], keys: bundle.keys, on: staff)
                ).secret
            }
            let index = try #require((0..<RedeemBundle.count).first { bundle.batch.prize(of: $0)?.tier == 1 })
            let won = try await bundle.scan(bundle.code(index), by: "p")
            let prize = try #require(won.json["prize"] as? [String: Any])
            let token = try #require((prize["voucher"] as? [String: Any])?["token"] as? String)
            func send(_ path: String, _ body: String, from code: String) async throws -> Answer {
                try await bundle.hook("/v1/hooks/{source}/" + path, try #require(secrets[code]), from: code, body: body)
            }
            let handover = #"{"voucher":"\#(token)","store":"north"}"#
            try await eventually { try await send("handovers", "{}", from: "south").status != 401 }

            #expect(try await send("handovers", handover, from: "south").code == "store_unknown")
            #expect(try await bundle.count("codes.handover") == 0)
            let handed = try await send("handovers", handover, from: "north")
            #expect(handed.status == 200, "\(handed.body)")
            let path = "handovers/\(try #require(handed.json["handover_id"] as? String))/reverse"
            let why = #"{"reason":"dropped it"}"#
            let foreign = try await send(path, why, from: "south")
            let unknown = try await send("handovers/\(ID<Shop>.mint())/reverse", why, from: "south")
            #expect(foreign.status == 404 && foreign.body == unknown.body, "\(foreign.body)")
            #expect(try await send(path, why, from: "north").status == 200)
        }
    }

    @Test func o12_everySource_reachesTheHooksOfItsPurposeAlone() async throws {
        try await RedeemBundle.serve { bundle in
            let hooks = try AccessTable(of: "siyu-redeem").lines.filter { $0.holders.contains("signed") }
            let staff = bundle.db.pool(as: .operator)
            var admitted = 0
            for purpose in HookPurpose.allCases {
                let made = try #require(
                    try await HookSources.create(
                        "only-\(purpose)", brand: bundle.brand, purposes: [purpose], keys: bundle.keys, on: staff))
                // Sources are looked for once a second.
                try await eventually {
                    try await bundle.hook(hooks[0].path, made.secret, from: made.record.name).status != 401
                }
                for line in hooks {
                    let answer = try await bundle.hook(line.path, made.secret, from: made.record.name)
                    let isAdmitted = answer.code != "purpose_missing"
                    #expect(isAdmitted == line.holders.contains(purpose.rawValue), "\(purpose) \(line.route)")
                    #expect(answer.status == (isAdmitted ? 400 : 403), "\(purpose) \(line.route): \(answer.body)")
                    admitted += isAdmitted ? 1 : 0
                }
            }
            #expect(admitted == hooks.count, "each hook has one purpose")
        }
    }
}

extension RedeemBundle {
    /// Asks for an endpoint as its line has it, with something for what varies.
    fileprivate func ask(_ line: AccessTable.Line, key: String?) async throws -> Answer {
        try await send(
            line.method, line.path, source: Self.source, headers: key.map { ["authorization": "Bearer \($0)"] } ?? [:])
    }

    /// Sends a hook that says nothing, unless it is said, signed.
    fileprivate func hook(
        _ path: String, _ secret: HookSecret, from source: String, body: String = "{}"
    ) async throws -> Answer {
        let (id, timestamp) = ("\(UUID())", Int(Date().timeIntervalSince1970))
        let signature = StandardWebhook.sign(id: id, timestamp: timestamp, body: Array(body.utf8), secret: secret)
        return try await send(
            "POST", path, source: source, body: body,
            headers: ["webhook-id": id, "webhook-timestamp": "\(timestamp)", "webhook-signature": signature])
    }

    private func send(
        _ method: String, _ path: String, source: String, body: String = "{}", headers: [String: String]
    ) async throws -> Answer {
        var path = path.replacing("{source}", with: source).replacing("{id}", with: "\(ID<Shop>.mint())")
        for (name, value) in [("{gtin}", "09521234543213"), ("{code}", "X"), ("{lot}", "L"), ("{variant}", "V")] {
            path = path.replacing(name, with: value)
        }
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path.replacing("{campaign}", with: "spring"))")
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if method != "GET" {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name.lowercased(), $0.value) },
            body: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }
}
