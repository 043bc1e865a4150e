import FoundationEssentials
import Kernel

/// How far an attempt to give somebody money has come.
package enum PayoutStage: String, Hashable, Sendable, CaseIterable {
    /// Not sent, or known not to have arrived.
    case requested
    /// About to be sent: from here on it may have arrived.
    case sent
    /// Sent, and nobody knows what came of it: only an answer of WeChat Pay leads out of here.
    case unknown
    /// Accepted, not paid out yet.
    case processing
    /// It waits for the winner to take it, for a day.
    case waiting
    /// Paid out.
    case succeeded
    /// WeChat Pay will not do it until somebody changes something.
    case refused
    /// Over without paying out: the only stage after which another number may be used.
    case failed
}

/// How WeChat Pay says a payout stands.
package enum PayoutStanding: String, Hashable, Sendable, Codable {
    /// Paid out.
    case success
    /// Accepted, or in a state that did not exist when this was written.
    case processing
    /// The winner must take it.
    case waiting
    /// Over without paying out.
    case failed
}

/// What came of a call to WeChat Pay.
enum PayoutAnswer: Hashable, Sendable {
    /// A verified answer.
    case standing(PayoutStanding)
    /// Time-out, 5xx, a broken connection, an answer that cannot be verified: it may have been carried out.
    case unknown
    /// WeChat Pay knows no such number.
    case notFound
    /// Not carried out now, for a reason that passes by itself.
    case throttled
    /// Not carried out for want of money in the merchant's account.
    case notEnough
    /// Nothing has left this process.
    case notSent
    /// Not carried out, and it will be the same again.
    case refused
}

/// A call to WeChat Pay about a payout.
enum PayoutCall: Hashable, Sendable {
    /// Asks for the payout, under its number.
    case send
    /// Asks what came of it.
    case query
}

/// What has become known about a payout.
enum PayoutNews: Hashable, Sendable {
    /// The answer to a call of ours.
    case answered(PayoutCall, PayoutAnswer)
    /// WeChat Pay said so by itself.
    case reported(PayoutStanding)
}

/// A payout as decisions see it.
struct PayoutSight: Hashable, Sendable {
    /// Where it stands now, perhaps no longer where it stood when the call was made.
    var stage: PayoutStage
    /// Which attempt it is, from 1.
    var number = 1
    /// How many calls were made about it, the one just answered included.
    var attempts = 1
    /// When it was first sent.
    var sentAt: Date?
    /// Until when the winner may take it, as far as that is known.
    var confirmUntil: Date?
    /// Whether there is what the winner's mini program needs to take it, the news included.
    var hasPackage = false
}

/// What is to be done about a payout.
struct PayoutOutcome: Hashable, Sendable {
    /// What follows from the stage, besides keeping it.
    enum Effect: Hashable, Sendable {
        case none
        /// The money is the winner's: into the books.
        case book
        /// Another attempt under the next number.
        case renumber
        /// Over, and no number is left: whoever asked is told.
        case giveUp
    }

    var stage: PayoutStage
    var effect = Effect.none
    /// When to call WeChat Pay again; nil if there is nothing more to do, or nobody but a person can.
    var callAfter: Duration?
    /// Whether a person should look.
    var needsAttention = false
}

/// Decides about payouts.
///
/// Two rules carry everything, as with refunds: a call whose outcome is unknown is followed by a query and nothing else, and a new number
/// is used only after WeChat Pay has said FAIL or CANCELLED of the one before. So whatever is lost, repeated or late, at most one number
/// pays out.
enum PayoutLife {
    /// The call that a payout needs; nil if it needs none.
    ///
    /// What the winner needs to take the money comes with the answer to the order alone: where that answer was lost, the order is sent
    /// again under its number, which is the same payout.
    static func call(for payout: PayoutSight) -> PayoutCall? {
        switch payout.stage {
        case .requested: .send
        case .waiting where !payout.hasPackage: .send
        case .sent, .unknown, .processing, .waiting: .query
        case .succeeded, .refused, .failed: nil
        }
    }

    /// What follows from news about a payout; nil if it changes nothing.
    static func decide(_ payout: PayoutSight, _ news: PayoutNews, now: Date) -> PayoutOutcome? {
        // What is over is over. A later word to the contrary is no reason to touch money, but one to look.
        switch (payout.stage, news) {
        case (.succeeded, _): return nil
        case (.failed, .answered(_, .standing(.success))), (.failed, .reported(.success)):
            return PayoutOutcome(stage: .failed, needsAttention: true)
        case (.failed, _): return nil
        default: break
        }
        var outcome =
            switch news {
            case .answered(_, .standing(let standing)), .reported(let standing): heard(standing, payout, now: now)
            case .answered(.send, let answer): sent(answer, payout)
            case .answered(.query, let answer): queried(answer, payout, now: now)
            }
        // The next number has calls of its own.
        if outcome.effect != .renumber, outcome.callAfter != nil, payout.attempts >= attemptsMax.value {
            outcome.callAfter = nil
            outcome.needsAttention = true
        }
        return outcome
    }

    private static func heard(_ standing: PayoutStanding, _ payout: PayoutSight, now: Date) -> PayoutOutcome {
        switch standing {
        case .success: PayoutOutcome(stage: .succeeded, effect: .book)
        case .processing: PayoutOutcome(stage: .processing, callAfter: pause(waits, payout.attempts))
        case .waiting: PayoutOutcome(stage: .waiting, callAfter: untilNextLook(at: payout, now: now))
        case .failed where payout.number < numbersMax.value:
            PayoutOutcome(stage: .failed, effect: .renumber, callAfter: spacing)
        case .failed: PayoutOutcome(stage: .failed, effect: .giveUp, needsAttention: true)
        }
    }

    /// Every hour while the winner may take it, and soon after they no longer may: WeChat Pay then says FAIL.
    private static func untilNextLook(at payout: PayoutSight, now: Date) -> Duration {
        guard payout.hasPackage else { return pause(faults, payout.attempts) }
        let rest = (payout.confirmUntil ?? .distantFuture).timeIntervalSince(now)
        return rest > 0 ? .seconds(min(3_600, rest.rounded(.up) + 60)) : .seconds(3_600)
    }

    private static func sent(_ answer: PayoutAnswer, _ payout: PayoutSight) -> PayoutOutcome {
        let later = pause(faults, payout.attempts)
        // Nothing was marked as sent where there is nobody to send it by.
        if payout.stage == .requested {
            return PayoutOutcome(stage: .requested, callAfter: later, needsAttention: answer == .notSent)
        }
        // Somebody else has learnt something since: theirs is the newer word, and only the question remains open.
        guard payout.stage == .sent else { return PayoutOutcome(stage: payout.stage, callAfter: later) }
        return switch answer {
        case .throttled, .notSent: PayoutOutcome(stage: .requested, callAfter: later)
        case .notEnough: PayoutOutcome(stage: .requested, callAfter: later, needsAttention: true)
        case .refused, .notFound: PayoutOutcome(stage: .refused, needsAttention: true)
        case .unknown, .standing: PayoutOutcome(stage: .unknown, callAfter: later)
        }
    }

    private static func queried(_ answer: PayoutAnswer, _ payout: PayoutSight, now: Date) -> PayoutOutcome {
        switch answer {
        case .notFound where payout.stage == .sent || payout.stage == .unknown:
            // It never arrived, as long as WeChat Pay would remember: then the same number again. If the first is still on its way,
            // both are one. Later "no such number" says nothing.
            guard let sentAt = payout.sentAt, now.timeIntervalSince(sentAt) < remembered else {
                return PayoutOutcome(stage: .unknown, needsAttention: true)
            }
            return PayoutOutcome(stage: .requested, callAfter: .zero)
        // Anything else only means that we know no more than before.
        default:
            return PayoutOutcome(
                stage: payout.stage == .sent ? .unknown : payout.stage, callAfter: pause(faults, payout.attempts),
                needsAttention: payout.stage == .refused)
        }
    }

    // MARK: Time

    /// After a call without a result.
    private static let faults: [Duration] = [
        .seconds(1), .seconds(2), .seconds(5), .seconds(15), .seconds(60), .seconds(300), .seconds(900),
        .seconds(3_600), .seconds(21_600), .seconds(86_400),
    ]
    /// While WeChat Pay works on it.
    private static let waits: [Duration] = [
        .seconds(5), .seconds(15), .seconds(60), .seconds(60), .seconds(300), .seconds(300), .seconds(900),
        .seconds(3_600), .seconds(21_600), .seconds(86_400),
    ]
    /// Whoever did not take it in a day is asked again after a while, not at once.
    private static let spacing = Duration.seconds(3_600)
    /// WeChat Pay answers questions about a number for 30 days; a day less, whichever clock is fast.
    private static let remembered: TimeInterval = 29 * 86_400
    /// For how long the winner may take it, from the instant it was accepted.
    static let confirmTime: TimeInterval = 86_400

    private static func pause(_ ladder: [Duration], _ attempts: Int) -> Duration {
        ladder[min(max(attempts - 1, 0), ladder.count - 1)]
    }

    /// Calls about one number, after which a person must look.
    static let attemptsMax = Limit(60, reason: "A day of hourly looks, and as many calls again that fail.")
    /// Numbers for one prize, after which a person must look.
    static let numbersMax = Limit(
        3, reason: "Who lets three days pass, or whom WeChat Pay refuses three times, needs another way.")
}
