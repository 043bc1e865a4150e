import Foundation
import Testing

@testable import Jobs

private struct Flat: JobParameters, Equatable {
    enum Colour: String, Codable { case red, green }
    static let jobName = "test.flat"
    static let jobQueue = "tests"
    var number: Int?
    var small: UInt8?
    var word: String?
    var id: UUID?
    var isTrue: Bool?
    var colour: Colour?
    var instant: Date?
    var bytes: Data?
    var ratio: Double?
    var address: URL?
    var words: [String]?
}

/// Reads whatever it can, and hides what it could not: what a swallowed error leaves behind must be the same, too.
private struct Lenient: JobParameters, Equatable {
    static let jobName = "test.lenient"
    static let jobQueue = "tests"
    var number: Int?
    var ratio: Double?

    enum CodingKeys: CodingKey { case number, ratio }
    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        number = try? members.decode(Int.self, forKey: .number)
        ratio = try? members.decode(Double.self, forKey: .ratio)
    }
}

struct PayloadReaderTests {
    @Test(arguments: [
        #"{}"#, #" { } "#, #"{"number":1}"#, #"{"number":-1}"#, #"{"number":-0}"#, #"{"number":01}"#,
        #"{"number":1.0}"#,
        #"{"number":1e3}"#, #"{"number":9223372036854775807}"#, #"{"number":9223372036854775808}"#,
        #"{"number":"1"}"#, #"{"number":null}"#, #"{"number":true}"#, #"{"number":1,}"#, #"{"number":1} x"#,
        #"{"number"}"#,
        #"{"number":1,"number":2}"#, #"{"small":255}"#, #"{"small":256}"#, #"{"small":-1}"#, #"{"word":"tea"}"#,
        #"{"word":"\u0041\n"}"#, #"{"word":"茶"}"#, #"{"w\u006frd":"tea"}"#, #"{"word":""}"#, #"{"word":1}"#,
        #"{"id":"7E0C2C1E-31B4-4C3A-8D5E-0E3E3B1B1B1B"}"#, #"{"id":"no"}"#, #"{"isTrue":true}"#, #"{"isTrue":0}"#,
        #"{"colour":"red"}"#, #"{"colour":"blue"}"#, #"{"instant":12}"#, #"{"bytes":"dGVh"}"#, #"{"ratio":1}"#,
        #"{"ratio":0.5}"#, #"{"address":"http://example.invalid/"}"#, #"{"words":["a"]}"#, #"{"words":{}}"#,
        #"{"unknown":{"a":[1]},"number":1}"#, #"{"word":"tea","number":7,"isTrue":false}"#, #"[]"#, "", "\u{FEFF}{}",
        #"{"word":"a\#u{1}b"}"#, "{\"word\"\t:\n\"tea\"\r}", #"{"word":"tea"#, #"{word:1}"#, "nul", #"{"number":nul}"#,
    ])
    func read_ofAnyPayload_givesWhatFoundationGives(_ json: String) {
        check(Flat.self, Array(json.utf8))
        check(Lenient.self, Array(json.utf8))
    }

    @Test func read_ofBytesThatAreNoText_givesWhatFoundationGives() {
        check(Flat.self, Array(#"{"word":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8))
        check(Flat.self, [0x7B, 0, 0x7D, 0])
    }

    private func check<Parameters: JobParameters & Equatable>(_: Parameters.Type, _ payload: [UInt8]) {
        let expected = try? JSONDecoder().decode(Parameters.self, from: Data(payload))
        let found = try? PayloadReader.read(Parameters.self, from: payload)
        #expect(found == expected, "\(String(decoding: payload, as: UTF8.self))")
    }
}
