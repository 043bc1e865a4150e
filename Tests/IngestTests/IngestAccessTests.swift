import Foundation
import Hooks
import Kernel
import TestSupport
import Testing

/// Whose each endpoint of siyu-ingest is.
struct IngestAccessTests {
    @Test func o12_everyRole_reachesItsEndpointsOfIngestAlone() async throws {
        try await IngestBundle.serve { bundle in
            var asked = 0
            for role in Role.allCases {
                let made = try await APIKeys.create(
                    brand: bundle.brand, role: role, label: "test", on: bundle.db.pool(as: .operator))
                let key = try #require(made).token.revealed
                for line in try AccessTable(of: "siyu-ingest").lines {
                    let path = line.path.replacing("{id}", with: "\(ID<Import>.mint())").replacing(
                        "{merchant}", with: "1900000001")
                    let answer = try await bundle.send(
                        line.method, path, key: key, headers: ["Idempotency-Key": UUID().uuidString],
                        body: line.method == "GET" ? nil : "{}")
                    let named = "\(role) \(line.route): \(answer.status) \(answer.body)"
                    asked += 1
                    if line.holders == ["public"] {
                        #expect(answer.status == 200, "\(named)")
                    } else if line.holders == ["signed"] {
                        // A key is no signature: WeChat Pay has none, and no brand has WeChat Pay's.
                        #expect(answer.status == 404 || answer.status == 401, "\(named)")
                        #expect(answer.json["code"] as? String == "FAIL", "\(named)")
                    } else {
                        let isAdmitted = answer.json["code"] as? String != "role_forbidden"
                        #expect(isAdmitted == line.holders.contains(role.rawValue), "\(named)")
                        #expect(isAdmitted || answer.status == 403, "\(named)")
                        #expect(answer.status != 401 && answer.status < 500, "\(named)")
                    }
                }
            }
            #expect(asked > 30)
            let stranger = "sk_\(String(repeating: "0", count: 32))"
            #expect(try await bundle.get("/v1/orders?shop=\(bundle.shops[0])", key: stranger).status == 401)
            #expect(try await bundle.get("/v1/orders?shop=\(bundle.shops[0])", key: nil).status == 401)
        }
    }

    /// A key of one shop is that shop's, whatever its role.
    @Test func o12_keyOfOneShop_readsNoOrdersOfAnother() async throws {
        try await IngestBundle.serve { bundle in
            for role in Role.readers {
                let made = try await APIKeys.create(
                    brand: bundle.brand, role: role, shop: bundle.shops[0], label: "test",
                    on: bundle.db.pool(as: .operator))
                let key = try #require(made).token.revealed
                #expect(try await bundle.get("/v1/orders?shop=\(bundle.shops[0])", key: key).status == 200, "\(role)")
                #expect(try await bundle.get("/v1/orders?shop=\(bundle.shops[1])", key: key).status == 403, "\(role)")
            }
        }
    }
}
