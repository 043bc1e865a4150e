import AsyncHTTPClient
import Foundation
import Synchronization
import Testing
import WeChat

/// What the client of WeChat's codes sends, keeps and believes.
struct MarketcodeClientTests {
    private static let http = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: WeChatPayClient.httpConfiguration)

    private func client(_ url: String) -> MarketcodeClient {
        MarketcodeClient(
            credentials: MarketcodeCredentials(
                appid: "wx1", secret: "s3cret", packageKey: "0123456789abcdef", baseURL: url),
            http: Self.http, timeout: .milliseconds(300))
    }

    private static func answer(_ json: String, status: String = "200 OK") -> ScriptedServer.Script {
        .answer("HTTP/1.1 \(status)\r\nContent-Length: \(json.utf8.count)\r\nConnection: close\r\n\r\n\(json)")
    }

    private static func token(_ text: String) -> ScriptedServer.Script {
        answer(#"{"access_token":"\#(text)","expires_in":7200}"#)
    }

    @Test func token_isAskedForOnceByAllCallsAtOnce() async throws {
        try await ScriptedServer.with({ request in
            request.hasPrefix("POST /cgi-bin/stable_token")
                ? Self.token("a+b") : Self.answer(#"{"application_id":581865877}"#)
        }) { server in
            let client = client(server.url)
            try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<8 {
                    group.addTask { try await client.apply(count: 10_000, ownID: "own-\(number)") }
                }
                for try await id in group { #expect(id == "581865877") }
            }
            let tokens = server.requests.filter { $0.contains("stable_token") }
            #expect(tokens.count == 1 && tokens[0].contains(#""force_refresh":false"#))
            let calls = server.requests.filter { $0.hasPrefix("POST /intp/marketcode/applycode?access_token=a%2Bb ") }
            #expect(calls.count == 8 && calls[0].contains(#""code_count":10000"#))
        }
    }

    /// Another token, and by force only where WeChat gives the same again; the call is made twice at the most.
    @Test(arguments: [(40_001, false), (42_001, true), (40_014, true)])
    func tokenThatIsRefused_isReplacedOnce(code: Int, isSameAgain: Bool) async throws {
        let tokens = Mutex(0)
        try await ScriptedServer.with({ request in
            guard request.hasPrefix("POST /cgi-bin/stable_token") else {
                return request.contains("access_token=t1 ")
                    ? Self.answer(#"{"errcode":\#(code),"errmsg":"token"}"#) : Self.answer(#"{"application_id":"7"}"#)
            }
            let count = tokens.withLock { count in
                count += 1
                return count
            }
            return Self.token(count == 1 || (isSameAgain && count == 2) ? "t1" : "t2")
        }) { server in
            let id = try await client(server.url).apply(count: 10_000, ownID: "own")
            #expect(id == "7")
            let asked = server.requests.filter { $0.contains("stable_token") }
            #expect(asked.count == (isSameAgain ? 3 : 2))
            #expect(asked.last?.contains(#""force_refresh":true"#) == isSameAgain)
        }
        try await ScriptedServer.with({ request in
            request.contains("stable_token")
                ? Self.token("x") : Self.answer(#"{"errcode":\#(code),"errmsg":"token"}"#)
        }) { server in
            let client = client(server.url)
            let error = await #expect(throws: WeChatAPIError.self) { try await client.apply(count: 10_000, ownID: "o") }
            #expect(error == .throttled(code: code))
            #expect(server.requests.count { $0.contains("applycode") } == 2)
        }
    }

    @Test(arguments: [
        (#"{"errcode":-1,"errmsg":"system error"}"#, "200 OK", "outcomeUnknown"), ("{}", "200 OK", "outcomeUnknown"),
        ("<html>", "200 OK", "outcomeUnknown"), ("", "502 Bad", "outcomeUnknown"), ("", "403 No", "outcomeUnknown"),
        (#"{"errcode":45009,"errmsg":"quota"}"#, "200 OK", "throttled"), ("", "429 Slow", "throttled"),
        (#"{"errcode":40097,"errmsg":"invalid \u0007args"}"#, "200 OK", "refused"),
        (#"{"errcode":48001,"errmsg":"unauthorized"}"#, "200 OK", "account"),
    ])
    func answersThatAreNone_sayWhatMayHaveHappened(json: String, status: String, kind: String) async throws {
        try await ScriptedServer.with({ request in
            request.contains("stable_token") ? Self.token("x") : Self.answer(json, status: status)
        }) { server in
            let client = client(server.url)
            let error = await #expect(throws: WeChatAPIError.self) { try await client.apply(count: 10_000, ownID: "o") }
            let found =
                switch error {
                case .outcomeUnknown: "outcomeUnknown"
                case .throttled: "throttled"
                case .refused: error?.isAboutTheAccount == true ? "account" : "refused"
                case .notSent, nil: "notSent"
                }
            #expect(found == kind)
            // Nothing is repeated, and no secret is told.
            #expect(server.requests.count { $0.contains("applycode") } == 1)
            #expect(error?.description.contains("s3cret") == false && error?.description.contains("\u{7}") == false)
        }
        // Without a token nothing is sent.
        try await ScriptedServer.with({ _ in Self.answer(#"{"errcode":-1}"#) }) { server in
            let client = client(server.url)
            let error = await #expect(throws: WeChatAPIError.self) { try await client.apply(count: 10_000, ownID: "o") }
            guard case .notSent = error else {
                Issue.record("\(error.map { "\($0)" } ?? "")")
                return
            }
            #expect(server.requests.allSatisfy { $0.contains("stable_token") })
        }
    }

    /// As WeChat's samples have it: numbers between quotation marks, fields that are missing.
    @Test func answersOfWeChat_areReadAsItsSamplesHaveThem() async throws {
        try await ScriptedServer.with({ request in
            if request.contains("stable_token") { return Self.token("x") }
            if request.contains("applycodequery") {
                return Self.answer(
                    #"{"errcode":0,"status":"FINISH","application_id":"581865877","isv_application_id":"own","code_generate_list":[{"code_start":0,"code_end":49999},{"code_start":"50000","code_end":"99999"}],"create_time":1}"#
                )
            }
            return Self.answer(
                #"{"errcode":0,"code":"044GZ*J10","application_id":581865877,"activity_name":"a","product_brand":"b","product_title":"t","product_code":"690","wxa_appid":"wx","wxa_path":"p","wxa_type":0,"code_start":200,"code_end":220}"#
            )
        }) { server in
            let client = client(server.url)
            let standing = try await client.application(ownID: "own")
            #expect(standing.isFinished && standing.id == "581865877")
            #expect(
                standing.chunks == [
                    MarketcodeChunk(first: 0, last: 49_999), MarketcodeChunk(first: 50_000, last: 99_999),
                ])
            let code = try await client.code(ticket: "t", openid: "o")
            #expect(code.code == "044GZ*J10" && code.activated == MarketcodeChunk(first: 200, last: 220))
            #expect(code.activity?.name == "a" && code.activity?.version == .release)
            // An answer about another application is none.
            let other = await #expect(throws: WeChatAPIError.self) { try await client.application(ownID: "other") }
            #expect(other == .outcomeUnknown(reason: "its answer is about something else"))
            #expect(await #expect(throws: WeChatAPIError.self) { try await client.code(at: 1, of: "7") } == other)
        }
    }

    @Test func credentials_thatCannotBeRight_areNamed_andNeverPrinted() throws {
        let right = #"{"appid":"wx1","secret":"s3cret","package_key":"0123456789abcdef"}"#
        let credentials = try JSONDecoder().decode(MarketcodeCredentials.self, from: Data(right.utf8))
        #expect(credentials.flaw == nil && credentials.baseURL == "https://api.weixin.qq.com")
        #expect(!"\(credentials)".contains("s3cret") && !String(reflecting: credentials).contains("0123456789"))
        for (name, value) in [
            ("wx1", "wx 1"), ("s3cret", ""), ("0123456789abcdef", "0123456789abcde"),
            ("}", #","base_url":"https://api.weixin.qq.com/x"}"#), ("}", #","base_url":"api"}"#),
        ] {
            let wrong = Data(right.replacing(name, with: value).utf8)
            #expect(try JSONDecoder().decode(MarketcodeCredentials.self, from: wrong).flaw != nil, "\(value)")
        }
    }
}
