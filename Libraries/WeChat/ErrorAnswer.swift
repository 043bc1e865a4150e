import Foundation

/// The body of an answer that is not 2xx: `{"code", "message"}`.
struct ErrorAnswer: Decodable {
    let code: String
    let message: String

    /// Nil for anything that is not in WeChat Pay's form.
    init?(_ body: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(Self.self, from: Data(body)), !answer.code.isEmpty,
            answer.code.utf8.count <= 64,
            answer.code.utf8.allSatisfy({ $0.isDigit || $0.isLetter || $0 == UInt8(ascii: "_") })
        else { return nil }
        self = answer
    }

    private enum CodingKeys: String, CodingKey { case code, message }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try container.decode(String.self, forKey: .code)
        // Shown to people and kept in rows, hence short, and without what steers a terminal or is refused by the database.
        let text = try container.decodeIfPresent(String.self, forKey: .message) ?? ""
        let visible = text.unicodeScalars.filter { $0.properties.generalCategory != .control }
        message = String(String(String.UnicodeScalarView(visible)).prefix(200))
    }
}
