import FoundationEssentials
import Kernel
import WeChat

/// How far a wish for codes of WeChat has come.
package enum CodeApplicationStage: String, Hashable, Sendable, CaseIterable {
    /// WeChat is to be asked for codes. Asking again is the same application.
    case requested
    /// WeChat makes them.
    case generating
    /// They come, package by package.
    case loading
    /// All of them are here, and their batch is.
    case loaded
    /// It goes no further until somebody changes something.
    case refused
}

/// What a wish needs next.
enum CodeApplicationCall: Hashable, Sendable {
    /// Asks WeChat for codes.
    case apply
    /// Asks whether they are made.
    case ask
    /// Fetches a package and loads what is not here yet.
    case fetch(MarketcodeChunk)
    /// Brings the batch into being.
    case finish
}

/// What came of a call.
enum CodeApplicationNews: Hashable, Sendable {
    /// WeChat's number of the application.
    case accepted(String)
    /// How it stands.
    case standing(isFinished: Bool, chunks: [MarketcodeChunk])
    /// So many codes are here.
    case loaded(Int64)
    /// The batch is there.
    case finished
    /// There is no result.
    case failed(MarketcodeFault, String)
}

/// Why a call about codes of WeChat has no result.
enum MarketcodeFault: Hashable, Sendable {
    /// It may have been carried out. All calls about an application may be made again.
    case unknown
    /// Not now, for a reason that passes by itself.
    case throttled
    /// Nothing has left this process.
    case notSent
    /// It will be the same again.
    case refused

    init(_ error: WeChatAPIError) {
        self =
            switch error {
            case .outcomeUnknown: .unknown
            case .throttled: .throttled
            case .notSent: .notSent
            case .refused: .refused
            }
    }
}

/// A wish for codes as decisions see it.
struct CodeApplicationSight: Hashable, Sendable {
    /// How far it has come.
    var stage: CodeApplicationStage
    /// How many codes were asked for.
    var count: Int64
    /// Calls since the last progress, the one just answered included.
    var attempts = 1
    /// When it was wished for.
    var since: Date
    /// What WeChat has made, in order.
    var chunks: [MarketcodeChunk] = []
    /// How many codes are here.
    var loaded: Int64 = 0
    /// Whether somebody gave up the import of its codes.
    var isDropped = false
}

/// What is to be done about a wish.
struct CodeApplicationOutcome: Hashable, Sendable {
    /// How far it has come now.
    var stage: CodeApplicationStage
    /// When the next call is due; nil if there is nothing more to do, or nobody but a person can.
    var callAfter: Duration?
    /// Whether a person should look.
    var needsAttention = false
    /// Whether the calls begin to be counted anew.
    var isProgress = false
    /// What WeChat has made, where that has just become known.
    var chunks: [MarketcodeChunk] = []
    /// What is kept of it in words.
    var word: String?
}

/// Decides about wishes for codes.
///
/// Nothing here can happen twice: WeChat knows an application by our number, packages may be fetched as often as one likes, and what stands
/// in the database says which of their codes are here.
enum CodeApplicationLife {
    /// The call that a wish needs; nil if it needs none.
    static func call(for sight: CodeApplicationSight) -> CodeApplicationCall? {
        switch sight.stage {
        case .requested: return .apply
        case .generating: return .ask
        case .loading where sight.loaded >= sight.count: return .finish
        case .loading:
            guard let base = sight.chunks.first?.first else { return nil }
            let next = base + sight.loaded
            return sight.chunks.first { $0.first <= next && next <= $0.last }.map { .fetch($0) }
        case .loaded, .refused: return nil
        }
    }

    /// What follows from news about a wish; nil if it changes nothing.
    static func decide(
        _ sight: CodeApplicationSight, _ news: CodeApplicationNews, now: Date
    ) -> CodeApplicationOutcome? {
        if sight.stage == .loaded || sight.stage == .refused { return nil }
        var outcome = heard(news, sight, now: now)
        if outcome.callAfter != nil, !outcome.isProgress, sight.attempts >= attemptsMax.value {
            outcome.callAfter = nil
            outcome.needsAttention = true
        }
        return outcome
    }

    private static func heard(
        _ news: CodeApplicationNews, _ sight: CodeApplicationSight, now: Date
    ) -> CodeApplicationOutcome {
        switch (sight.stage, news) {
        case (.requested, .accepted(let id)):
            CodeApplicationOutcome(
                stage: .generating, callAfter: pause(waits, 1), isProgress: true, word: "application \(id)")
        case (.generating, .standing(false, _)):
            CodeApplicationOutcome(
                stage: .generating, callAfter: pause(waits, sight.attempts),
                needsAttention: now.timeIntervalSince(sight.since) > patience, word: "being made")
        case (.generating, .standing(true, let chunks)): made(chunks, sight)
        case (.loading, .loaded(let count)) where sight.isDropped:
            refused("its import was given up after \(count) codes: siyu codes marketcode retry begins it anew")
        case (.loading, .loaded(let count)):
            CodeApplicationOutcome(
                stage: .loading, callAfter: .zero, isProgress: true, word: "\(count) of \(sight.count) codes are here")
        case (.loading, .finished):
            CodeApplicationOutcome(stage: .loaded, isProgress: true, word: "all \(sight.count) codes are here")
        case (_, .failed(.refused, let word)): refused(word)
        case (let stage, .failed(_, let word)):
            CodeApplicationOutcome(stage: stage, callAfter: pause(faults, sight.attempts), word: word)
        // An answer to a question that is settled.
        case (let stage, _): CodeApplicationOutcome(stage: stage, callAfter: .zero)
        }
    }

    /// What WeChat has made must be what was asked for, without gaps: our index counts from its first code.
    private static func made(_ chunks: [MarketcodeChunk], _ sight: CodeApplicationSight) -> CodeApplicationOutcome {
        guard chunks.allSatisfy({ (1...chunkCodesMax.value).contains($0.count) }) else {
            return refused("WeChat made a package of no codes, or of more than \(chunkCodesMax.value)")
        }
        let chunks = chunks.sorted { $0.first < $1.first }
        let isWhole = zip(chunks, chunks.dropFirst()).allSatisfy { $0.last + 1 == $1.first }
        let count = chunks.reduce(0) { $0 + $1.count }
        guard isWhole, count == sight.count else {
            return refused(
                "WeChat made \(count) codes in \(chunks.count) packages\(isWhole ? "" : " with gaps between them"), and \(sight.count) were asked for"
            )
        }
        return CodeApplicationOutcome(
            stage: .loading, callAfter: .zero, isProgress: true, chunks: chunks, word: "made")
    }

    private static func refused(_ word: String) -> CodeApplicationOutcome {
        CodeApplicationOutcome(stage: .refused, needsAttention: true, word: word)
    }

    // MARK: Time

    private static func pause(_ ladder: [Duration], _ attempts: Int) -> Duration {
        ladder[min(max(attempts - 1, 0), ladder.count - 1)]
    }

    /// After a call without a result.
    static let faults: [Duration] = [
        .seconds(1), .seconds(2), .seconds(5), .seconds(15), .seconds(60), .seconds(300), .seconds(900),
        .seconds(3_600), .seconds(21_600),
    ]
    /// While WeChat makes codes, which takes it minutes or hours.
    private static let waits: [Duration] = [
        .seconds(5), .seconds(15), .seconds(30), .seconds(60), .seconds(60), .seconds(120), .seconds(300),
        .seconds(300), .seconds(600), .seconds(900), .seconds(1_800), .seconds(3_600),
    ]
    /// Whoever waits longer for codes should ask WeChat.
    private static let patience: TimeInterval = 2 * 86_400

    /// Calls without progress, after which a person must look.
    static let attemptsMax = Limit(120, reason: "Four days of hourly questions; calls that fail are further apart.")
    /// Codes in one package.
    static let chunkCodesMax = Limit<Int64>(200_000, reason: "WeChat's have 50,000; each lies in memory as a whole.")
}
