import Foundation
import WeChat

// WeChat's codes in the stand-in's book: what was applied for, what is active, and who has scanned. Pure values.

/// Codes as a service account asked for them.
struct AppliedCodes: Codable, Equatable {
    /// The account's number of the application.
    let ownID: String
    /// Ours.
    let number: Int64
    let count: Int64
}

/// Codes that were activated: both ends are part of it.
struct ActivatedCodes: Codable, Equatable {
    let number: Int64
    let first: Int64
    let last: Int64
    let activity: MarketcodeActivity

    func holds(_ index: Int64) -> Bool { first <= index && index <= last }
}

/// A scan: what the phone gets instead of the code.
struct ScanTicket: Codable, Equatable {
    let ticket: String
    let number: Int64
    let index: Int64
    let openID: String
}

/// What the book knows of codes.
struct MarketcodeShelf {
    struct Application {
        let asked: AppliedCodes
        let appliedAt: Date
        var activations: [ActivatedCodes] = []
    }

    struct Ticket {
        let scan: ScanTicket
        let at: Date
    }

    /// By the account's own number.
    private(set) var applications: [String: Application] = [:]
    /// The account's number by ours.
    private(set) var ownIDs: [Int64: String] = [:]
    private(set) var tickets: [String: Ticket] = [:]

    /// For how long a ticket can be exchanged.
    static let ticketLife: TimeInterval = 300
    /// WeChat's numbers begin somewhere.
    static let firstNumber: Int64 = 581_865_877

    // MARK: Applying events

    mutating func apply(_ asked: AppliedCodes, at instant: Date) {
        applications[asked.ownID] = Application(asked: asked, appliedAt: instant)
        ownIDs[asked.number] = asked.ownID
    }

    mutating func apply(_ activated: ActivatedCodes) throws(BookDamage) {
        guard let ownID = ownIDs[activated.number] else { throw BookDamage() }
        applications[ownID]?.activations.append(activated)
    }

    mutating func apply(_ scan: ScanTicket, at instant: Date) {
        tickets[scan.ticket] = Ticket(scan: scan, at: instant)
    }

    // MARK: Looking

    func application(_ number: Int64) -> Application? { ownIDs[number].flatMap { applications[$0] } }

    func activation(of index: Int64, in number: Int64) -> ActivatedCodes? {
        application(number)?.activations.first { $0.holds(index) }
    }

    // MARK: Decisions

    /// Accepts an application, once per number of the account.
    func accept(ownID: String, count: Int64) throws(PayRefusal) -> [BookEvent] {
        guard (1...128).contains(ownID.utf8.count) else { throw .parameter("isv_application_id") }
        guard MarketcodeClient.countRange.contains(count), count % MarketcodeClient.countStep == 0 else {
            throw .parameter("code_count")
        }
        if let known = applications[ownID] {
            guard known.asked.count == count else { throw .parameter("isv_application_id: another code_count") }
            return []
        }
        let number = Self.firstNumber + Int64(applications.count)
        return [.codesApplied(AppliedCodes(ownID: ownID, number: number, count: count))]
    }

    /// The packages of an application; none before they are made.
    func packages(of application: Application, codes: Int64, after seconds: Double, now: Date) -> [MarketcodeChunk] {
        guard application.appliedAt.addingTimeInterval(seconds) <= now else { return [] }
        return stride(from: 0, to: application.asked.count, by: Int(codes)).map {
            MarketcodeChunk(first: $0, last: min($0 + codes, application.asked.count) - 1)
        }
    }

    /// Activates codes that are made, once: whoever does it again is refused, whatever they say.
    func activate(_ asked: ActivatedCodes, after seconds: Double, now: Date) throws(PayRefusal) -> [BookEvent] {
        guard let application = application(asked.number),
            application.appliedAt.addingTimeInterval(seconds) <= now
        else { throw .parameter("application_id") }
        guard asked.first >= 0, asked.first <= asked.last, asked.last < application.asked.count else {
            throw .parameter("code_start, code_end")
        }
        guard !application.activations.contains(where: { $0.first <= asked.last && asked.first <= $0.last }) else {
            throw .invalid("the codes are active already")
        }
        return [.codesActivated(asked)]
    }

    /// Somebody scans a code: an active one alone leads anywhere.
    func scan(_ number: Int64, _ index: Int64, openID: String) throws(PayRefusal) -> [BookEvent] {
        guard activation(of: index, in: number) != nil else { throw .invalid("the code is not active") }
        let ticket = "t" + Draw.uuid("ticket|\(number)|\(index)|\(tickets.count)").filter { $0 != "-" }
        return [.codeScanned(ScanTicket(ticket: ticket, number: number, index: index, openID: openID))]
    }

    /// What a ticket stands for: for whoever scanned, and for a while.
    func exchange(_ ticket: String, openID: String, now: Date) throws(PayRefusal) -> ScanTicket {
        guard let known = tickets[ticket], known.scan.openID == openID,
            now.timeIntervalSince(known.at) < Self.ticketLife
        else { throw .parameter("code_ticket") }
        return known.scan
    }
}

/// The codes themselves: a permutation of the numbers below 41⁹, so that none is there twice.
enum MarketcodeText {
    /// Without the characters that are hard to see or to quote.
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*+-.".utf8)
    private static let size: UInt64 = 327_381_934_393_961
    private static let factor: UInt64 = 198_491_912_473_985
    private static let shift: UInt64 = 271_828_182_845_904

    /// The nine characters of a code.
    static func code(_ index: Int64, of number: Int64) -> String {
        let ordinal = UInt64(number - MarketcodeShelf.firstNumber)
        let place = (ordinal * UInt64(MarketcodeClient.countRange.upperBound) + UInt64(index)) % size
        let product = place.multipliedFullWidth(by: factor)
        var rest = (size.dividingFullWidth(product).remainder + shift) % size
        var characters: [UInt8] = []
        for _ in 0..<9 {
            characters.append(alphabet[Int(rest % 41)])
            rest /= 41
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// The 28 characters of its symbol.
    static func link(_ code: String) -> String { "P.URL.CN/0\(code)\(String(code.reversed()))" }

    /// A package of codes: lines of link, code and index.
    static func lines(_ chunk: MarketcodeChunk, of number: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(chunk.count) * 48)
        for index in chunk.first...chunk.last {
            let code = code(index, of: number)
            bytes += "\(link(code))\t\(code)\t\(index)\n".utf8
        }
        return bytes
    }
}
