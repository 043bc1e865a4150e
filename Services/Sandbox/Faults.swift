import Crypto
import Foundation
import Kernel
import Synchronization

/// What goes wrong and how often: what `PUT /sandbox/faults` takes.
struct FaultSettings: Codable, Equatable {
    struct Rates: Codable, Equatable {
        var timeOutAfterWork = 0.0
        var serverError = 0.0
        var refuse = 0.0
        var duplicateNotification = 0.0
        var lateNotification = 0.0
        var lostNotification = 0.0
        var signatureProbe = 0.0
        var closedRefund = 0.0
        var abnormalRefund = 0.0

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case timeOutAfterWork = "time_out_after_work"
            case serverError = "server_error"
            case refuse
            case duplicateNotification = "duplicate_notification"
            case lateNotification = "late_notification"
            case lostNotification = "lost_notification"
            case signatureProbe = "signature_probe"
            case closedRefund = "closed_refund"
            case abnormalRefund = "abnormal_refund"
        }

        init() {}

        init(from decoder: any Decoder) throws {
            try decoder.refuseUnknownKeys(CodingKeys.allCases.map(\.rawValue))
            let container = try decoder.container(keyedBy: CodingKeys.self)
            func rate(_ key: CodingKeys) throws -> Double {
                try container.decodeIfPresent(Double.self, forKey: key) ?? 0
            }
            timeOutAfterWork = try rate(.timeOutAfterWork)
            serverError = try rate(.serverError)
            refuse = try rate(.refuse)
            duplicateNotification = try rate(.duplicateNotification)
            lateNotification = try rate(.lateNotification)
            lostNotification = try rate(.lostNotification)
            signatureProbe = try rate(.signatureProbe)
            closedRefund = try rate(.closedRefund)
            abnormalRefund = try rate(.abnormalRefund)
        }

        var all: [Double] {
            [
                timeOutAfterWork, serverError, refuse, duplicateNotification, lateNotification, lostNotification,
                signatureProbe, closedRefund, abnormalRefund,
            ]
        }
    }

    var seed: UInt64 = 0
    var rates = Rates()
    /// Which calls fail; all of them if nil.
    var operations: [Operation]?
    /// How long a call that times out is held before its connection is cut.
    var holdMilliseconds = 6_000
    /// How late a late notification is.
    var lateMilliseconds = 3_000
    /// The pauses between the attempts of a notification.
    var retries = Retries.quick

    /// A plan of attempts.
    enum Retries: String, Codable {
        /// The stand-in's own: minutes in all, which nobody minds to wait for.
        case quick
        /// WeChat Pay's: a day in all, for tests that move the clock.
        case wechat

        /// 24 hours and 4 minutes, after which WeChat Pay gives up.
        static let ofWeChat: [Duration] = [
            15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600,
        ].map { .seconds($0) }
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case seed, rates, operations
        case holdMilliseconds = "hold_ms"
        case lateMilliseconds = "late_ms"
        case retries
    }

    init() {}

    init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        seed = try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? 0
        rates = try container.decodeIfPresent(Rates.self, forKey: .rates) ?? Rates()
        operations = try container.decodeIfPresent([Operation].self, forKey: .operations)
        holdMilliseconds = try container.decodeIfPresent(Int.self, forKey: .holdMilliseconds) ?? holdMilliseconds
        lateMilliseconds = try container.decodeIfPresent(Int.self, forKey: .lateMilliseconds) ?? lateMilliseconds
        retries = try container.decodeIfPresent(Retries.self, forKey: .retries) ?? retries
    }

    /// The merchant's calls, and the service account's.
    enum Operation: String, Codable {
        case prepay, close, refund
        case paymentQuery = "payment_query"
        case refundQuery = "refund_query"
        case transfer
        case transferQuery = "transfer_query"
        case token
        case codeApply = "code_apply"
        case codeApplyQuery = "code_apply_query"
        case codeDownload = "code_download"
        case codeActivate = "code_activate"
        case codeActiveQuery = "code_active_query"
        case codeTicket = "code_ticket"
    }

    /// What is wrong with the settings; nil if nothing is.
    var flaw: String? {
        guard rates.all.allSatisfy({ (0...1).contains($0) }) else { return "Each rate must be from 0 to 1." }
        guard rates.timeOutAfterWork + rates.serverError + rates.refuse <= 1 else {
            return "time_out_after_work, server_error and refuse exclude each other: their sum may be 1."
        }
        guard rates.closedRefund + rates.abnormalRefund <= 1 else {
            return "closed_refund and abnormal_refund exclude each other: their sum may be 1."
        }
        // A request of ours lives 10 s at most.
        guard (0...9_000).contains(holdMilliseconds) else { return "hold_ms must be from 0 to 9000." }
        guard (0...3_600_000).contains(lateMilliseconds) else { return "late_ms must be from 0 to 3600000." }
        return nil
    }

    /// What a refund comes to; nil for the payer's account.
    func fate(of outRefundNo: String) -> RefundEnd? {
        let draw = Draw.unit(seed, "fate", outRefundNo, 0)
        if draw < rates.closedRefund { return .closed }
        return draw < rates.closedRefund + rates.abnormalRefund ? .abnormal : nil
    }

    /// What happens to one call.
    enum CallFault: String {
        case throttled, notEnough = "not_enough"
        case errorBeforeWork = "error_before_work"
        case errorAfterWork = "error_after_work"
        case heldAfterWork = "held_after_work"
        case cutAfterWork = "cut_after_work"
    }

    /// Drawn from seed, call, number and attempt alone: the order in which calls arrive changes nothing.
    func fault(of operation: Operation, number: String, attempt: Int) -> CallFault? {
        if let operations, !operations.contains(operation) { return nil }
        let key = "\(operation.rawValue)|\(number)"
        let draw = Draw.unit(seed, "call", key, attempt)
        let coin = Draw.unit(seed, "kind", key, attempt) < 0.5
        if draw < rates.timeOutAfterWork { return coin ? .heldAfterWork : .cutAfterWork }
        if draw < rates.timeOutAfterWork + rates.serverError { return coin ? .errorBeforeWork : .errorAfterWork }
        if draw < rates.timeOutAfterWork + rates.serverError + rates.refuse {
            return coin && (operation == .refund || operation == .transfer) ? .notEnough : .throttled
        }
        return nil
    }
}

extension Decoder {
    /// A misspelt fault that never happens would make a test say too much.
    fileprivate func refuseUnknownKeys(_ known: [String]) throws {
        let found = try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        guard let unknown = found.first(where: { !known.contains($0) }) else { return }
        throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "`\(unknown)` is unknown."))
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// Counts calls and faults since the start, or since the faults were last set.
final class FaultCounter: Sendable {
    private let counts = Mutex((attempts: [String: Int](), faults: [String: Int](), calls: 0))

    /// The number of calls before this one with the same operation and number.
    func attempt(_ operation: FaultSettings.Operation, number: String) -> Int {
        counts.withLock { counts in
            let key = "\(operation.rawValue)|\(number)"
            defer { counts.attempts[key, default: 0] += 1 }
            counts.calls += 1
            return counts.attempts[key] ?? 0
        }
    }

    func count(_ fault: String) { counts.withLock { $0.faults[fault, default: 0] += 1 } }

    func restart() { counts.withLock { $0.attempts = [:] } }

    var faults: [String: Int] { counts.withLock { $0.faults } }
    var calls: Int { counts.withLock { $0.calls } }
}

/// Numbers that look random and follow from their names.
enum Draw {
    private static func hash(_ text: String) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

    /// From 0 up to, and without, 1.
    static func unit(_ seed: UInt64, _ name: String, _ key: String, _ attempt: Int) -> Double {
        let bits = hash("\(seed)|\(name)|\(key)|\(attempt)").prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Double(bits >> 11) / 0x1p53
    }

    /// So many decimal digits.
    static func digits(_ count: Int, _ name: String) -> String {
        String(hash(name).prefix(count).map { "\($0 % 10)" }.joined().prefix(count))
    }

    /// In the usual form of a UUID.
    static func uuid(_ name: String) -> String {
        let hex = hash(name).prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { hex.dropFirst($0.lowerBound).prefix($0.count) }
        return parts.joined(separator: "-")
    }
}
