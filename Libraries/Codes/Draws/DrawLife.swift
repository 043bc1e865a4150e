package import FoundationEssentials
package import Kernel

/// A right to one more draw, as far as somebody who names it may know of it.
package struct DrawRightRecord: Hashable, Sendable {
    /// Its id, which is the id of what granted it.
    package let id: ID<DrawRight>
    /// How many rights the chain has with it.
    package let depth: Int32
    /// Whether an entry used it up.
    package let isUsed: Bool

    /// A right as it was stored.
    package init(id: ID<DrawRight>, depth: Int32, isUsed: Bool) {
        self.id = id
        self.depth = depth
        self.isUsed = isUsed
    }
}

/// What an entry uses up.
package enum DrawMeans: Hashable, Sendable {
    /// One of the person's own draws, by number from 1.
    case free(Int32)
    /// A right.
    case right(DrawRightRecord)

    /// How many rights the chain has; none for an own draw.
    package var depth: Int32 {
        switch self {
        case .free: 0
        case .right(let right): right.depth
        }
    }
}

/// What is known of somebody who wants to draw, under the lock of the draw.
package struct DrawSituation: Hashable, Sendable {
    /// How the draw stands.
    package var progress: CampaignProgress
    /// How many of their own draws the person used up.
    package var freeUsed: Int32
    /// Their rights to this draw, the oldest first.
    package var rights: [DrawRightRecord]
    /// The right that they named; nil for none.
    package var named: ID<DrawRight>?

    /// A situation in its parts.
    package init(
        progress: CampaignProgress, freeUsed: Int32, rights: [DrawRightRecord] = [], named: ID<DrawRight>? = nil
    ) {
        self.progress = progress
        self.freeUsed = freeUsed
        self.rights = rights
        self.named = named
    }
}

/// What becomes of the wish to draw.
package enum DrawStep: Hashable, Sendable {
    /// It is the entry of this ordinal.
    case enter(Int64, DrawMeans)
    /// It is refused.
    case refused(Problem)

    /// Decides about a wish.
    ///
    /// A draw takes entries from its first instant up to and not including its end. Who names no right uses their own draws first, then
    /// their oldest right.
    package static func decide(_ terms: DrawTerms, _ situation: DrawSituation, now: Date) -> DrawStep {
        let progress = situation.progress
        guard terms.startsAt <= now, now < progress.extendedTo ?? terms.endsAt, progress.revealedSeed == nil else {
            return .refused(.drawNotActive)
        }
        if let named = situation.named {
            // Somebody else's right is as unknown as one that was never granted.
            guard let right = situation.rights.first(where: { $0.id == named }) else { return .refused(.rightUnknown) }
            if right.isUsed { return .refused(.rightUsed) }
        }
        guard progress.entries < terms.entriesMax else { return .refused(.drawFull) }
        if let named = situation.named, let right = situation.rights.first(where: { $0.id == named }) {
            return .enter(progress.entries, .right(right))
        }
        if situation.freeUsed < terms.perPersonMax {
            return .enter(progress.entries, .free(situation.freeUsed + 1))
        }
        if let right = situation.rights.first(where: { !$0.isUsed }) {
            return .enter(progress.entries, .right(right))
        }
        return .refused(.drawsUsedUp)
    }
}

/// Whether an entry may win what the seed gives it.
package enum DrawWin {
    /// What an entry wins if there is stock: a right that would make the chain longer than it may be is no prize.
    ///
    /// - Parameters:
    ///   - drawn: What the seed gives the entry.
    ///   - depth: How many rights its chain has.
    package static func wanted(_ drawn: DrawTier?, depth: Int32, redrawDepthMax: Int32) -> DrawTier? {
        guard let drawn else { return nil }
        return drawn.kind == .redraw && depth >= redrawDepthMax ? nil : drawn
    }
}

extension Problem {
    /// 404: no such draw, or another brand's.
    package static let drawUnknown = Problem.notFound("There is no such draw.")

    static let rightUnknown = Problem.notFound("There is no such right to draw.")

    static let drawNotActive = Problem.conflict(
        "The draw is not running: it has not begun, or it is over.", code: "not_active")

    static let rightUsed = Problem.conflict("This right to draw was used up before.", code: "right_used")

    static let drawFull = Problem.conflict(
        "All entries of this draw were made: there is nothing left to draw.", code: "campaign_full")

    static let drawsUsedUp = Problem.conflict(
        "This person has no draw left: a prize that is one more draw would grant another.", code: "draws_used_up")
}
