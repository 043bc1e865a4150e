import Jobs
package import Kernel
import Mustache

/// How an act at the console ended; the page after it says so.
package struct ConsoleOutcome: Hashable, Sendable {
    /// What became of it.
    package enum Kind: String, Sendable, CaseIterable {
        case paused, resumed, notResumed, retried, notRetried, cancelled, asked, notCancelled, redriven
    }
    /// What became of it.
    package let kind: Kind
    /// How many jobs it touched, where that is told.
    package let count: Int

    /// An outcome.
    package init(_ kind: Kind, count: Int = 0) {
        self.kind = kind
        self.count = count
    }

    /// Reads what a URL says; nil for anything that is no outcome.
    package init?(said: String?, count: String?) {
        guard let said, let kind = Kind(rawValue: said) else { return nil }
        self.init(kind, count: max(0, count.flatMap { Int($0) } ?? 0))
    }

    /// Whether what was asked for happened.
    var isDone: Bool { ![.notResumed, .notRetried, .notCancelled].contains(kind) }
}

/// What every page of the console is shown with.
package struct ConsoleOptions: Hashable, Sendable {
    /// The language of all words.
    package var language: Language
    /// The token of the session's forms; nil where nobody is signed in.
    package var csrfToken: String?
    /// Who is signed in: the name that the audit keeps.
    package var person: String?
    /// Where the style sheet is.
    package var stylesheet: String
    /// What the act before this page came to.
    package var outcome: ConsoleOutcome?
    /// After how many seconds the overview is loaded again; nil for never.
    package var refresh: Int?

    /// Options of a page.
    package init(
        language: Language, csrfToken: String? = nil, person: String? = nil, stylesheet: String = "/jobs.css",
        outcome: ConsoleOutcome? = nil, refresh: Int? = nil
    ) {
        self.language = language
        self.csrfToken = csrfToken
        self.person = person
        self.stylesheet = stylesheet
        self.outcome = outcome
        self.refresh = refresh
    }
}

/// A page of the queue's console as a pure value: all texts chosen and formatted, nothing left to decide.
///
/// One of its parts is there; the template puts it into HTML.
package struct ConsolePage: Sendable {
    let languageTag, languageCode, title, stylesheet: String
    let words: [String: String]
    let person, csrfToken: String?
    let otherLanguage: Link
    let tabs: [Link]
    let message: Message?
    var refresh: String?
    var heading: String
    var overview: Overview?
    var list: List?
    var job: Job?
    var redrive: Redrive?
    var pause: Pause?
    var audit: Audit?
    var rules: Rules?
    var notice: Notice?

    struct Link: Hashable, Sendable {
        let name, href: String
        var tag = ""
        var isCurrent = false
    }
    struct Message: Hashable, Sendable { let kind, icon, text: String }
    struct Choice: Hashable, Sendable {
        let value, name: String
        let isSelected: Bool
    }
    /// A cell: with its column's name, since a narrow page shows each row as a card.
    struct Cell: Hashable, Sendable {
        let label, text: String
        var href: String?
        var note: String?
        var kind = ""
    }
    struct Notice: Hashable, Sendable { let text, href, back: String }

    /// The empty page: the parts are filled in by whoever makes it.
    init(_ heading: String, at tab: ConsoleAddress.Tab?, _ address: ConsoleAddress, _ options: ConsoleOptions) {
        let words = ConsoleWords(language: options.language)
        languageTag = words.languageTag
        languageCode = options.language.rawValue
        title = "\(heading) · Siyu"
        stylesheet = options.stylesheet
        self.words = words.table
        person = options.person
        csrfToken = options.csrfToken
        otherLanguage = Link(
            name: words.otherLanguageName, href: address.inLanguage(words.otherLanguage),
            tag: ConsoleWords(language: words.otherLanguage).languageTag)
        tabs = ConsoleAddress.Tab.allCases.map {
            Link(name: $0.name(words), href: address.href($0), isCurrent: $0 == tab)
        }
        message = options.outcome.map {
            $0.isDone
                ? Message(kind: "good", icon: "✓", text: words.message($0))
                : Message(kind: "wait", icon: "!", text: words.message($0))
        }
        self.heading = heading
    }

    /// The page as HTML.
    ///
    /// - Throws: The template's error, if the template itself were broken.
    package func html() throws -> String { try ConsoleTemplate.parsed.get().render(self) }
}

// MARK: - Addresses

/// Where the links of a page lead; each keeps the language.
struct ConsoleAddress: Sendable {
    let language: Language
    /// Where the page itself is, without the language.
    let path: String
    let parameters: [(String, String)]

    init(_ language: Language, path: String = "/jobs", _ parameters: [(String, String?)] = []) {
        self.language = language
        self.path = path
        self.parameters = parameters.compactMap { name, value in
            value.flatMap { $0.isEmpty ? nil : (name, $0) }
        }
    }

    enum Tab: String, CaseIterable {
        case overview, running, ready, waiting, completed, discarded, rules, audit

        var state: JobState? { JobState(rawValue: rawValue) }

        func name(_ words: ConsoleWords) -> String {
            switch self {
            case .overview: words.pick("总览", "Overview")
            case .rules: words.pick("计划与配额", "Schedules, quotas")
            case .audit: words.pick("记录", "Audit")
            default: state.map(words.state) ?? ""
            }
        }
    }

    var own: String { href(path, parameters) }

    func inLanguage(_ other: Language) -> String { ConsoleAddress(other, path: path, parameters).own }

    func href(_ tab: Tab) -> String {
        switch tab {
        case .overview: href("/jobs", [])
        case .rules: href("/jobs/rules", [])
        case .audit: href("/jobs/audit", [])
        default: href("/jobs", [("state", tab.rawValue)])
        }
    }

    func href(_ path: String, _ parameters: [(String, String?)]) -> String {
        let all =
            [("lang", language.rawValue)]
            + parameters.compactMap { name, value in
                value.flatMap { $0.isEmpty ? nil : (name, $0) }
            }
        return path + "?" + all.map { "\($0)=\(Self.encoded($1))" }.joined(separator: "&")
    }

    func list(_ state: JobState, queue: String? = nil, kind: String? = nil, reason: String? = nil) -> String {
        href("/jobs", [("state", state.rawValue), ("queue", queue), ("kind", kind), ("reason", reason)])
    }

    func job(_ id: JobID) -> String { href("/jobs/\(id)", []) }

    /// Percent-encodes everything that is not plain in a URL.
    static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let character = Character(UnicodeScalar(byte))
            if byte < 128, character.isLetter || character.isNumber || "-._~".contains(character) {
                encoded.append(character)
            } else {
                encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}

// MARK: - Pages without figures

extension ConsolePage {
    /// The page that stands where another cannot: why, and the way back.
    package init(_ problem: Problem, _ options: ConsoleOptions) {
        let words = ConsoleWords(language: options.language)
        let address = ConsoleAddress(options.language)
        self.init(words.pick("无法显示", "This cannot be shown"), at: nil, address, options)
        // Whoever is signed in elsewhere belongs there.
        let isStranger = options.csrfToken == nil
        notice = Notice(
            text: words.refusal(problem), href: isStranger ? "/" : address.own,
            back: (isStranger ? words.pick("回到看板", "Back to the board") : words.table["back"]) ?? "")
    }
}
