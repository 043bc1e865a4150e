import Crypto
import FoundationEssentials
package import Kernel

/// Somebody who won, as it is published: a rank, an entry, and how many pieces.
package struct GroupWin: Hashable, Sendable, Codable {
    /// The place in the order of the lots, from 1.
    package let rank: Int
    /// Whose lot it is.
    package let entry: ID<GroupEntry>
    /// How many pieces they win.
    package let units: Int

    /// A win in its parts.
    package init(rank: Int, entry: ID<GroupEntry>, units: Int) {
        self.rank = rank
        self.entry = entry
        self.units = units
    }

    private enum CodingKeys: String, CodingKey {
        case rank, units
        case entry = "entry_id"
    }
}

/// The drawing of lots: everything follows from the seed, the terms, and who entered in which order.
///
/// Whoever has these computes the same, with HMAC-SHA-256 and nothing else; the recipe stands in this room's README.
package struct GroupDraw: Sendable {
    private let terms: GroupTerms
    private let entries: [ID<GroupEntry>]
    private let key: SymmetricKey

    /// A draw among entries in the order in which they were made.
    ///
    /// The key depends on all entries: whoever knows the seed cannot tell who wins before the last one has entered.
    package init(_ terms: GroupTerms, seed: [UInt8], entries: [ID<GroupEntry>]) {
        self.terms = terms
        self.entries = entries
        var list = "siyu-gift-group draw 1\n"
        for (ordinal, entry) in entries.enumerated() { list += "\(ordinal) \(entry)\n" }
        let code = HMAC<SHA256>.authenticationCode(for: Array(list.utf8), using: SymmetricKey(data: seed))
        key = SymmetricKey(data: Array(code))
    }

    /// Who wins, and how many pieces: as many as there are places, or all who entered if they are fewer.
    package func wins() -> [GroupWin] {
        let order = lowest(terms.places, of: entries.indices) { "entry \(entries[$0])" }
        return zip(order, shares()).enumerated().map { place, win in
            GroupWin(rank: place + 1, entry: entries[win.0], units: win.1)
        }
    }

    /// How many pieces each place has, in the order of the ranks: together all there are, and one at least.
    package func shares() -> [Int] {
        switch terms.split {
        case .fixed: return Array(repeating: terms.units / terms.places, count: terms.places)
        case .lucky:
            // Cuts between pieces that lie in a row: every way to cut is as likely as any other, and no piece is lost or given twice.
            let cuts = lowest(terms.places - 1, of: 1..<max(1, terms.units)) { "cut \($0)" }.sorted()
            return zip([0] + cuts, cuts + [terms.units]).map { $1 - $0 }
        }
    }

    /// The members of a range whose tickets are the lowest, lowest first.
    private func lowest(_ count: Int, of range: Range<Int>, _ name: (Int) -> String) -> [Int] {
        guard count > 0 else { return [] }
        let tickets = range.map { member in
            (ticket: Array(HMAC<SHA256>.authenticationCode(for: Array(name(member).utf8), using: key)), member: member)
        }
        return tickets.sorted {
            $0.ticket == $1.ticket ? $0.member < $1.member : $0.ticket.lexicographicallyPrecedes($1.ticket)
        }
        .prefix(count).map(\.member)
    }
}
