package import AsyncHTTPClient
import Foundation
import Kernel
import NIOCore

/// Why WeChat did not say who somebody is.
package enum WebLoginError: Error, Hashable, Sendable {
    /// The code is over, was used, or is not one: the person must be sent to WeChat once more.
    case codeRefused(Int)
    /// WeChat does not know the account or its secret, or will not serve it.
    case appRefused(Int)
    /// WeChat was not reached, was busy, or gave an answer that does not read.
    case unavailable(reason: String)
}

/// Asks WeChat who somebody in its browser is (网页授权, `snsapi_base`): they notice nothing, and it gives an openid of one account.
///
/// The person is sent to ``authorizeURL(appid:base:returningTo:state:)`` and comes back with a code, which is exchanged once.
package struct WebLogin: Sendable {
    /// For the whole exchange.
    package static let timeout = Duration.seconds(5)
    private static let answerBytesMax = Limit(64 << 10, reason: "The answer is a handful of short fields.")

    private let http: HTTPClient

    /// Exchanges by `http`.
    package init(http: HTTPClient = .shared) { self.http = http }

    /// Where a person is sent; WeChat insists on this order of the parameters.
    ///
    /// - Parameters:
    ///   - address: The page that they come back to, with `code` and `state`; its host must be registered with the account.
    ///   - state: Letters and digits, 128 at most.
    package static func authorizeURL(
        appid: String, base: String, returningTo address: String, state: String
    ) -> String {
        "\(base)/connect/oauth2/authorize?appid=\(escaped(appid))&redirect_uri=\(escaped(address))"
            + "&response_type=code&scope=snsapi_base&state=\(escaped(state))#wechat_redirect"
    }

    /// Who came back with a code.
    package func openID(
        appid: String, secret: String, base: String, code: String
    ) async throws(WebLoginError) -> String {
        let request = HTTPClientRequest(
            url: "\(base)/sns/oauth2/access_token?appid=\(Self.escaped(appid))&secret=\(Self.escaped(secret))"
                + "&code=\(Self.escaped(code))&grant_type=authorization_code")
        let body: ByteBuffer
        do {
            let answer = try await http.execute(request, timeout: TimeAmount(Self.timeout))
            body = try await answer.body.collect(upTo: Self.answerBytesMax.value)
        } catch {
            // The description of an error may quote the address, which holds the secret.
            throw .unavailable(reason: "\(type(of: error))")
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(Array(buffer: body))) else {
            throw .unavailable(reason: "its answer does not read")
        }
        if let openID = answer.openid, !openID.isEmpty { return openID }
        switch answer.errcode {
        case .some(let code) where Self.codesOfCodes.contains(code): throw .codeRefused(code)
        case -1, nil: throw .unavailable(reason: "it is busy")
        case .some(let code): throw .appRefused(code)
        }
    }

    /// Invalid, missing, used, expired.
    private static let codesOfCodes: Set<Int> = [40029, 41008, 40163, 42003]

    private struct Answer: Decodable {
        let openid: String?
        let errcode: Int?
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }.joined()
    }
}
