public import FoundationEssentials

/// What names a call to a provider: the same in every run of the job, so that the provider knows a repetition.
public struct EffectKey: Sendable, Hashable, CustomStringConvertible {
    /// The job.
    public let job: JobID
    /// Which of its calls.
    public let step: String
    /// The run that makes the call; grows from run to run, for providers that take a fence.
    public let runNumber: Int

    /// The key itself: at most 64 letters, digits and hyphens, as most providers take them for a request's own number.
    public var description: String { "\(job.description.filter { $0 != "-" })-\(step)" }

    /// How long a step's name may be, so that the key stays within 64 characters.
    static let stepMax = 31

    static func isStep(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= stepMax
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// What a provider says about a call that was not answered.
public enum EffectFinding<Answer: Sendable>: Sendable {
    /// It was done.
    case done(Answer)
    /// It was refused, for this reason.
    case refused(String)
    /// The provider has never seen it, and never will: it may be made again, under the same key.
    case neverArrived
    /// Nobody can say yet.
    case stillUnknown
}

/// Thrown by a call to a provider whose outcome is known although it was not done.
///
/// Any other error leaves it open whether the call was done.
public enum EffectFailure: Error, Sendable, Hashable {
    /// The provider said no, in words that may be stored. Final: later runs of the job are told the same without asking.
    case refused(String)
    /// The call did not leave this process: it may be made again by the next try.
    case neverSent(String)
}

extension EffectFailure: SafelyDescribedError {
    /// The reason.
    public var safeDescription: String {
        switch self {
        case .refused(let reason): "refused: \(reason)"
        case .neverSent(let reason): "never sent: \(reason)"
        }
    }
}

/// What is known about a call to a provider, for operators.
///
/// Its answer stays unseen: it may name persons.
public struct JobEffect: Sendable {
    /// Where a call is.
    public enum State: String, Sendable, CaseIterable {
        /// It may be made: the last one did not arrive.
        case open
        /// It is under way, or its process was lost.
        case intended
        /// It was made and not answered.
        case unknown
        /// The provider did it.
        case done = "ok"
        /// The provider refused it.
        case refused
    }

    /// The job.
    public let job: JobID
    /// Which of its calls.
    public let step: String
    /// What the provider knows it by.
    public var key: EffectKey { EffectKey(job: job, step: step, runNumber: runNumber) }
    /// The run that last made it or asked about it.
    public let runNumber: Int
    /// Where the call is.
    public let state: State
    /// How often it was made.
    public let calls: Int
    /// How often the provider was asked what became of it, in vain.
    public let looks: Int
    /// Why it was refused, or is not known.
    public let reason: String?
    /// When it was first intended.
    public let createdAt: Date
    /// When something was last learned about it.
    public let updatedAt: Date

    /// What a run of the job does about a step, by what is known.
    enum Move: Sendable, Equatable {
        case call
        case ask
        case answer([UInt8])
        case refuse(String)

        static func decide(isNew: Bool, _ known: EffectStatements.Known?) -> Move {
            guard let known, !isNew else { return .call }
            return switch known.state {
            case .open: .call
            // An earlier run made the call, or may have; only the provider knows.
            case .intended, .unknown: .ask
            case .done: .answer(known.answer ?? [])
            case .refused: .refuse(known.reason ?? "")
            }
        }
    }
}

/// How long to wait before a provider is asked again what became of a call.
public struct EffectPatience: Sendable, Hashable {
    /// The waits, one after another; when they are used up the job is discarded, for people to look at.
    public let pauses: [Duration]

    /// The given waits, of which there is one at least.
    public init(_ pauses: [Duration]) {
        precondition(!pauses.isEmpty, "somebody who never waits cannot learn what became of a call")
        self.pauses = pauses
    }

    /// From five seconds to an hour, for two days.
    public static let days = EffectPatience(
        [.seconds(5), .seconds(15), .seconds(60), .seconds(300), .seconds(900)]
            + [Duration](repeating: .seconds(3_600), count: 48))
}
