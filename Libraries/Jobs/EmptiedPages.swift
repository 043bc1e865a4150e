import Postgres

/// The pages whose jobs have ended, until somebody looks at them.
///
/// A look clears a page only when no transaction sees the old versions any more: those of the last exchange may still be
/// seen by another worker's statement, so they are left for the next one.
struct EmptiedPages {
    /// From how many ended jobs on a look is worth its statement.
    private static let many = 64
    /// Pages between two that are looked at, rather than making two parts of them.
    private static let gapMax: UInt32 = 4
    /// Parts of one look; jobs that lie further apart are autovacuum's.
    private static let partsMax = 32

    private var ripe: [UInt32] = []
    private var fresh: [UInt32] = []

    /// Whether it is worth while to look at once.
    var isMany: Bool { ripe.count + fresh.count >= Self.many }

    /// Notes jobs whose end is committed.
    mutating func note(_ finished: [FinishedJob]) {
        for job in finished where job.outcome.isCompleted || job.outcome.isSettled {
            fresh.append(job.token.place.page)
        }
    }

    /// The pages to be looked at now.
    ///
    /// - Parameter all: There is time; nobody else is likely to be at work.
    mutating func take(all: Bool) -> [Range<UInt32>] {
        if all {
            ripe += fresh
            fresh = []
        }
        var pages: [UInt32] = []
        if ripe.count >= Self.many || all { swap(&pages, &ripe) }
        ripe += fresh
        fresh = []
        return Self.parts(of: pages)
    }

    private static func parts(of pages: [UInt32]) -> [Range<UInt32>] {
        var parts: [Range<UInt32>] = []
        for page in pages.sorted() {
            // The last page of all is never emptied; then there is no page after it.
            guard page < .max else { continue }
            if let last = parts.last, page <= last.upperBound + Self.gapMax {
                parts[parts.count - 1] = last.lowerBound..<max(last.upperBound, page + 1)
            } else if parts.count < Self.partsMax {
                parts.append(page..<page + 1)
            }
        }
        return parts
    }
}
