package import Hooks
package import Kernel

/// Why a scan was not looked at.
package struct TooManyWrongCodes: Error, Hashable, Sendable {
    /// How long to wait.
    package let pause: Duration

    /// The refusal that its caller reads.
    package var problem: Problem {
        Problem(
            status: 429, code: "too_many_wrong_codes", title: "Too many requests",
            detail: "This person tried too many wrong codes: wait as long as the Retry-After header says.")
    }
}

/// Answers scans: what a hook that was checked leads to.
package struct Scans: Sendable {
    /// What a wrong code is answered after, counted from its arrival: a void one takes longer to find out than a forged one.
    package static let floor = Limit<Duration>(
        .milliseconds(20), reason: "longer than what any refusal takes to decide")

    private let directory: CodeDirectory
    private let wrongCodes: WrongCodes
    private let desk: ScanDesk

    /// Answers scans of the batches in `directory`.
    package init(directory: CodeDirectory, wrongCodes: WrongCodes = WrongCodes(), desk: ScanDesk) {
        self.directory = directory
        self.wrongCodes = wrongCodes
        self.desk = desk
    }

    /// Answers a scan.
    ///
    /// A wrong code, whatever is wrong with it, asks the database nothing, unless it looks like the codes of a file that the brand imported.
    ///
    /// - Parameter arrived: When the request came.
    /// - Throws: ``Problem``; ``TooManyWrongCodes``; what the transaction threw.
    package func answer(_ delivery: Delivery, arrived: ContinuousClock.Instant) async throws -> StoredAnswer {
        let scan = try ScanBody.read(delivery.body)
        let brand = delivery.brand
        if let pause = wrongCodes.pause(of: scan.openid, brand: brand, at: arrived) {
            throw TooManyWrongCodes(pause: pause)
        }
        guard let code = try await directory.find(scan.code, brand: brand) else {
            wrongCodes.wrong(by: scan.openid, brand: brand, delivery: delivery, at: arrived)
            try await Self.awaitFloor(arrived)
            throw Problem.codeUnknown
        }
        do {
            let answer = try await desk.redeem(
                Scan(
                    delivery: delivery, code: code, openid: scan.openid, unionid: scan.unionid, place: scan.location,
                    device: scan.device))
            wrongCodes.right(by: scan.openid, brand: brand, at: arrived)
            return answer
        } catch let problem as Problem where problem == .codeUnknown {
            // A void code counts like a forged one: else whoever is never made to pause knows that it was minted.
            wrongCodes.wrong(by: scan.openid, brand: brand, delivery: delivery, at: arrived)
            try await Self.awaitFloor(arrived)
            throw problem
        }
    }

    private static func awaitFloor(_ arrived: ContinuousClock.Instant) async throws {
        try await Task.sleep(until: arrived + floor.value, clock: .continuous)
    }
}
