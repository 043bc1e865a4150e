import FoundationEssentials
import Kernel

/// How far an attempt to give money back has come.
package enum RefundStage: String, Hashable, Sendable, CaseIterable {
    /// Not sent, or known not to have arrived.
    case requested
    /// About to be sent: from here on it may have arrived.
    case sent
    /// Sent, and nobody knows what came of it: only an answer of WeChat Pay leads out of here.
    case unknown
    /// Accepted, not paid out yet.
    case processing
    /// The money could not be delivered; a person must choose another way, and then it may still succeed.
    case abnormal
    /// Paid out.
    case succeeded
    /// WeChat Pay will not do it until somebody changes something.
    case refused
    /// Over without paying out: the only stage after which another number may be used.
    case closed
}

/// How WeChat Pay says a refund stands.
package enum RefundStanding: String, Hashable, Sendable, Codable {
    /// Paid out.
    case success
    /// Accepted, or in a state that did not exist when this was written.
    case processing
    /// Not delivered.
    case abnormal
    /// Over without paying out.
    case closed
}

/// What came of a call to WeChat Pay.
enum RefundAnswer: Hashable, Sendable {
    /// A verified answer.
    case standing(RefundStanding)
    /// Time-out, 5xx, a broken connection, an answer that cannot be verified: it may have been carried out.
    case unknown
    /// There is no such refund; of a send: no such payment.
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

/// A call to WeChat Pay about a refund.
enum RefundCall: Hashable, Sendable {
    /// Asks for the refund, under its number.
    case send
    /// Asks what came of it.
    case query
}

/// What has become known about a refund.
enum RefundNews: Hashable, Sendable {
    /// The answer to a call of ours.
    case answered(RefundCall, RefundAnswer)
    /// WeChat Pay said so by itself.
    case reported(RefundStanding)
}

/// What is to be done about a refund.
struct RefundOutcome: Hashable, Sendable {
    /// What follows from the stage, besides keeping it.
    enum Effect: Hashable, Sendable {
        case none
        /// The money is with the shopper: into the books.
        case book
        /// Another attempt under the next number.
        case renumber
    }

    var stage: RefundStage
    var effect = Effect.none
    /// When to call WeChat Pay again; nil if there is nothing more to do, or nobody but a person can.
    var callAfter: Duration?
    /// Whether the next call may well be refused again: WeChat Pay takes few of those.
    var isLikelyRefused = false
    /// Whether a person should look.
    var needsAttention = false
}

/// Decides about refunds.
///
/// Two rules carry everything: a call whose outcome is unknown is followed by a query and nothing else, and a new number is used only
/// after WeChat Pay has said CLOSED of the one before. So whatever is lost, repeated or late, at most one number pays out.
enum RefundLife {
    /// The call that a refund in this stage needs; nil if it needs none.
    static func call(in stage: RefundStage) -> RefundCall? {
        switch stage {
        case .requested: .send
        case .sent, .unknown, .processing, .abnormal: .query
        case .succeeded, .refused, .closed: nil
        }
    }

    /// What follows from news about a refund.
    ///
    /// - Parameters:
    ///   - stage: Where it stands now, perhaps no longer where it stood when the call was made.
    ///   - number: Which attempt for its cause it is, from 1.
    ///   - attempts: How many calls were made about it, the one just answered included.
    ///   - isSettled: Whether the money went back outside of WeChat Pay.
    /// - Returns: nil if the news changes nothing.
    static func decide(
        _ stage: RefundStage, number: Int, attempts: Int, isSettled: Bool = false, _ news: RefundNews
    ) -> RefundOutcome? {
        // What is over is over. A later word to the contrary is no reason to touch money, but one to look.
        switch (stage, news) {
        case (.succeeded, .answered(_, .standing(.success))) where isSettled,
            (.succeeded, .reported(.success)) where isSettled:
            return RefundOutcome(stage: .succeeded, needsAttention: true)
        case (.succeeded, _): return nil
        case (.closed, .answered(_, .standing(.success))), (.closed, .reported(.success)):
            return RefundOutcome(stage: .closed, needsAttention: true)
        case (.closed, _): return nil
        default: break
        }
        var outcome =
            switch news {
            case .answered(_, .standing(let standing)), .reported(let standing):
                heard(standing, number: number, attempts: attempts)
            case .answered(.send, let answer): sent(answer, stage: stage, attempts: attempts)
            case .answered(.query, let answer): queried(answer, stage: stage, attempts: attempts)
            }
        // The next number has calls of its own.
        if outcome.effect != .renumber, outcome.callAfter != nil, attempts >= attemptsMax.value {
            outcome.callAfter = nil
            outcome.needsAttention = true
        }
        return outcome
    }

    private static func heard(_ standing: RefundStanding, number: Int, attempts: Int) -> RefundOutcome {
        switch standing {
        case .success: RefundOutcome(stage: .succeeded, effect: .book)
        case .processing: RefundOutcome(stage: .processing, callAfter: pause(waits, attempts))
        case .abnormal: RefundOutcome(stage: .abnormal, callAfter: pause(waits, attempts), needsAttention: true)
        case .closed where number < numbersMax.value:
            RefundOutcome(stage: .closed, effect: .renumber, callAfter: spacing)
        case .closed: RefundOutcome(stage: .closed, needsAttention: true)
        }
    }

    private static func sent(_ answer: RefundAnswer, stage: RefundStage, attempts: Int) -> RefundOutcome {
        // Somebody else has learnt something since: theirs is the newer word, and only the question remains open.
        guard stage == .sent else { return RefundOutcome(stage: stage, callAfter: pause(faults, attempts)) }
        let later = pause(faults, attempts)
        return switch answer {
        case .notSent: RefundOutcome(stage: .requested, callAfter: later)
        case .throttled: RefundOutcome(stage: .requested, callAfter: later, isLikelyRefused: true)
        case .notEnough:
            RefundOutcome(stage: .requested, callAfter: later, isLikelyRefused: true, needsAttention: true)
        case .refused, .notFound: RefundOutcome(stage: .refused, needsAttention: true)
        case .unknown, .standing: RefundOutcome(stage: .unknown, callAfter: pause(unknowns, attempts))
        }
    }

    private static func queried(_ answer: RefundAnswer, stage: RefundStage, attempts: Int) -> RefundOutcome {
        switch answer {
        // It never arrived. The same number again: if the first is still on its way, both are one.
        case .notFound where stage == .sent || stage == .unknown:
            RefundOutcome(stage: .requested, callAfter: .zero)
        // Anything else only means that we know no more than before.
        default:
            RefundOutcome(
                stage: stage == .sent ? .unknown : stage,
                callAfter: pause(stage == .sent || stage == .unknown ? unknowns : faults, attempts),
                needsAttention: stage == .abnormal || stage == .refused)
        }
    }

    // MARK: Time

    /// After a call that was certainly not carried out.
    private static let faults: [Duration] = [
        .seconds(1), .seconds(2), .seconds(5), .seconds(15), .seconds(60), .seconds(300), .seconds(900),
        .seconds(3_600), .seconds(21_600), .seconds(86_400),
    ]
    /// While nobody knows whether a refund arrived: what is asked at once finds nothing more often than not.
    private static let unknowns: [Duration] = [
        .seconds(15), .seconds(60), .seconds(300), .seconds(900), .seconds(3_600), .seconds(21_600), .seconds(86_400),
    ]
    /// While WeChat Pay works on it: most take seconds, one to a bank card takes days.
    ///
    /// Calls that failed count as well, so the pauses must stay short for longer than the answer itself would ask for.
    private static let waits: [Duration] = [
        .seconds(5), .seconds(15), .seconds(60), .seconds(60), .seconds(300), .seconds(300), .seconds(900),
        .seconds(3_600), .seconds(21_600), .seconds(86_400),
    ]
    /// WeChat Pay asks for a minute between two refunds of one payment.
    static let spacing = Duration.seconds(60)

    /// How long a refund must wait, given when another of its payment was last sent; nil if not at all.
    static func rest(after last: Date, now: Date) -> Duration? {
        let seconds = Double(spacing.components.seconds)
        let rest = min(seconds - now.timeIntervalSince(last), seconds)
        return rest > 0 ? .milliseconds(Int64((rest * 1_000).rounded(.up))) : nil
    }

    private static func pause(_ ladder: [Duration], _ attempts: Int) -> Duration {
        ladder[min(max(attempts - 1, 0), ladder.count - 1)]
    }

    /// Calls about one number, after which a person must look.
    static let attemptsMax = Limit(
        20, reason: "More than ten days of asking: WeChat Pay closes what it cannot pay out after seven.")
    /// Numbers for one cause, after which a person must look.
    static let numbersMax = Limit(5, reason: "A refund that WeChat Pay closes five times needs another way.")
}
