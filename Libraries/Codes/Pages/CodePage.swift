import Crypto
import Foundation
import Kernel

/// The page of a code as HTML: one file, without a script, usable where everything else is blocked.
package struct CodePage: Sendable {
    /// 200, 404 for a code that is none, or 429.
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
    /// - Parameters:
    ///   - facts: Nil for a code that there is not.
    ///   - secret: What the address brought, so that the other language shows the same.
    package init(facts: CodePageFacts?, language: CodePageLanguage, secret: PageSecret? = nil) {
        let words = CodePageWords(language)
        self.init(
            status: facts == nil ? 404 : 200, title: facts?.batch.name ?? words.unknownTitle,
            content: facts.map { Content(facts: $0, words: words).html }
                ?? Self.nothing(words.unknownTitle, words.unknown, words.unknownAdvice),
            kept: facts?.won == nil ? "" : secret.map { "&amp;s=\($0.text)" } ?? "", language: language)
    }

    /// The page of whoever opens too many: the same for everybody.
    package init(tooManyIn language: CodePageLanguage) {
        let words = CodePageWords(language)
        self.init(
            status: 429, title: words.tooManyTitle,
            content: Self.nothing(words.tooManyTitle, words.tooMany, words.tooManyAdvice), kept: "", language: language)
    }

    private init(status: Int, title: String, content: String, kept: String, language: CodePageLanguage) {
        let other = language.other
        self.status = status
        html = """
            <!doctype html>
            <html lang="\(language.tag)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <title>\(Markup.escaped(title))</title>
            <style>\(CodePageStyle.css)</style>
            </head>
            <body>
            <main>
            \(content)
            </main>
            <footer><a href="?lang=\(other.code)\(kept)" lang="\(other.tag)" hreflang="\(other.tag)">\(other.name)</a></footer>
            </body>
            </html>

            """
    }

    private static func nothing(_ title: String, _ what: String, _ advice: String) -> String {
        """
        <h1>\(title)</h1>
        <p class="state bad"><strong>\(what)</strong><span>\(advice)</span></p>
        """
    }
}

extension CodeBatchRecord {
    /// What a pack is called: the name of its product, or else of its batch.
    fileprivate var name: String { productTitle ?? label }
}

/// What stands on the page of a code that there is.
private struct Content {
    let facts: CodePageFacts
    let words: CodePageWords

    var html: String {
        """
        <h1>\(Markup.escaped(facts.batch.name))</h1>
        <p class="code">\(groups(facts.code))</p>
        \(state)
        \(won)
        <section><h2>\(words.howTitle)</h2><p>\(words.how)</p></section>
        <section><h2>\(words.prizes)</h2>
        \(prizes)
        \(rules)
        </section>
        <section><h2>\(words.pack)</h2>\(list(pack))</section>
        """
    }

    private var state: String {
        switch facts.state {
        case .waiting:
            "<p class=\"state good\"><strong>\(words.waiting)</strong><span>\(words.waitingAdvice)</span></p>"
        case .notActive:
            "<p class=\"state wait\"><strong>\(words.notActive)</strong><span>\(words.notActiveAdvice)</span></p>"
        case .redeemed(let instant) where facts.won != nil:
            """
            <p class="state good"><strong>\(words.redeemedByYou)</strong>\
            <span>\(words.firstScan) \(time(instant))</span></p>
            """
        case .redeemed(let instant):
            """
            <p class="state wait"><strong>\(words.redeemed)</strong>\
            <span>\(words.firstScan) \(time(instant))</span>\
            <span>\(words.redeemedAdvice)</span></p>
            """
        }
    }

    // MARK: What the reader won

    private var won: String {
        guard let won = facts.won else { return "" }
        let name = "<p class=\"prize\">\(Markup.escaped(won.prize.name))</p>"
        let what =
            switch won.prize.kind {
            case .points: "<p>\(words.points(grouped(Int64(won.prize.points))))</p>"
            case .coupon: "<p>\(coupon(won.prize))</p>"
            case .cash: "<p>\(words.cash)</p>"
            case .redraw: "<p>\(words.redraw)</p>"
            case .item: won.voucher.map(voucher) ?? "<p>\(words.voucherLater)</p>"
            }
        return "<section class=\"own\"><h2>\(words.wonTitle)</h2>\(name)\(what)</section>"
    }

    private func coupon(_ prize: PrizeTier) -> String {
        guard let terms = prize.coupon, case .redeemed(let instant) = facts.state else { return words.coupon }
        let what = words.coupon(off: prize.cost.yuanText, from: terms.threshold.yuanText)
        return "\(what) \(words.usableUntil) \(time(terms.end(from: instant)))"
    }

    private func voucher(_ voucher: CodePageVoucher) -> String {
        switch voucher.state {
        case .handedOver: return "<p>\(words.handedOver)</p>"
        case .expired: return "<p>\(words.expired) \(time(voucher.expiresAt))</p>"
        case .open: break
        }
        // Capitals and digits alone: a symbol of them is always drawn; if not, the characters are enough.
        let symbol = try? QRSymbol(voucher.token)
        return """
            <p>\(words.showIt)</p>\
            \(symbol.map { "<p class=\"symbol\">\(LabelSVG.inline($0, title: words.voucher))</p>" } ?? "")\
            <p class="token">\(groups(voucher.token))</p>\
            <p>\(words.fetchUntil) \(time(voucher.expiresAt))</p>\
            <p class="soft">\(words.keepIt)</p>
            """
    }

    // MARK: What is published

    private var prizes: String {
        let rows = facts.batch.prizes.tiers.map { tier in
            "<tr><th scope=\"row\">\(Markup.escaped(tier.name))\(terms(of: tier))</th><td>\(grouped(tier.count))</td></tr>"
        }
        if rows.isEmpty { return "<p>\(words.noPrizes)</p>" }
        return """
            <table><thead><tr><th scope="col">\(words.prize)</th><th scope="col">\(words.count)</th></tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table>
            <p class="soft">\(words.ofCodes(grouped(facts.batch.count)))</p>
            """
    }

    /// What a coupon promises, for everybody to read before anybody wins it.
    private func terms(of tier: PrizeTier) -> String {
        guard let terms = tier.coupon else { return "" }
        let text = words.couponTerms(
            off: tier.cost.yuanText, from: terms.threshold.yuanText, days: Int(terms.days))
        return "<br><span class=\"soft\">\(text)</span>"
    }

    private var rules: String {
        var rows: [(String, String)] = []
        var fingerprints = [(words.prizesHash, facts.batch.rulesHash)]
        if let rules = facts.rules {
            rows.append((words.opens, time(rules.terms.startsAt)))
            rows.append((words.ends, rules.terms.endsAt.map(time) ?? words.never))
            if facts.batch.prizes.tiers.contains(where: { $0.kind == .item }) {
                rows.append((words.claim, words.claimDays(Int(rules.terms.claimDays))))
            }
            fingerprints.append((words.documentHash(Int(rules.version)), rules.documentHash))
        }
        let hashes = fingerprints.map { "<p>\($0.0)</p><p class=\"hash\">\(hex($0.1))</p>" }.joined()
        return """
            \(rows.isEmpty ? "" : list(rows))
            <details><summary>\(words.hashTitle)</summary>\(hashes)<p class="soft">\(words.hash)</p></details>
            """
    }

    private var pack: [(String, String)] {
        let record = facts.batch
        let known: [(String, String?)] = [
            (words.product, record.productTitle == nil ? nil : record.label),
            (words.batch, record.handle.description), (words.gtin, record.facts.gtin), (words.lot, record.facts.lot),
            (words.madeOn, record.facts.madeOn.map { "\($0)" }),
            (words.bestBefore, record.facts.bestBefore.map { "\($0)" }),
        ]
        return known.compactMap { name, value in value.map { (name, Markup.escaped($0)) } }
    }

    // MARK: Forms

    /// Values are markup already.
    private func list(_ rows: [(String, String)]) -> String {
        "<dl>\(rows.map { "<dt>\($0.0)</dt><dd>\($0.1)</dd>" }.joined())</dl>"
    }

    /// To the minute, in Beijing.
    private func time(_ instant: Date) -> String {
        let local = (instant + 8 * 3_600).formatted(.iso8601).prefix(16).replacing("T", with: " ")
        return "<time datetime=\"\(instant.formatted(.iso8601))\">\(local)</time>"
    }

    /// In fours; a code that somebody else made as it is.
    private func groups(_ code: String) -> String {
        guard code.utf8.allSatisfy(Crockford.isDigit) else { return "<span>\(Markup.escaped(code))</span>" }
        return stride(from: 0, to: code.count, by: 4).map { place in
            "<span>\(code.dropFirst(place).prefix(4))</span>"
        }.joined()
    }

    private func grouped(_ number: Int64) -> String {
        let digits = Array(String(number))
        return String(
            digits.enumerated().flatMap { place, digit -> [Character] in
                (digits.count - place).isMultiple(of: 3) && place > 0 ? [",", digit] : [digit]
            })
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
