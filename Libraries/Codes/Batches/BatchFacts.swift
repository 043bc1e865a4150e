package import Kernel
package import Postgres

/// What a pack tells beside its code; none of it ever changes.
package struct BatchFacts: Hashable, Sendable {
    /// The trade item, 14 digits.
    package var gtin: String?
    /// The lot, or the batch of its maker.
    package var lot: String?
    /// When it was made.
    package var madeOn: CalendarDate?
    /// Until when it keeps.
    package var bestBefore: CalendarDate?
    /// What the address of a code begins with: `HTTPS://`, a host and perhaps a path, in capitals, no slash at the end.
    package var linkBase: String?

    /// Nothing is known.
    package static let none = BatchFacts()

    private static let linkBytesMax = 80
    private static let lotCharacters = 1...20

    /// The facts that are known.
    package init(
        gtin: String? = nil, lot: String? = nil, madeOn: CalendarDate? = nil, bestBefore: CalendarDate? = nil,
        linkBase: String? = nil
    ) {
        self.gtin = gtin
        self.lot = lot
        self.madeOn = madeOn
        self.bestBefore = bestBefore
        self.linkBase = linkBase
    }

    /// The same facts as they are stored: a GTIN has 14 digits.
    ///
    /// - Throws: ``Problem`` 422 that says what is wrong with which of them.
    package func checked() throws(Problem) -> BatchFacts {
        var facts = self
        if let gtin {
            guard let padded = GS1.gtin(gtin) else {
                throw .invalid(
                    "The GTIN has 8, 12, 13 or 14 digits, the last of which is its check digit: compare it with the bar code.",
                    code: "gtin_malformed")
            }
            facts.gtin = padded
        }
        if let lot {
            guard Self.lotCharacters.contains(lot.utf8.count), GS1.isCharacterSet82(lot) else {
                throw .invalid(
                    "A lot has 1 to 20 characters: letters, digits and ! \" % & ' ( ) * + , - . / : ; < = > ? _.",
                    code: "lot_malformed")
            }
        }
        if let madeOn, let bestBefore, bestBefore < madeOn {
            throw .invalid("What is best before \(bestBefore) was not made on \(madeOn).", code: "dates_malformed")
        }
        if let linkBase, !Self.isLinkBase(linkBase) {
            throw .invalid(
                "The base of links reads HTTPS://HOST or HTTPS://HOST/PATH: capitals (so that QR symbols stay small), digits, `.`, `:`, `-`, `/`, no slash at its end.",
                code: "link_base_malformed")
        }
        return facts
    }

    private static func isLinkBase(_ text: String) -> Bool {
        let scheme = "HTTPS://"
        guard text.hasPrefix(scheme), !text.hasSuffix("/") else { return false }
        let rest = text.utf8.dropFirst(scheme.utf8.count)
        // The regular expression of the table's own check.
        return (1...linkBytesMax).contains(rest.count) && rest.first.map { $0 >= 0x30 && $0 != 0x3A } == true
            && rest.allSatisfy { byte in
                switch byte {
                case 0x2D...0x3A, 0x41...0x5A: true  // - . / digits : capitals
                default: false
                }
            }
    }

    /// What tells two wishes of one name apart; nothing where nothing is known, so that older requests keep their hash.
    var hashText: String {
        guard self != .none else { return "" }
        let parts = [gtin, lot, madeOn.map { "\($0)" }, bestBefore.map { "\($0)" }, linkBase]
        // None of them may hold a line feed.
        return "facts\n" + parts.map { ($0 ?? "") + "\n" }.joined()
    }
}
