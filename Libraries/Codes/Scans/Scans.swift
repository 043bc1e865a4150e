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
    private let counters = ScanCounters()

    /// Answers scans of the batches in `directory`, as far as `limits` allow.
    package init(directory: CodeDirectory, limits: LimitBook, desk: ScanDesk) {
        self.directory = directory
        self.limits = limits
        self.desk = desk
    }

    /// Answers a scan.
    ///
    /// A wrong code, whatever is wrong with it, asks the database nothing, unless it looks like the codes of a file that the brand imported.
    ///
    /// - Parameter arrived: When the request came.
    /// - Throws: ``Problem``; `LimitRefusal`; what the transaction threw.
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
        guard let code = try await directory.find(scan.code, brand: delivery.brand) else {
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

    private static func awaitFloor(_ arrived: ContinuousClock.Instant) async throws {
        try await Task.sleep(until: arrived + floor.value, clock: .continuous)
    }
}
