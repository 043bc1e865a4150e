import Hooks
import Kernel
import Metrics

/// What became of a scan, as its answer begins.
enum ScanOutcome: String, CaseIterable {
    case won
    case noPrize = "no_prize"
    case redeemedByYou = "redeemed_by_you"
    case alreadyRedeemed = "already_redeemed"

    private static let start = Array(#"{"outcome":""#.utf8)
    private static let words = allCases.map { (outcome: $0, word: Array($0.rawValue.utf8) + [UInt8(ascii: "\"")]) }

    /// Reads the first member of an answer; nil if it is none of a scan's.
    init?(of answer: StoredAnswer) {
        guard answer.body.starts(with: Self.start) else { return nil }
        let rest = answer.body.dropFirst(Self.start.count)
        guard let found = Self.words.first(where: { rest.starts(with: $0.word) }) else { return nil }
        self = found.outcome
    }

    /// Whether the scan redeemed its code.
    var isRedemption: Bool { self == .won || self == .noPrize }
}

/// Counts what becomes of scans: `siyu_scans_total` by outcome, `siyu_scan_refusals_total` by reason.
///
/// Reasons are codes of problems, of which there is a short list; whatever else goes wrong is one more.
struct ScanCounters: Sendable {
    private static let reasons = [
        "not_found", "not_active", "idempotency_mismatch", "too_many_requests", "limits_unavailable", "unavailable",
        "ticket_unavailable",
    ]
    private static let other = "other"

    private let outcomes: [ScanOutcome: Counter]
    private let refusals: [String: Counter]

    init() {
        outcomes = Dictionary(
            uniqueKeysWithValues: ScanOutcome.allCases.map {
                ($0, Counter(label: "siyu.scans", dimensions: [("outcome", $0.rawValue)]))
            })
        refusals = Dictionary(
            uniqueKeysWithValues: (Self.reasons + [Self.other]).map {
                ($0, Counter(label: "siyu.scan.refusals", dimensions: [("reason", $0)]))
            })
    }

    func count(_ answer: StoredAnswer) {
        if let outcome = ScanOutcome(of: answer) { outcomes[outcome]?.increment() }
    }

    func count(_ error: any Error) {
        let code: String? =
            switch error {
            case let problem as Problem: problem.code
            case let refusal as LimitRefusal: refusal.problem.code
            case let refusal as TicketRefusal: refusal.problem.code
            default: nil
            }
        (code.flatMap { refusals[$0] } ?? refusals[Self.other])?.increment()
    }
}
