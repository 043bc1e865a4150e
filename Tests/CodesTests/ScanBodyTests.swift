import Codes
import Foundation
import Testing

struct ScanBodyTests {
    /// What the decoder alone makes of a body; nil for what it refuses.
    private func decoded(_ body: [UInt8]) -> [String?]? {
        (try? JSONDecoder().decode(ScanBody.self, from: Data(body))).map(Self.parts)
    }

    private func read(_ body: [UInt8]) -> [String?]? { FlatScanBody.read(body).map(Self.parts) }

    private static func parts(_ body: ScanBody) -> [String?] {
        [body.code, body.openid, body.unionid, body.device, body.location?.city]
    }

    @Test func usualBodies_areReadWithoutTheDecoder() {
        let bodies = [
            #"{"code":"K7QX3AE5NMHJEKADES5S","openid":"oABC"}"#,
            " {\n\t\"openid\" : \"o-1\" , \"code\":\"\" ,\"device\":\"a b\",\"unionid\":\"u\", \"more\":\"x\"\r} \n",
        ]
        for body in bodies {
            let parts = read(Array(body.utf8))
            #expect(parts != nil && parts == decoded(Array(body.utf8)))
        }
    }

    @Test func unusualBodies_areLeftToTheDecoder() {
        let bodies = [
            #"{"code":"a","openid":"b","location":{"lat":1}}"#, #"{"code":"a\u0041","openid":"b"}"#,
            #"{"code":"a","openid":"b","code":"c"}"#, #"{"code":"七","openid":"b"}"#, #"{"code":"a"}"#, "{}", "", "[]",
            #"{"code":"a","openid":"b"} x"#, #"{"code":"a","openid":"b",}"#, #"{"code":"a","openid":"b""#,
            #"{"code":"a","openid":null}"#, #"{"code":1,"openid":"b"}"#, #"{"code":"a","openid":"b","location":"c"}"#,
        ]
        for body in bodies { #expect(read(Array(body.utf8)) == nil, "\(body)") }
    }

    /// Damaged and shuffled bodies: what the quick reader takes, the decoder takes too, and reads the same in it.
    @Test func mutatedBodies_areReadAsTheDecoderReadsThem() {
        var random = SystemRandomNumberGenerator()
        let seeds = [
            #"{"code":"K7QX3AE5NMHJEKADES5S","openid":"oABC"}"#,
            #"{"code":"K7QX","openid":"o","unionid":"u","device":"d","location":{"city":"Xi'an"}}"#,
            #"{ "openid" : "o" , "code" : "c" }"#,
        ].map { Array($0.utf8) }
        let spice = Array("{}[]\":,\\ \t\n0123null\u{7F}é\u{00}codeopenid".utf8)
        var readCount = 0
        for round in 0..<20_000 {
            var body = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<body.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: body[place] = spice.randomElement(using: &random) ?? 0
                case 1: body.insert(spice.randomElement(using: &random) ?? 0, at: place)
                default: body.remove(at: place)
                }
            }
            guard let parts = read(body) else { continue }
            readCount += 1
            #expect(parts == decoded(body), "\(String(decoding: body, as: UTF8.self))")
        }
        #expect(readCount > 1_000)
    }
}
