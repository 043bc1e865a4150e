import Foundation
import Hooks
import Kernel
import Testing

/// The first two samples are Standard Webhooks' own and one of ours that OpenSSL signed; so is the second signature of the third.
struct StandardWebhookTests {
    private static let library = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let own = "whsec_lgQTAjGMVzPYhiiNOiuVk5ZcsOqHsJ5uVaUCpv10QpI="
    private static let previous = "whsec_ymTjEJg7PUHMRbrQystSH4m75/TGJ6JlP2o5qHmFbKI="
    private static let id = "msg_2Kf9Vq0001"
    private static let timestamp = 1_735_776_000
    private static let body = Array(
        """
        {"type":"gift.expired","timestamp":"2025-01-02T00:00:00Z",\
        "data":{"gift_id":"g_01","refund_fen":12800,"reason":"礼物超时未领取"}}
        """.utf8)
    private static let signature = "v1,6DfKjBTOoeOXqmhNRylDidWCme9xk2xzkVIQSY7zSx8="
    private static let previousSignature = "v1,aFxu8kfauqVmOW6PojLN3F+QymPl16tlNZLTgS5K5AA="

    private func origin(_ secrets: String...) throws -> HookOrigin {
        HookOrigin(
            name: "shop", id: .mint(), brand: .mint(), secrets: try secrets.map { try #require(HookSecret($0)) })
    }

    /// Checks the sample with some of its parts replaced.
    private func verify(
        id: String? = id, timestamp: String? = "\(timestamp)", signature: String? = signature, body: [UInt8] = body,
        origin: HookOrigin?, now: TimeInterval = TimeInterval(timestamp)
    ) throws -> String {
        try StandardWebhook.verify(
            id: id, timestamp: timestamp, signature: signature, body: body, origin: origin,
            now: Date(timeIntervalSince1970: now))
    }

    @Test func sign_ofTheSamples_equalsTheirBytes() throws {
        let library = StandardWebhook.sign(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array("{\"test\": 2432232314}".utf8),
            secret: try #require(HookSecret(Self.library)))
        #expect(library == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")

        let own = try #require(HookSecret(Self.own)), previous = try #require(HookSecret(Self.previous))
        let sign = { StandardWebhook.sign(id: Self.id, timestamp: Self.timestamp, body: Self.body, secret: $0) }
        #expect(sign(own) == Self.signature)
        #expect(sign(previous) == Self.previousSignature)
    }

    @Test func verify_whileSecretsRotate_takesEitherSecretAndEitherSignature() throws {
        let both = "\(Self.signature) \(Self.previousSignature)"

        for secrets in [try origin(Self.own), try origin(Self.previous), try origin(Self.own, Self.previous)] {
            #expect(try verify(signature: both, origin: secrets) == Self.id)
        }
        let rotating = try origin(Self.own, Self.previous)
        #expect(try verify(signature: Self.signature, origin: rotating) == Self.id)
        #expect(try verify(signature: Self.previousSignature, origin: rotating) == Self.id)
    }

    @Test func verify_withASecretThatEnded_isRefusedFromThatInstantOn() throws {
        var ending = try #require(HookSecret(Self.own))
        ending.validUntil = Date(timeIntervalSince1970: TimeInterval(Self.timestamp) + 10)
        let origin = HookOrigin(name: "shop", id: .mint(), brand: .mint(), secrets: [ending])

        #expect(try verify(origin: origin, now: TimeInterval(Self.timestamp) + 9.999) == Self.id)
        #expect(code { try verify(origin: origin, now: TimeInterval(Self.timestamp) + 10) } == "bad_signature")
    }

    @Test(arguments: [-300.0, -299, 0, 299, 300]) func verify_withinFiveMinutes_passes(seconds: TimeInterval) throws {
        #expect(try verify(origin: origin(Self.own), now: TimeInterval(Self.timestamp) + seconds) == Self.id)
    }

    @Test(arguments: [-1e9, -301, -300.001, 300.001, 301, 1e9])
    func verify_furtherAway_isStale(seconds: TimeInterval) throws {
        let origin = try origin(Self.own)

        #expect(code { try verify(origin: origin, now: TimeInterval(Self.timestamp) + seconds) } == "stale_timestamp")
    }

    @Test(arguments: [
        nil, "", " ", "v1", "v1,", ",", "v1,6DfKjBTOoeOXqmhNRylDidWCme9xk2xzkVIQSY7zSx8", "v1 6DfKjBTOoeOX=",
        "v0,6DfKjBTOoeOXqmhNRylDidWCme9xk2xzkVIQSY7zSx8=", "v1a,6DfKjBTOoeOXqmhNRylDidWCme9xk2xzkVIQSY7zSx8=",
        "V1,6DfKjBTOoeOXqmhNRylDidWCme9xk2xzkVIQSY7zSx8=", "v1,v1,6DfKjBTOoeOXqmhNRylDidWCme9xk2xzkVIQSY7zSx8=",
        "v1,AAAA", "v1,6DfKjBTOoeOXqmhNRylDidWCme9xk2xzkVIQSY7zSx8=AAAA", "v1,é", "v1,\u{0}", "v1,\u{FFFD}",
        "v1,6DfKjBTOoeOXqmhNRylDidWCme9xk2xzkVIQSY7zSx9=,", String(repeating: "v1,AAAA ", count: 10_000),
        String(repeating: " ", count: 2_000) + signature, "v1,7DfKjBTOoeOXqmhNRylDidWCme9xk2xzkVIQSY7zSx8=",
    ])
    func verify_withADamagedSignature_isRefused(signature: String?) throws {
        let origin = try origin(Self.own, Self.previous)

        #expect(code { try verify(signature: signature, origin: origin) } == "bad_signature")
    }

    @Test(arguments: [
        nil, "", "0", "-1735776000", "+1735776000", " 1735776000", "1735776000 ", "1735776000.0", "1.7e9",
        "01735776000",
        "99999999999999999999999", "0x67758000", "１７３５７７６０００", "\u{0}", "NaN",
    ])
    func verify_withADamagedTimestamp_isRefused(timestamp: String?) throws {
        let origin = try origin(Self.own)

        #expect(code { try verify(timestamp: timestamp, origin: origin) } == "bad_signature")
    }

    @Test(arguments: [
        nil, "", "msg_2Kf9Vq0002", "msg_2Kf9Vq000", "msg.2Kf9Vq0001", "msg_2Kf9Vq0001 ", "信", "\u{0}", "a\nb",
        String(repeating: "a", count: 256), String(repeating: "a", count: 1_000_000),
    ])
    func verify_withADamagedID_isRefused(id: String?) throws {
        let origin = try origin(Self.own)

        #expect(code { try verify(id: id, origin: origin) } == "bad_signature")
    }

    @Test func verify_ofAnotherBodyOrForAnotherSource_isRefused() throws {
        let origin = try origin(Self.own)

        #expect(code { try verify(body: Self.body + [0x20], origin: origin) } == "bad_signature")
        #expect(code { try verify(body: [], origin: origin) } == "bad_signature")
        #expect(code { try verify(origin: try self.origin(Self.library)) } == "bad_signature")
        #expect(code { try verify(origin: try self.origin()) } == "bad_signature")
        #expect(code { try verify(origin: nil) } == "bad_signature")
    }

    /// Whoever could choose an id with a dot could move the border between timestamp and body.
    @Test func verify_ofPartsCutElsewhere_isRefused() throws {
        let secret = try #require(HookSecret(Self.own))
        let signature = StandardWebhook.sign(id: "a", timestamp: 5, body: Array("1735776000.x".utf8), secret: secret)

        #expect(
            code { try verify(id: "a.5", signature: signature, body: Array("x".utf8), origin: origin(Self.own)) }
                == "bad_signature")
    }

    /// Random damage to each header in turn: always a refusal, never a trap.
    @Test func verify_ofRandomDamage_isAlwaysRefused() throws {
        let origin = try origin(Self.own)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3_000 {
            var headers = [Self.id, "\(Self.timestamp)", Self.signature]
            let which = Int.random(in: 0..<3, using: &random)
            var scalars = Array(headers[which].unicodeScalars)
            let before = scalars
            let position = Int.random(in: 0..<scalars.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: scalars.remove(at: position)
            case 1: scalars.insert(Unicode.Scalar(UInt8.random(in: 0...255, using: &random)), at: position)
            default: scalars[position] = Unicode.Scalar(UInt8.random(in: 0...255, using: &random))
            }
            // A space beside an entry changes nothing, nor do the two unused bits of the last base64 digit.
            let isHarmless = which == 2 && (scalars.filter { $0 != " " } == before || position >= before.count - 2)
            if scalars == before || isHarmless { continue }
            headers[which] = scalars.reduce(into: "") { $0.unicodeScalars.append($1) }

            let found = code {
                try verify(id: headers[0], timestamp: headers[1], signature: headers[2], origin: origin)
            }
            #expect(found == "bad_signature", "\(headers)")
        }
    }

    @Test(arguments: [
        "", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", "whsec_" + String(repeating: "AAAA", count: 22),
    ])
    func secret_thatIsNone_isRefused(text: String) {
        #expect(HookSecret(text) == nil)
    }

    @Test func secret_generated_isReadAgainAndNeverShown() throws {
        let secret = HookSecret.generate()

        #expect(HookSecret(secret.revealed) == secret)
        #expect(secret.revealed.count == 50)
        var dumped = ""
        dump(try origin(secret.revealed), to: &dumped)
        #expect(!"\(secret) \(dumped)".contains(secret.revealed.dropFirst(6)))
    }

    private func code(_ body: () throws -> String) -> String? {
        do {
            _ = try body()
            return nil
        } catch let problem as Problem {
            return problem.status == 401 ? problem.code : "status \(problem.status)"
        } catch {
            return "\(error)"
        }
    }
}
