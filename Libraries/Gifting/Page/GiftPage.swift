import Crypto
import Foundation

/// What the page says of a gift to its recipient.
package struct GiftPageFacts: Hashable, Sendable {
    let view: RecipientView
    let product: String
    let shop: String
    /// How many whole seconds are left to take it.
    let secondsLeft: Int

    /// Facts in their parts.
    package init(view: RecipientView, product: String, shop: String, secondsLeft: Int) {
        self.view = view
        self.product = product
        self.shop = shop
        self.secondsLeft = secondsLeft
    }
}

/// What somebody typed into the page and what became of it, to be shown once more.
package struct GiftPageTry: Hashable, Sendable {
    /// Why it was refused.
    package let code: String
    let variant: String?
    let fields: [String: String]

    /// A form that was refused.
    package init(code: String, variant: String? = nil, fields: [String: String] = [:]) {
        self.code = code
        self.variant = variant
        self.fields = fields
    }
}

/// The page of a gift as HTML: one file, usable without its script, which only counts down.
package struct GiftPage: Sendable {
    /// The HTTP status.
    package let status: Int
    /// The whole page.
    package let html: String
    /// What the page's policy allows: its own style, its own script, forms to where it came from, and the one picture of its cover.
    package let contentSecurityPolicy: String

    private static let basePolicy =
        "default-src 'none'; style-src '\(hash(GiftPageStyle.css))'; script-src '\(hash(GiftPageStyle.script))'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    private static func hash(_ text: String) -> String {
        "sha256-" + Data(SHA256.hash(data: Array(text.utf8))).base64EncodedString()
    }

    /// A page that is no gift's.
    package enum Notice: Sendable, CaseIterable {
        /// There is no such gift, or it is for somebody else; the two read the same.
        case notForYou
        /// The brand's gifts are opened elsewhere.
        case inMiniProgram
        /// The browser keeps no cookies, or the code was of another visit.
        case notRecognized
        /// WeChat does not say who it is.
        case away
        /// The visit is over.
        case visitOver

        var status: Int {
            switch self {
            case .notForYou, .inMiniProgram, .notRecognized: 403
            case .away: 503
            case .visitOver: 401
            }
        }
    }

    /// The page of a gift.
    ///
    /// - Parameters:
    ///   - path: Where the page is; forms go below it.
    ///   - formToken: What its forms bring along.
    ///   - attempt: A form that was refused, if one was.
    package init(
        _ facts: GiftPageFacts, path: String, formToken: String, language: GiftPageLanguage,
        attempt: GiftPageTry? = nil, status: Int = 200
    ) {
        let words = GiftPageWords(language)
        let content = GiftPageContent(
            facts: facts, words: words, path: path, query: "?lang=\(language.rawValue)", formToken: formToken,
            attempt: attempt)
        // Semicolons and commas would end what a policy says; covers have none, and one that had would not be shown.
        let image = facts.view.cover?.imageURL.flatMap { Covers.isImage($0) ? $0.prefix { $0 != "?" } : nil }
        self.init(
            status: status, title: words.title, content: content.html, language: language,
            policy: Self.basePolicy + (image.map { "; img-src \($0)" } ?? ""))
    }

    /// A page that is no gift's.
    package init(_ notice: Notice, path: String, language: GiftPageLanguage) {
        let words = GiftPageWords(language)
        let (title, text) =
            switch notice {
            case .notForYou: (words.notForYou, words.notForYouNote)
            case .inMiniProgram: (words.inMiniProgram, words.inMiniProgramNote)
            case .notRecognized: (words.notRecognized, words.notRecognizedNote)
            case .away: (words.away, words.awayNote)
            case .visitOver: (words.visitOver, words.visitOverNote)
            }
        let again =
            switch notice {
            case .notForYou, .inMiniProgram: ""
            case .notRecognized, .away, .visitOver:
                "<footer><a href=\"\(path)?lang=\(language.rawValue)\">\(words.again)</a></footer>"
            }
        let content = "<h1>\(title)</h1>\n<p class=\"state wait\"><span>\(text)</span></p>\n\(again)"
        self.init(status: notice.status, title: title, content: content, language: language)
    }

    init(
        status: Int, title: String, content: String, language: GiftPageLanguage, policy: String = GiftPage.basePolicy
    ) {
        let other = language.other
        contentSecurityPolicy = policy
        self.status = status
        html = """
            <!doctype html>
            <html lang="\(language.tag)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <meta name="format-detection" content="telephone=no">
            <title>\(title)</title>
            <style>\(GiftPageStyle.css)</style>
            </head>
            <body>
            <main>
            \(content)
            </main>
            <footer><a href="?lang=\(other.rawValue)" lang="\(other.tag)" hreflang="\(other.tag)">\(other.name)</a></footer>
            <script>\(GiftPageStyle.script)</script>
            </body>
            </html>

            """
    }
}

/// What stands on the page of a gift.
private struct GiftPageContent {
    let facts: GiftPageFacts
    let words: GiftPageWords
    let path: String
    let query: String
    let formToken: String
    let attempt: GiftPageTry?

    private var view: RecipientView { facts.view }

    var html: String {
        """
        <p class="shop">\(escaped(facts.shop))</p>
        \(body)
        """
    }

    private var body: String {
        switch GiftState(rawValue: view.state) {
        case .sent: wrapped
        case .claimed: opened
        case .accepted where view.withdrawnAt != nil: ended(words.withdrawn)
        case .accepted:
            """
            <h1>\(escaped(facts.product))</h1>
            <p class="state good"><strong>\(words.accepted)</strong><span>\(words.acceptedNote)</span></p>
            <section><h2>\(words.whatItIs)</h2><p class="thing">\(escaped(view.variantTitle))</p>\(greeting)</section>
            \(view.lockedUntil.map { "<p class=\"soft\">\(words.lockedUntil) \(time($0))</p>" } ?? "")
            """
        case .declined: ended(words.declined)
        default: ended(words.expired)
        }
    }

    // MARK: Before it is taken

    private var wrapped: String {
        """
        <section class="wrap">\(cover)<h1>\(words.forYou)</h1>\(greeting)
        \(form("open", "<button>\(words.open)</button>"))
        </section>
        \(refusal)
        \(deadline)
        \(declining)
        """
    }

    private var opened: String {
        """
        <h1>\(escaped(facts.product))</h1>
        \(greeting)
        \(refusal)
        \(deadline)
        \(form("accept", choices + address + "<button>\(words.accept)</button><p class=\"soft\">\(words.lockNote)</p>"))
        \(declining)
        """
    }

    private var choices: String {
        let rows = view.choices.map { choice in
            let isChosen = "\(choice.variantID)" == (attempt?.variant ?? "\(view.variantID)")
            let mark = choice.inStock ? (isChosen ? " checked" : "") : " disabled"
            let note = choice.inStock ? "" : " <span class=\"soft\">\(words.soldOut)</span>"
            return """
                <label class="choice\(choice.inStock ? "" : " out")"><input type="radio" name="variant" \
                value="\(choice.variantID)"\(mark)><span>\(escaped(choice.title))\(note)</span></label>
                """
        }
        return "<fieldset><legend>\(words.choose)</legend>\(rows.joined(separator: "\n"))</fieldset>"
    }

    /// What was typed is shown again where it was refused, to whoever typed it; what was kept is never shown.
    private var address: String {
        let isNeeded = !view.addressGiven
        func field(_ name: String, _ label: String, _ more: String, isOptional: Bool = false) -> String {
            """
            <label class="field">\(label)<input name="\(name)" value="\(escaped(attempt?.fields[name] ?? ""))" \
            maxlength="200" \(more)\(isNeeded && !isOptional ? " required" : "")></label>
            """
        }
        return """
            <fieldset><legend>\(words.address)</legend>
            <p class="soft">\(isNeeded ? words.addressIsYours : words.addressKept)</p>
            \(field("name", words.name, "autocomplete=\"name\""))
            \(field("phone", words.phone, "type=\"tel\" inputmode=\"tel\" autocomplete=\"tel\""))
            \(field("province", words.province, "autocomplete=\"address-level1\""))
            <div class="pair">\(field("city", words.city, "autocomplete=\"address-level2\""))
            \(field("district", words.district, "autocomplete=\"address-level3\"", isOptional: true))</div>
            \(field("detail", words.detail, "autocomplete=\"street-address\""))
            </fieldset>
            """
    }

    private var declining: String {
        """
        <details><summary>\(words.declineTitle)</summary>
        <section><p class="soft">\(words.declineNote)</p>
        \(form("decline", "<button class=\"quiet\">\(words.decline)</button>"))</section></details>
        """
    }

    private var deadline: String {
        guard let until = view.acceptUntil else { return "" }
        return """
            <p class="state wait"><span>\(words.takeBy) \(time(until))</span>\
            <span class="left" data-left="\(facts.secondsLeft)" hidden>\(words.left) <span></span></span>\
            <span>\(words.afterThat)</span></p>
            """
    }

    // MARK: Forms

    private func ended(_ title: String) -> String {
        "<h1>\(title)</h1>\n<p class=\"state wait\"><span>\(words.backToGiver)</span></p>"
    }

    private var greeting: String {
        view.greeting.map { "<blockquote dir=\"auto\">\(escaped($0))</blockquote>" } ?? ""
    }

    private var refusal: String {
        attempt.map { "<p class=\"state bad\" role=\"alert\"><strong>\(words.refusal($0.code))</strong></p>" } ?? ""
    }

    private func form(_ act: String, _ content: String) -> String {
        """
        <form method="post" action="\(path)/\(act)\(query)">\
        <input type="hidden" name="csrf" value="\(formToken)">
        \(content)
        </form>
        """
    }

    /// The cover's picture; without, or where it cannot be loaded, its name and ours.
    private var cover: String {
        guard let cover = view.cover else { return ribbon }
        let title = escaped(cover.title)
        guard let url = cover.imageURL, Covers.isImage(url) else { return "\(ribbon)<p class=\"soft\">\(title)</p>" }
        return "<img src=\"\(escaped(url))\" alt=\"\(title)\" referrerpolicy=\"no-referrer\">"
    }

    private let ribbon = PageText.ribbon

    private func time(_ instant: Date) -> String { PageText.time(instant) }

    private func escaped(_ text: String) -> String { PageText.escaped(text) }
}
