import Foundation
import Kernel
import Orders
import Testing

@Suite struct ImportRoutesTests {
    private static let header = "order_no,customer,placed_at,quantity,amount,status,updated_at\n"

    private func line(_ number: String, yuan: String = "10.00", updated: Int = 1) -> String {
        "\(number),c1,2026-03-01T12:00:00+08:00,1,\(yuan),paid,2026-03-0\(updated)T12:00:00+08:00\n"
    }

    @Test func i02_uploadedFile_isAcceptedAndLoadedByTheService() async throws {
        try await IngestBundle.serve { bundle in
            let key = try await bundle.key()

            let accepted = try await bundle.upload(
                Self.header + line("A") + line("B"), key: key, idempotencyKey: "1")
            let loaded = try await bundle.finished(accepted, key: key)

            #expect(accepted.status == 202)
            #expect(accepted.json["state"] as? String == "accepted")
            #expect(accepted.json["job_id"] is String)
            #expect(loaded.json["state"] as? String == "loaded")
            #expect(loaded.json["added"] as? Int == 2)
            #expect(loaded.json["progress"] as? Double == 1)
        }
    }

    @Test func i02_sameUploadAgain_getsTheSameBytesAndLoadsNothing() async throws {
        try await IngestBundle.serve { bundle in
            let key = try await bundle.key()
            let file = Self.header + line("A")

            let first = try await bundle.upload(file, key: key, idempotencyKey: "1")
            _ = try await bundle.finished(first, key: key)
            let again = try await bundle.upload(file, key: key, idempotencyKey: "1")
            let otherBody = try await bundle.upload(file + line("B"), key: key, idempotencyKey: "1")
            let otherQuery = try await bundle.upload(
                file, to: bundle.uploadPath("&format=csv&mode=skip_bad"), key: key, idempotencyKey: "1")
            let otherKey = try await bundle.upload(file, key: key, idempotencyKey: "2")

            #expect(again.status == 202 && again.body == first.body)
            #expect(otherBody.status == 409 && otherBody.json["code"] as? String == "idempotency_mismatch")
            #expect(otherQuery.status == 409)
            let unchanged = try await bundle.finished(otherKey, key: key)
            #expect(unchanged.json["added"] as? Int == 0 && unchanged.json["unchanged"] as? Int == 1)
        }
    }

    @Test func i02_badLines_areListedInTheRefusals() async throws {
        try await IngestBundle.serve { bundle in
            let key = try await bundle.key()
            let file = Self.header + line("A") + "x\n" + line("B", yuan: "-1") + line("A")

            let refused = try await bundle.finished(
                bundle.upload(file, key: key, idempotencyKey: "1"), key: key)
            let path = try #require(refused.json["status_url"] as? String)
            let refusals = try await bundle.get(path + "/refusals", key: key)

            #expect(refused.json["state"] as? String == "refused")
            #expect(refused.json["refused"] as? Int == 3 && refused.json["added"] as? Int == 0)
            #expect(refusals.header("content-type")?.hasPrefix("text/csv") == true)
            let lines = refusals.body.split(separator: "\r\n").map { $0.prefix { $0 != "," } }
            #expect(lines == ["line", "3", "4", "5"])
        }
    }

    @Test(arguments: [
        ("&format=xml", 422, "invalid"), ("", 422, "invalid"), ("&format=csv&mode=some", 422, "invalid"),
        ("&format=csv&dry_run=perhaps", 422, "invalid"), ("&format=cdnow", 422, "import_header_unknown"),
    ])
    func upload_thatMakesNoSense_isAProblem(more: String, status: Int, code: String) async throws {
        try await IngestBundle.serve { bundle in
            let answer = try await bundle.upload(
                Self.header, to: bundle.uploadPath(more), key: bundle.key(), idempotencyKey: "1")

            #expect(answer.status == status)
            #expect(answer.header("content-type") == "application/problem+json")
            #expect(answer.json["code"] as? String == code)
        }
    }

    @Test func upload_withoutIdempotencyKey_isRefused() async throws {
        try await IngestBundle.serve { bundle in
            let answer = try await bundle.upload(Self.header, key: bundle.key(), idempotencyKey: nil)

            #expect(answer.status == 400 && answer.json["code"] as? String == "idempotency_key_missing")
        }
    }

    @Test func upload_byWhomeverMayNot_isRefused() async throws {
        try await IngestBundle.serve { bundle in
            let file = Self.header + line("A")
            let ofOneShop = try await bundle.key(shop: bundle.shops[1])
            let foreign = "/v1/imports?brand=\(ID<Brand>.mint())&shop=\(bundle.shops[0])&format=csv"
            let nowhere = "/v1/imports?shop=\(ID<Shop>.mint())&format=csv"
            let key = try await bundle.key()

            #expect(try await bundle.upload(file, key: nil, idempotencyKey: "1").status == 401)
            #expect(try await bundle.upload(file, key: ofOneShop, idempotencyKey: "1").status == 403)
            #expect(try await bundle.upload(file, to: foreign, key: key, idempotencyKey: "1").status == 403)
            #expect(try await bundle.upload(file, to: nowhere, key: key, idempotencyKey: "1").status == 404)
        }
    }

    @Test func status_ofAnotherShopsImport_isNotFound() async throws {
        try await IngestBundle.serve { bundle in
            let accepted = try await bundle.upload(
                Self.header + line("A"), key: bundle.key(), idempotencyKey: "1")
            let path = try #require(accepted.json["status_url"] as? String)
            let other = try await bundle.key(shop: bundle.shops[1])

            #expect(try await bundle.get(path, key: bundle.key(shop: bundle.shops[0])).status == 200)
            for path in [path, path + "/refusals", "/v1/imports/x", "/v1/imports/\(ID<Import>.mint())"] {
                #expect(try await bundle.get(path, key: other).status == 404)
            }
        }
    }

    @Test func i14_ordersOverHTTP_areListedPageByPage() async throws {
        try await IngestBundle.serve { bundle in
            let key = try await bundle.key()
            let file = Self.header + (0..<5).map { line("N\($0)") }.joined()
            _ = try await bundle.finished(bundle.upload(file, key: key, idempotencyKey: "1"), key: key)

            var numbers: [String] = []
            var path: String? = "/v1/orders?shop=\(bundle.shops[0])&limit=2"
            while let asked = path {
                let page = try await bundle.get(asked, key: key)
                #expect(page.status == 200)
                let orders = try #require(page.json["orders"] as? [[String: Any]])
                numbers += orders.compactMap { $0["order_no"] as? String }
                path = (page.json["next"] as? String).map { "/v1/orders?shop=\(bundle.shops[0])&limit=2&after=\($0)" }
            }

            #expect(numbers.sorted() == ["N0", "N1", "N2", "N3", "N4"])
            #expect(try await bundle.get("/v1/orders", key: key).status == 422)
            #expect(try await bundle.get("/v1/orders?shop=\(bundle.shops[0])&limit=0", key: key).status == 422)
            #expect(try await bundle.get("/v1/orders?shop=\(bundle.shops[0])&after=x", key: key).status == 422)
            let other = try await bundle.key(shop: bundle.shops[1])
            #expect(try await bundle.get("/v1/orders?shop=\(bundle.shops[0])", key: other).status == 403)
        }
    }
}
