package import FoundationEssentials
package import Jobs
package import Kernel
import Policies
package import Postgres

extension PolicyKey where Value == TwoPersons {
    /// Above what a refund is tried again only when two persons say so.
    static var twoPersons: Self { Self("refunds.two_persons") }
}

/// From which amount on one person is not enough, as policies write it.
struct TwoPersons: Codable, Hashable, Sendable {
    let aboveFen: Int64
    let validSeconds: Int

    private enum CodingKeys: String, CodingKey {
        case aboveFen = "above_fen"
        case validSeconds = "valid_seconds"
    }
}

/// What came of a person's wish that a refund be tried again.
package enum RefundRetry: Hashable, Sendable {
    /// Another round of calls has begun: of a number that was closed, under the next one.
    case begun(RefundRecord)
    /// The wish stands, and somebody else must have it, too, before this instant.
    case needsSecondPerson(RefundRecord, until: Date)

    /// The refund as it is now.
    package var refund: RefundRecord {
        switch self {
        case .begun(let refund), .needsSecondPerson(let refund, _): refund
        }
    }
}

/// Whether a person's word suffices: the pure part.
enum RefundApprovals {
    /// A word that was given and not used.
    struct Word: Hashable, Sendable {
        let author: String
        let givenAt: Date
        /// By what the money went back, if they say that it did; nil where WeChat Pay is to be asked again.
        var settledWith: String?
    }

    /// Whether a word suffices, given those of all: somebody else must have said the same.
    static func suffice(_ words: [Word], _ word: Word, amount: Money, _ policy: TwoPersons) -> Bool {
        amount.fen <= policy.aboveFen
            || words.contains {
                $0.author != word.author && $0.settledWith == word.settledWith
                    && word.givenAt.timeIntervalSince($0.givenAt) <= Double(policy.validSeconds)
            }
    }

    /// Uses the words there are, if they suffice; keeps this one, if they do not.
    ///
    /// - Returns: Until when somebody else must say the same; nil if enough was said.
    static func weigh(
        _ word: Word, about refund: RefundRecord, brand: ID<Brand>, on tx: Transaction
    ) async throws -> Date? {
        let policy = try await Policies.value(.twoPersons, brand: brand, at: word.givenAt, on: tx)
        let words = try await tx.run(RefundStatements.words(about: refund.id, brand: brand))
        guard suffice(words, word, amount: refund.amount, policy) else {
            try await tx.execute(RefundStatements.addWord(word, about: refund.id, brand: brand))
            return word.givenAt.addingTimeInterval(Double(policy.validSeconds))
        }
        try await tx.execute(RefundStatements.useWords(about: refund.id, brand: brand, now: word.givenAt))
        return nil
    }

    /// A name as it is compared.
    static func author(_ name: String) throws(Problem) -> String {
        let author = name.lowercased().filter { !$0.isWhitespace }
        guard (1...100).contains(author.unicodeScalars.count) else {
            throw .invalid("Say who you are, in at most 100 characters.", code: "author_malformed")
        }
        return author
    }
}

extension Refunds {
    /// Starts another round of calls for a refund that waits for a person; what may have been sent is asked about first.
    ///
    /// The newest number of a cause that was closed for good gets the next one, if the payment still has so much left.
    ///
    /// - Parameter author: Who wishes it. Above the limit of the policy `refunds.two_persons` somebody else must wish it as well.
    /// - Returns: What became of the wish, with the number that is under way.
    /// - Throws: ``Problem`` if the refund is over, if there is none, if nobody is named, or if a closed one cannot be renewed.
    package static func retry(
        _ id: ID<Refund>, author: String, brand: ID<Brand>, queue: JobQueue, on tx: Transaction
    ) async throws -> RefundRetry {
        let author = try RefundApprovals.author(author)
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), RefundStatements.lock(id, brand: brand))
        guard let now = clock.first, let refund = found.first else {
            throw Problem.notFound("There is no such refund.")
        }
        guard refund.stage != .succeeded else {
            throw Problem.conflict("This refund is over: the money is back.", code: "refund_over")
        }
        let next = refund.stage == .closed ? try await renewal(of: refund, brand: brand, now: now, on: tx) : nil
        let word = RefundApprovals.Word(author: author, givenAt: now)
        if let until = try await RefundApprovals.weigh(word, about: refund, brand: brand, on: tx) {
            return .needsSecondPerson(refund, until: until)
        }
        if let (renewal, intent) = next {
            let renewed = try await reopen(refund, as: renewal, of: intent, brand: brand, now: now, queue, tx)
            return .begun(try await tx.one(RefundStatements.refund(renewed, brand: brand)))
        }
        // Only what certainly never left may be sent without a question.
        let stage: RefundStage = refund.sentAt == nil ? .requested : .unknown
        try await tx.execute(RefundStatements.revive(id, as: stage, brand: brand, now: now))
        try await queue.push(
            RefundRequest(brand: brand, refund: id), options: JobOptions(brand: brand.rawValue), on: tx)
        return .begun(try await tx.one(RefundStatements.refund(id, brand: brand)))
    }
}
