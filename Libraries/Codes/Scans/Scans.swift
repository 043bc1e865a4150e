package import Hooks
package import Kernel

/// Answers scans: what a hook that was checked leads to.
package struct Scans: Sendable {
    /// What a wrong code is answered after, counted from its arrival: a void one takes longer to find out than a forged one.
    package static let floor = Limit<Duration>(
        .milliseconds(20), reason: "longer than what any refusal takes to decide")

    private let directory: CodeDirectory
    private let limits: LimitBook
    private let desk: ScanDesk
    private let tickets: MarketcodeTickets?
    private let counters = ScanCounters()

    /// Answers scans of the batches in `directory`, as far as `limits` allow.
    ///
    /// - Parameter tickets: Who knows the code behind what WeChat gives instead of one.
    package init(directory: CodeDirectory, limits: LimitBook, desk: ScanDesk, tickets: MarketcodeTickets? = nil) {
        self.tickets = tickets
        self.directory = directory
        self.limits = limits
        self.desk = desk
    }

    /// Answers a scan.
    ///
    /// A wrong code, whatever is wrong with it, asks the database nothing, unless it looks like the codes of a file that the brand imported.
    ///
    /// - Parameter arrived: When the request came.
    /// - Throws: ``Problem``; `LimitRefusal`; ``TicketRefusal``; what the transaction threw.
    package func answer(_ delivery: Delivery, arrived: ContinuousClock.Instant) async throws -> StoredAnswer {
        do {
            let answer = try await look(delivery, arrived)
            counters.count(answer)
            return answer
        } catch {
            counters.count(error)
            throw error
        }
    }

    private func look(_ delivery: Delivery, _ arrived: ContinuousClock.Instant) async throws -> StoredAnswer {
        let scan = try ScanBody.read(delivery.body)
        let tries = try ScanTries(
            openid: scan.openid, device: scan.device, ip: scan.ip, delivery, limits, at: arrived)
        try tries.begin()
        let found =
            if let ticket = scan.ticket {
                try await find(ticket, scan, delivery, arrived)
            } else {
                try await directory.find(scan.code, brand: delivery.brand)
            }
        guard let code = found else {
            tries.wrong()
            try await Self.awaitFloor(arrived)
            throw Problem.codeUnknown
        }
        // After the look at the code: whoever guesses is told the same as ever.
        try limits.requireFresh(at: arrived)
        do {
            let answer = try await desk.redeem(
                Scan(
                    delivery: delivery, code: code, openid: scan.openid, unionid: scan.unionid, place: scan.location,
                    device: scan.device))
            tries.right(code, answer)
            return answer
        } catch let problem as Problem where problem == .codeUnknown {
            // A void code counts like a forged one: else whoever is never made to pause knows that it was minted.
            tries.wrong()
            try await Self.awaitFloor(arrived)
            throw problem
        }
    }

    /// The code behind a ticket; nil for one that WeChat does not take, and for a code that the brand did not import.
    ///
    /// WeChat is not asked while it is not known what was tried elsewhere: each ticket costs a call.
    private func find(
        _ ticket: String, _ scan: ScanBody, _ delivery: Delivery, _ arrived: ContinuousClock.Instant
    ) async throws -> GenuineCode? {
        guard let tickets else { throw Problem.ticketsUnsupported }
        try limits.requireFresh(at: arrived)
        guard let code = try await tickets.code(ticket, openid: scan.openid, brand: delivery.brand) else {
            return nil
        }
        return try await directory.find(code, brand: delivery.brand)
    }

    private static func awaitFloor(_ arrived: ContinuousClock.Instant) async throws {
        try await Task.sleep(until: arrived + floor.value, clock: .continuous)
    }
}
