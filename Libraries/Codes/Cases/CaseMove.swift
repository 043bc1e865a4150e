package import FoundationEssentials
import Kernel

/// One step of a case's way.
package struct CaseRoute: Hashable, Sendable {
    /// The code of the dealer that it went to.
    package let dealer: String
    /// The dealer's name.
    package let name: String
    /// When it went there.
    package let shippedAt: Date
    /// Who wrote it down.
    package let author: String
    /// Why it went there.
    package let reason: String
    /// When it was written down.
    package let writtenAt: Date
}

/// Who moves cases, and why.
struct CaseNote: Hashable, Sendable {
    static let reasonMax = 500

    let author: String
    let reason: String
}

/// What is to be done about a case that is to go to a dealer.
enum CaseMove: Hashable, Sendable {
    /// Why a case stays where it is, and all others with it.
    enum Refusal: Hashable, Sendable, CaseIterable {
        /// Another dealer has it.
        case elsewhere
        /// Nobody has it yet.
        case nowhere
        /// It came to where it is no earlier than it is to leave.
        case tooEarly

        func problem(_ cases: String) -> Problem {
            switch self {
            case .elsewhere:
                .conflict(
                    "The cases \(cases) were shipped to another dealer before: nothing was changed. A case that went on is rerouted.",
                    code: "case_shipped")
            case .nowhere:
                .conflict(
                    "The cases \(cases) were shipped to nobody yet: ship them. Nothing was changed.",
                    code: "case_not_shipped")
            case .tooEarly:
                .conflict(
                    "The cases \(cases) came to where they are at that instant or later: nothing was changed.",
                    code: "case_route_overlaps")
            }
        }
    }

    case send
    /// It is there already.
    case unchanged
    case refused(Refusal)

    static func ship(_ one: CaseStatements.CaseRow, to dealer: ID<Dealer>) -> CaseMove {
        guard let known = one.dealer else { return .send }
        return known == dealer ? .unchanged : .refused(.elsewhere)
    }

    static func reroute(_ one: CaseStatements.CaseRow, to dealer: ID<Dealer>, at instant: Date) -> CaseMove {
        guard let known = one.dealer, let shippedAt = one.shippedAt else { return .refused(.nowhere) }
        if known == dealer { return .unchanged }
        return shippedAt < instant ? .send : .refused(.tooEarly)
    }
}
