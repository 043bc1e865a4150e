package import FoundationEssentials
package import Kernel
package import Postgres

/// What a gift may be wrapped in, for as long as its licence lasts.
package struct CoverRecord: Hashable, Sendable {
    /// The word by which gifts name it.
    package let code: String
    /// Its name for people.
    package let title: String
    /// Its picture, at an address that begins with https.
    package let imageURL: String?
    /// From when on it may be shown.
    package let validFrom: Date
    /// From when on it may not be shown any more; nil for never.
    package let validUntil: Date?

    /// A cover in its parts.
    package init(code: String, title: String, imageURL: String?, validFrom: Date, validUntil: Date?) {
        self.code = code
        self.title = title
        self.imageURL = imageURL
        self.validFrom = validFrom
        self.validUntil = validUntil
    }

    /// Whether it may be shown at an instant: from the first one of its licence to the last before its end.
    func isLicensed(at instant: Date) -> Bool { validFrom <= instant && (validUntil.map { instant < $0 } ?? true) }
}

/// The covers of a brand.
package enum Covers {
    /// Adds a cover, or says anew what is known of it: its licence may be prolonged, and ended.
    ///
    /// - Throws: ``Problem`` for a word, a title, a picture or a licence that will not do, and for a brand that there is not.
    package static func set(_ cover: CoverRecord, brand: ID<Brand>, on tx: Transaction) async throws {
        try WishCode.check(cover.code, title: cover.title)
        if let url = cover.imageURL, !isImage(url) {
            throw Problem.invalid(
                "A cover's picture is at https://host/path, in at most 1000 plain characters.", code: "cover_malformed")
        }
        if let until = cover.validUntil, until <= cover.validFrom {
            throw Problem.invalid("A licence ends after it begins.", code: "cover_malformed")
        }
        let now = try await tx.one(GiftStatements.clock())
        guard try await tx.first(WishStatements.setCover(cover, brand: brand, now: now)) != nil else {
            throw Problem.notFound("There is no such brand.")
        }
    }

    /// The covers of a brand by their codes.
    package static func list(of brand: ID<Brand>, on executor: some Executor) async throws -> [CoverRecord] {
        try await executor.run(WishStatements.covers(of: brand))
    }

    /// Nothing that a page's policy could be made to say more by: a host and a path of plain characters.
    static func isImage(_ url: String) -> Bool {
        url.utf8.count <= 1_000
            && url.wholeMatch(
                of: /https:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?\/[A-Za-z0-9._~!$&()*+=:@\/%?-]*/) != nil
    }
}

/// Where gifts are begun.
package struct EntryRecord: Hashable, Sendable {
    /// The word by which gifts name it; `unknown` for those that name none.
    package let code: String
    /// Its name for people.
    package let title: String
    /// How many gifts were begun there.
    package let begun: Int
    /// How many of them were sent.
    package let sent: Int
    /// How many of those were accepted.
    package let accepted: Int
}

/// The entries of a brand: rows, so that a new one needs no program.
package enum Entries {
    /// What gifts are counted under that name no entry.
    package static let unknown = "unknown"

    /// Adds an entry, or gives it another title.
    ///
    /// - Throws: ``Problem`` for a word or a title that will not do, and for a brand that there is not.
    package static func set(_ code: String, title: String, brand: ID<Brand>, on tx: Transaction) async throws {
        try WishCode.check(code, title: title)
        guard code != unknown else {
            throw Problem.invalid(
                "Gifts without an entry are counted as unknown: call it otherwise.", code: "entry_taken")
        }
        let now = try await tx.one(GiftStatements.clock())
        guard try await tx.first(WishStatements.setEntry(code, title: title, brand: brand, now: now)) != nil else {
            throw Problem.notFound("There is no such brand.")
        }
    }

    /// Every entry with what came of it, and those gifts that name none: together they are all gifts.
    package static func counts(of brand: ID<Brand>, on executor: some Executor) async throws -> [EntryRecord] {
        try await executor.run(WishStatements.entryCounts(of: brand))
    }
}

/// Words that gifts name covers and entries by.
enum WishCode {
    static func check(_ code: String, title: String) throws(Problem) {
        guard code.wholeMatch(of: /[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?/) != nil else {
            throw .invalid("A code is 1 to 40 lower-case letters, digits and inner hyphens.", code: "code_malformed")
        }
        guard (1...100).contains(title.unicodeScalars.count) else {
            throw .invalid("A title is 1 to 100 characters long.", code: "title_malformed")
        }
    }
}
