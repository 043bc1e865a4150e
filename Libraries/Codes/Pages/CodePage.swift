import Crypto
import Foundation

/// The page of a code as HTML: one file, without a script, usable where everything else is blocked.
package struct CodePage: Sendable {
    /// 200, or 404 for a code that is none.
    package let status: Int
    /// The whole page.
    package let html: String
    /// What the page's policy allows: its own style and nothing else.
    package static let contentSecurityPolicy =
        "default-src 'none'; style-src '\(styleHash)'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static let styleHash =
        "sha256-" + Data(SHA256.hash(data: Array(CodePageStyle.css.utf8))).base64EncodedString()

    /// Writes a page.
    ///
    /// - Parameter facts: Nil for a code that there is not.
    package init(facts: CodePageFacts?, language: CodePageLanguage) {
        let words = CodePageWords(language)
        status = facts == nil ? 404 : 200
        let content = facts.map { Self.content($0, words) } ?? Self.unknown(words)
        html = """
            <!doctype html>
            <html lang="\(language.tag)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <title>\(Markup.escaped(facts?.batch.label ?? words.unknownTitle))</title>
            <style>\(CodePageStyle.css)</style>
            </head>
            <body>
            <main>
            \(content)
            </main>
            <footer><a href="?lang=\(language.other.code)" lang="\(language.other.tag)" hreflang="\(language.other.tag)">\
            \(language.other.name)</a></footer>
            </body>
            </html>

            """
    }

    private static func unknown(_ words: CodePageWords) -> String {
        """
        <h1>\(words.unknownTitle)</h1>
        <p class="state bad"><strong>\(words.unknown)</strong><span>\(words.unknownAdvice)</span></p>
        """
    }

    private static func content(_ facts: CodePageFacts, _ words: CodePageWords) -> String {
        let prizes = facts.batch.prizes.tiers.map { tier in
            "<tr><th scope=\"row\">\(Markup.escaped(tier.name))</th><td>\(grouped(tier.count))</td></tr>"
        }
        let table =
            prizes.isEmpty
            ? "<p>\(words.noPrizes)</p>"
            : """
            <table><thead><tr><th scope="col">\(words.prize)</th><th scope="col">\(words.count)</th></tr></thead>
            <tbody>\(prizes.joined(separator: "\n"))</tbody></table>
            <p class="soft">\(words.ofCodes(grouped(facts.batch.count)))</p>
            """
        let hash = facts.batch.rulesHash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return """
            <h1>\(Markup.escaped(facts.batch.label))</h1>
            <p class="code">\(groups(facts.code))</p>
            \(state(facts.state, words))
            <section><h2>\(words.howTitle)</h2><p>\(words.how)</p></section>
            <section><h2>\(words.prizes)</h2>
            \(table)
            <details><summary>\(words.hashTitle)</summary><p class="hash">\(hash)</p><p class="soft">\(words.hash)</p></details>
            </section>
            <section><h2>\(words.pack)</h2><dl><dt>\(words.batch)</dt><dd>\(facts.batch.handle)</dd></dl></section>
            """
    }

    private static func state(_ state: CodePageFacts.State, _ words: CodePageWords) -> String {
        switch state {
        case .waiting:
            "<p class=\"state good\"><strong>\(words.waiting)</strong><span>\(words.waitingAdvice)</span></p>"
        case .notActive:
            "<p class=\"state wait\"><strong>\(words.notActive)</strong><span>\(words.notActiveAdvice)</span></p>"
        case .redeemed(let instant):
            """
            <p class="state wait"><strong>\(words.redeemed)</strong>\
            <span>\(words.firstScan) <time datetime="\(instant.formatted(.iso8601))">\(local(instant))</time></span>\
            <span>\(words.redeemedAdvice)</span></p>
            """
        }
    }

    /// To the minute, in Beijing.
    private static func local(_ instant: Date) -> String {
        let text = (instant + 8 * 3_600).formatted(.iso8601)
        return String(text.prefix(16)).replacing("T", with: " ")
    }

    private static func groups(_ code: String) -> String {
        stride(from: 0, to: code.count, by: 4).map { place in
            "<span>\(code.dropFirst(place).prefix(4))</span>"
        }.joined()
    }

    private static func grouped(_ number: Int64) -> String {
        let digits = Array(String(number))
        return String(
            digits.enumerated().flatMap { place, digit -> [Character] in
                (digits.count - place).isMultiple(of: 3) && place > 0 ? [",", digit] : [digit]
            })
    }
}

/// How the page looks; its hash stands in the page's policy.
enum CodePageStyle {
    static let css = """
        :root{color-scheme:light dark;--page:#f6f6f3;--sheet:#fff;--line:#e5e5df;--ink:#1c1f23;--soft:#5d646d;--accent:#0b6b57;\
        --good:#0b6b57;--good-back:#e6f2ee;--wait:#7a5000;--wait-back:#fbf1dc;--bad:#b3261e;--bad-back:#fbe9e7}
        @media (prefers-color-scheme:dark){:root{--page:#121415;--sheet:#1b1e20;--line:#2c3033;--ink:#eceef0;--soft:#a0a8b0;\
        --accent:#6fcfb4;--good:#6fcfb4;--good-back:#16302a;--wait:#f0c674;--wait-back:#332a16;--bad:#ff8a80;--bad-back:#3a1f1d}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:28px 20px 40px;max-width:560px;background:var(--page);color:var(--ink);\
        font:16px/1.6 system-ui,-apple-system,"PingFang SC","Noto Sans SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;\
        -webkit-text-size-adjust:100%}
        h1,h2,p,dl,dd,table{margin:0;padding:0}
        h1{font-size:26px;line-height:1.25;overflow-wrap:anywhere}
        h2{font-size:15px;margin-bottom:6px}
        .code{margin:8px 0 20px;color:var(--soft);font:15px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace}
        .code span{display:inline-block;margin-right:.6em}
        .state{display:grid;gap:2px;padding:14px 16px;border-radius:12px}
        .state strong{font-size:18px}
        time{white-space:nowrap}
        .good{background:var(--good-back);color:var(--good)}
        .wait{background:var(--wait-back);color:var(--wait)}
        .bad{background:var(--bad-back);color:var(--bad);margin-top:16px}
        section{margin-top:16px;padding:16px;background:var(--sheet);border:1px solid var(--line);border-radius:12px}
        table{width:100%;border-collapse:collapse}
        th,td{padding:8px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere}
        thead th{color:var(--soft);font-size:13px;font-weight:500}
        tbody th{font-weight:500;padding-right:16px}
        td,thead th:last-child{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        .soft{color:var(--soft);font-size:14px;margin-top:10px}
        details{margin-top:12px}
        summary{cursor:pointer;padding:10px 0;color:var(--accent)}
        .hash{font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
        dl{display:flex;justify-content:space-between;gap:16px}
        dt{color:var(--soft)}
        dd{font-family:ui-monospace,Menlo,Consolas,monospace}
        footer{margin-top:24px;text-align:center}
        a{display:inline-block;padding:10px 16px;color:var(--accent);text-underline-offset:3px}
        :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
        """
}
