import AsyncHTTPClient
import Foundation
import Kernel
import NIOCore
import NIOHTTP1
import Synchronization

/// Calls api.weixin.qq.com for one account, with its access token.
///
/// The token is WeChat's stable one: as long as it is valid whoever asks gets the same, so that processes do not take it away from each
/// other. It is kept in memory until five minutes before its end. A call whose token is refused was not carried out: it is made once more
/// with another.
final class WeChatAPI: Sendable {
    /// Who calls.
    struct Account: Sendable {
        let appid: String
        let secret: String
        let baseURL: String
    }

    private struct Token: Sendable {
        let text: String
        let end: ContinuousClock.Instant
    }

    private struct State {
        var token: Token?
        /// Asked for once, however many calls wait for it.
        var asking: (refused: String?, task: Task<Token, any Error>)?
    }

    private static let tokenBytesMax = 1 << 16
    private static let tokenMargin = Duration.seconds(300)

    private let account: Account
    private let http: HTTPClient
    private let timeout: Duration
    private let state = Mutex(State())

    init(account: Account, http: HTTPClient, timeout: Duration) {
        self.account = account
        self.http = http
        self.timeout = timeout
    }

    /// Makes a call, twice where the token of the first is refused.
    func call<Value: Decodable>(
        _ path: String, _ body: some Encodable, timeout: Duration? = nil, bytesMax: Int = 1 << 20
    ) async throws(WeChatAPIError) -> Value {
        let json = try Self.json(body)
        let first = try await token(instead: nil)
        do throws(WeChatAPIError) {
            return try await post(path, token: first, json, timeout ?? self.timeout, bytesMax)
        } catch {
            guard error.isAboutTheToken else { throw error }
        }
        let second = try await token(instead: first)
        return try await post(path, token: second, json, timeout ?? self.timeout, bytesMax)
    }

    // MARK: Tokens

    private func token(instead refused: String?) async throws(WeChatAPIError) -> String {
        do {
            return try await asked(refused).value.text
        } catch let error as WeChatAPIError {
            switch error {
            case .outcomeUnknown(let reason): throw .notSent(reason: "no access token (\(reason))")
            case .refused, .throttled, .notSent: throw error
            }
        } catch {
            throw .notSent(reason: "no access token (\(type(of: error)))")
        }
    }

    /// The token that is known, or on its way, unless it is the one that was refused.
    private func asked(_ refused: String?) -> Task<Token, any Error> {
        state.withLock { state in
            if let token = state.token, token.text != refused, token.end > ContinuousClock.now {
                return Task { token }
            }
            if let asking = state.asking, asking.refused == refused { return asking.task }
            let task = Task { () async throws -> Token in
                do {
                    let token = try await self.newToken(refused)
                    self.state.withLock { state in
                        state.token = token
                        state.asking = nil
                    }
                    return token
                } catch {
                    self.state.withLock { $0.asking = nil }
                    throw error
                }
            }
            state.asking = (refused, task)
            return task
        }
    }

    private func newToken(_ refused: String?) async throws(WeChatAPIError) -> Token {
        let token = try await newToken(isForced: false)
        // The same again: only force makes another, and WeChat grants that twenty times a day.
        return token.text == refused ? try await newToken(isForced: true) : token
    }

    private func newToken(isForced: Bool) async throws(WeChatAPIError) -> Token {
        let asked = ContinuousClock.now
        let body = try Self.json(TokenRequest(appid: account.appid, secret: account.secret, force_refresh: isForced))
        let answer: TokenAnswer = try await post(
            "/cgi-bin/stable_token", token: nil, body, timeout, Self.tokenBytesMax)
        guard !answer.access_token.isEmpty, answer.expires_in > 0 else {
            throw .outcomeUnknown(reason: "its access token is none")
        }
        let life = Duration.seconds(min(answer.expires_in, 7_200))
        return Token(
            text: answer.access_token,
            end: asked + (life > Self.tokenMargin * 2 ? life - Self.tokenMargin : life / 2))
    }

    // MARK: One request

    private func post<Value: Decodable>(
        _ path: String, token: String?, _ body: [UInt8], _ timeout: Duration, _ bytesMax: Int
    ) async throws(WeChatAPIError) -> Value {
        var url = account.baseURL + path
        if let token {
            guard let escaped = token.addingPercentEncoding(withAllowedCharacters: Self.unreserved) else {
                throw .notSent(reason: "the access token cannot be written in an address")
            }
            url += "?access_token=\(escaped)"
        }
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "siyu")
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body))
        let answer: WeChatCall.Answer
        do throws(WeChatPayError) {
            answer = try await WeChatCall.send(request, over: http, timeout: timeout, bytesMax: bytesMax)
        } catch {
            throw WeChatAPIError(error)
        }
        if answer.status == 429 { throw .throttled(code: 429) }
        guard answer.status == 200 else { throw .outcomeUnknown(reason: "it answered \(answer.status)") }
        return try Self.read(answer.body)
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    private static func read<Value: Decodable>(_ body: [UInt8]) throws(WeChatAPIError) -> Value {
        let data = Data(body)
        let decoder = JSONDecoder()
        do {
            let verdict = try decoder.decode(Verdict.self, from: data)
            if let code = verdict.errcode, code != 0 {
                throw WeChatAPIError(code: code, message: verdict.errmsg ?? "")
            }
            return try decoder.decode(Value.self, from: data)
        } catch let error as WeChatAPIError {
            throw error
        } catch {
            throw .outcomeUnknown(reason: "its answer cannot be read")
        }
    }

    private static func json(_ value: some Encodable) throws(WeChatAPIError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw .notSent(reason: "the request cannot be written as JSON")
        }
    }
}

private struct Verdict: Decodable {
    let errcode: Int?
    let errmsg: String?
}

private struct TokenRequest: Encodable {
    let grant_type = "client_credential"
    let appid: String
    let secret: String
    let force_refresh: Bool

    private enum CodingKeys: String, CodingKey { case grant_type, appid, secret, force_refresh }
}

private struct TokenAnswer: Decodable {
    let access_token: String
    let expires_in: Int
}
