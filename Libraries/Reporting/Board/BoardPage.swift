package import Kernel
import Mustache

/// The board as a pure value: all texts chosen and formatted, nothing left to decide.
///
/// The template only puts it into HTML.
package struct BoardPage: Sendable {
    let languageTag: String
    let languageCode: String
    let title: String
    let stylesheet: String
    let brandName: String
    let words: [String: String]
    let otherLanguage: OtherLanguage
    let csrfToken: String?
    let shopChoices: [Choice]
    let from: String
    let to: String
    let presets: [Preset]
    let scopeName: String
    let rangeText: String
    let empty: Empty?
    let content: Content?
    let topics: [Topic]
    let dictionary: [Entry]
    let facts: [Fact]
    let downloads: [Download]

    struct OtherLanguage: Hashable, Sendable { let name, tag, href: String }
    struct Choice: Hashable, Sendable {
        let id, name: String
        let isSelected: Bool
    }
    struct Preset: Hashable, Sendable {
        let name, href: String
        let isCurrent: Bool
    }
    struct Empty: Hashable, Sendable { let title, text: String }
    struct Entry: Hashable, Sendable { let name, definition: String }
    struct Fact: Hashable, Sendable {
        let name, value: String
        let full: String?
    }
    struct Download: Hashable, Sendable { let name, href: String }

    /// What is shown where there are orders.
    struct Content: Sendable {
        let status: Status
        let figures: [Tile]
        let charts: [Picture]
        let tables: [Table]
        let balances: [BalanceRow]
    }
    struct Status: Hashable, Sendable { let kind, icon, title, text: String }
    struct Tile: Hashable, Sendable {
        let name, value, minor, identities: String
        let note: String?
        let markKind, markIcon, markText: String
        let isLead: Bool
    }
    struct Picture: Hashable, Sendable {
        let title: String
        let legend: [Key]
        let wide, narrow: String
        let isLead: Bool
        struct Key: Hashable, Sendable { let name, series: String }
    }
    struct Table: Sendable {
        let id, title, head, check, hint: String
        let columns: [String]
        let rows: [Row]
        let foot: Row?
        let isFolded: Bool
    }
    struct Row: Hashable, Sendable {
        let label: String
        let cells: [String]
        let broken: String?
        let markKind, markIcon, markText: String
    }
    struct BalanceRow: Hashable, Sendable {
        let sentence, left, right, difference: String
        let markKind, markIcon, markText: String
    }
}

/// What a page is shown with, beside its report.
package struct BoardOptions: Hashable, Sendable {
    /// The language of all words.
    package var language: Language
    /// The token that the form for signing out needs; nil leaves the form out.
    package var csrfToken: String?
    /// Where the style sheet is.
    package var stylesheet: String
    /// The only shop that may be chosen; nil if all may.
    package var onlyShop: ID<Shop>?

    /// Options of a page.
    package init(
        language: Language, csrfToken: String? = nil, stylesheet: String = "/board.css", onlyShop: ID<Shop>? = nil
    ) {
        self.language = language
        self.csrfToken = csrfToken
        self.stylesheet = stylesheet
        self.onlyShop = onlyShop
    }
}

extension BoardPage {
    /// The page as HTML.
    ///
    /// - Throws: The template's error, if the template itself were broken.
    package func html() throws -> String {
        try BoardTemplate.parsed.get().render(self)
    }
}
