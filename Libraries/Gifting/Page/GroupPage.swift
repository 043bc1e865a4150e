import Foundation
package import Kernel
import Orders
package import Postgres

/// What the page of a group gift says to whoever opened it.
package struct GroupPageFacts: Hashable, Sendable {
    let view: GroupGuestView
    let isGiver: Bool
    let product: String
    let shop: String
    /// How many whole seconds are left to enter.
    let secondsLeft: Int

    /// Facts in their parts.
    package init(view: GroupGuestView, isGiver: Bool, product: String, shop: String, secondsLeft: Int) {
        self.view = view
        self.isGiver = isGiver
        self.product = product
        self.shop = shop
        self.secondsLeft = secondsLeft
    }
}

extension GiftGroups {
    /// What the page of a group gift says to the person who opened it.
    ///
    /// - Throws: ``Problem/groupUnknown`` before it is paid for.
    package func page(
        of id: ID<GiftGroup>, for shopper: Shopper, on tx: Transaction
    ) async throws -> GroupPageFacts {
        let brand = shopper.brand
        guard let group = try await tx.first(GroupStatements.group(id, brand: brand)), group.openedAt != nil else {
            throw Problem.groupUnknown
        }
        let person = try await gifts.person(of: shopper, on: tx)
        let now = try await tx.one(GiftStatements.clock())
        let view = try await guestView(of: group, to: person, brand: brand, on: tx)
        let product = try await Catalogue.product(group.product, brand: brand, on: tx)
        let shop = try await Catalogue.shop(group.shop, brand: brand, on: tx)
        let left = group.enterUntil.map { max(0, $0.timeIntervalSince(now)) } ?? 0
        return GroupPageFacts(
            view: view, isGiver: person == group.sender, product: product?.title ?? "", shop: shop?.name ?? "",
            secondsLeft: Int(left))
    }
}

extension GiftPage {
    /// The page of a group gift.
    ///
    /// - Parameters:
    ///   - path: Where the page is; its form and its proof are below it.
    ///   - formToken: What its form brings along.
    ///   - refusal: The code of what was refused, if something was.
    package init(
        _ facts: GroupPageFacts, path: String, formToken: String, language: GiftPageLanguage, refusal: String? = nil
    ) {
        let content = GroupPageContent(
            facts: facts, words: GroupPageWords(language), path: path, query: "?lang=\(language.rawValue)",
            formToken: formToken, refusal: refusal)
        self.init(
            status: refusal == nil ? 200 : 422, title: content.words.title, content: content.html, language: language)
    }
}

/// What stands on the page of a group gift.
private struct GroupPageContent {
    let facts: GroupPageFacts
    let words: GroupPageWords
    let path: String
    let query: String
    let formToken: String
    let refusal: String?

    private var view: GroupGuestView { facts.view }

    var html: String {
        """
        <p class="shop">\(PageText.escaped(facts.shop))</p>
        <section class="wrap">\(PageText.ribbon)<h1>\(PageText.escaped(facts.product))</h1>\
        <p class="thing">\(PageText.escaped(view.variantTitle))</p>\(greeting)
        <p class="soft">\(words.given(view.units, view.places)) · \(words.split(view.split))</p>
        <p class="soft">\(words.entered(view.entries, view.entriesMax))</p>
        \(entering)
        </section>
        \(refused)
        \(standing)
        \(deadline)
        \(proof)
        """
    }

    private var isOpen: Bool { view.state == GroupState.open.rawValue }

    private var entering: String {
        guard isOpen, view.entry == nil, !facts.isGiver, view.entries < view.entriesMax, facts.secondsLeft > 0 else {
            return ""
        }
        return """
            <form method="post" action="\(path)/enter\(query)">\
            <input type="hidden" name="csrf" value="\(formToken)">
            <button>\(words.enter)</button><p class="soft">\(words.enterNote)</p>
            </form>
            """
    }

    private var standing: String {
        if let gift = view.gift { return winning(gift) }
        if view.state == GroupState.failed.rawValue { return state("wait", words.failed, nil) }
        if view.result == "not_won" { return state("wait", words.notWon, words.notWonNote) }
        if let entry = view.entry { return state("good", words.waiting(entry.ordinal + 1), nil) }
        if facts.isGiver, isOpen { return state("good", words.yours, nil) }
        if !isOpen { return state("wait", words.drawn, nil) }
        if view.entries >= view.entriesMax { return state("wait", words.full, nil) }
        return facts.secondsLeft > 0 ? "" : state("wait", words.over, nil)
    }

    private func winning(_ gift: GroupGuestView.Won) -> String {
        let way =
            gift.page.map { "<a href=\"\($0)\(query)\">\(words.openGift)</a>" } ?? "<span>\(words.inMiniProgram)</span>"
        return "<p class=\"state good\"><strong>\(words.won(gift.units))</strong>\(way)</p>"
    }

    private func state(_ kind: String, _ title: String, _ note: String?) -> String {
        let more = note.map { "<span>\($0)</span>" } ?? ""
        return "<p class=\"state \(kind)\"><strong>\(title)</strong>\(more)</p>"
    }

    private var deadline: String {
        guard isOpen, let until = view.enterUntil else { return "" }
        let isAtTime = view.draw.at != nil
        let said = isAtTime ? words.drawnAt : "\(words.drawnWhenFull). \(words.fullBy)"
        return """
            <p class="state wait"><span>\(said) \(PageText.time(until))</span>\
            <span class="left" data-left="\(facts.secondsLeft)" hidden>\(words.left) <span></span></span></p>
            """
    }

    private var proof: String {
        let seed = view.seed.map { "<p class=\"soft\">\(words.seed)<br><code>\($0)</code></p>" } ?? ""
        let own = view.entry.map { "<p class=\"soft\">\(words.entryID)<br><code>\($0.entryID)</code></p>" } ?? ""
        return """
            <details><summary>\(words.proofTitle)</summary>
            <section><p>\(words.proofNote)</p>
            <p class="soft">\(words.commitment)<br><code>\(view.commitment)</code></p>\(seed)\(own)
            <a href="\(path)/draw">\(words.published)</a></section></details>
            """
    }

    private var greeting: String {
        view.greeting.map { "<blockquote dir=\"auto\">\(PageText.escaped($0))</blockquote>" } ?? ""
    }

    private var refused: String {
        refusal.map { "<p class=\"state bad\" role=\"alert\"><strong>\(words.refusal($0))</strong></p>" } ?? ""
    }
}
