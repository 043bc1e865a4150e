import Kernel
import WeChat

/// How far codes have come on their way to being activated at WeChat.
package enum CodeActivationStage: String, Hashable, Sendable, CaseIterable {
    /// Not sent, or known not to have arrived.
    case requested
    /// About to be sent: from here on it may have arrived.
    case sent
    /// Sent, and nobody knows what came of it: WeChat is asked before it is sent again.
    case unknown
    /// Whoever scans one of the codes is led to the mini program.
    case active
    /// It goes no further until somebody changes something.
    case refused
}

/// What an activation needs next.
enum CodeActivationCall: Hashable, Sendable {
    /// Activates the codes.
    case send
    /// Asks what WeChat knows of the first of them.
    case ask
}

/// What came of a call about an activation.
enum CodeActivationNews: Hashable, Sendable {
    /// WeChat took it.
    case taken
    /// What WeChat knows of the first code; nil where that is not active.
    case standing(MarketcodeActivity?, MarketcodeChunk?)
    /// There is no result.
    case failed(MarketcodeFault, String)
}

/// An activation as decisions see it.
struct CodeActivationSight: Hashable, Sendable {
    /// Where it stands now.
    var stage: CodeActivationStage
    /// What the codes are for.
    var activity: MarketcodeActivity
    /// The codes, by WeChat's index.
    var codes: MarketcodeChunk
    /// How many calls were made about it, the one just answered included.
    var attempts = 1
}

/// What is to be done about an activation.
struct CodeActivationOutcome: Hashable, Sendable {
    /// Where it stands now.
    var stage: CodeActivationStage
    /// When the next call is due; nil if there is nothing more to do, or nobody but a person can.
    var callAfter: Duration?
    /// Whether a person should look.
    var needsAttention = false
    /// What is kept of it in words.
    var word: String?
}

/// Decides about activations: what may have arrived is asked about, and sent again only where WeChat says that the codes are not active.
enum CodeActivationLife {
    /// The call that an activation needs; nil if it needs none.
    static func call(for stage: CodeActivationStage) -> CodeActivationCall? {
        switch stage {
        case .requested: .send
        case .sent, .unknown: .ask
        case .active, .refused: nil
        }
    }

    /// What follows from news about an activation; nil if it changes nothing.
    static func decide(
        _ sight: CodeActivationSight, _ call: CodeActivationCall, _ news: CodeActivationNews
    ) -> CodeActivationOutcome? {
        if sight.stage == .active || sight.stage == .refused { return nil }
        let later = CodeApplicationLife.faults[min(max(sight.attempts - 1, 0), CodeApplicationLife.faults.count - 1)]
        var outcome: CodeActivationOutcome
        switch news {
        case .taken: outcome = CodeActivationOutcome(stage: .active, word: "active")
        case .standing(let activity?, let codes?) where activity == sight.activity && codes == sight.codes:
            outcome = CodeActivationOutcome(stage: .active, word: "active")
        case .standing(_?, _):
            outcome = CodeActivationOutcome(
                stage: .refused, needsAttention: true,
                word: "the codes are active already, for something else or with others")
        case .standing(nil, _): outcome = CodeActivationOutcome(stage: .requested, callAfter: .zero, word: "not active")
        // Asked about what WeChat does not know, or refuses to tell: nothing is active that we could have made so.
        case .failed(.refused, let word):
            outcome = CodeActivationOutcome(stage: .refused, needsAttention: true, word: word)
        case .failed(.unknown, let word):
            outcome = CodeActivationOutcome(stage: .unknown, callAfter: later, word: word)
        case .failed(.throttled, let word), .failed(.notSent, let word):
            // What was not sent may be sent again; where that was the question, it is still open.
            outcome = CodeActivationOutcome(stage: call == .send ? .requested : .unknown, callAfter: later, word: word)
        }
        if outcome.callAfter != nil, sight.attempts >= CodeApplicationLife.attemptsMax.value {
            outcome.callAfter = nil
            outcome.needsAttention = true
        }
        return outcome
    }
}
