import FoundationEssentials
import Hooks
import Kernel

/// Whose tries the opening of a page is: the network's that it is opened from, at the brand whose codes the text looks like.
///
/// Where no network is known nobody is counted. Nobody waits here for what other processes saw: a page changes nothing.
struct PageTries {
    /// Who is counted where a text looks like nobody's codes: such a text finds nothing, and is limited in each process alone.
    private static let nobody = ID<Brand>(rawValue: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))

    private let counted: [(book: LimitBook, subject: LimitSubject)]
    private let arrived: ContinuousClock.Instant

    /// - Parameter brands: Those whose codes the text looks like.
    init(
        _ visitor: NetworkAddress?, at brands: [ID<Brand>], limits: LimitBook, strangers: LimitBook,
        arrived: ContinuousClock.Instant
    ) {
        self.arrived = arrived
        // An address that many share who have nothing else in common, as a proxy's.
        guard let visitor, visitor.isPublic else {
            counted = []
            return
        }
        counted =
            brands.isEmpty
            ? [(strangers, LimitSubject(networkOf: visitor, brand: Self.nobody, opensPages: true))]
            : brands.map { (limits, LimitSubject(networkOf: visitor, brand: $0, opensPages: true)) }
    }

    /// Refuses whoever has to pause, and counts the view.
    func begin() throws(LimitRefusal) {
        for (book, subject) in counted { try book.requireNoPause(of: subject, at: arrived) }
        for (book, subject) in counted { book.used(subject, at: arrived) }
    }

    /// Counts a wrong code.
    func wrong() {
        for (book, subject) in counted { book.wrong(subject, at: arrived) }
    }
}
