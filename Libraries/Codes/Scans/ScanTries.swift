import Hooks
import Kernel

/// Whose tries a scan is, or an entry in a draw: the person's, and the device's and the network's as far as the sender tells.
struct ScanTries {
    private let limits: LimitBook
    private let delivery: Delivery
    private let arrived: ContinuousClock.Instant
    private let member: LimitSubject
    private let device: LimitSubject?
    private let network: LimitSubject?

    /// - Throws: ``Problem`` 422 for an address that is none.
    init(
        openid: String, device: String?, ip: String?, _ delivery: Delivery, _ limits: LimitBook,
        at arrived: ContinuousClock.Instant
    ) throws(Problem) {
        let brand = delivery.brand
        self.limits = limits
        self.delivery = delivery
        self.arrived = arrived
        member = LimitSubject(.member, openid, brand: brand)
        self.device = device.flatMap { $0.isEmpty ? nil : LimitSubject(.device, $0, brand: brand) }
        network = try Self.address(ip).map { LimitSubject(networkOf: $0, brand: brand) }
    }

    /// The address that was told; nil for one that many share who have nothing else in common, as a proxy's.
    private static func address(_ text: String?) throws(Problem) -> NetworkAddress? {
        guard let text, !text.isEmpty else { return nil }
        guard let address = NetworkAddress(text) else {
            throw .invalid("`ip` is the person's IPv4 or IPv6 address; leave it out where it is not known.")
        }
        return address.isPublic ? address : nil
    }

    /// Refuses whoever has to pause, and counts the request.
    func begin() throws(LimitRefusal) {
        try limits.requireNoPause(of: member, at: arrived)
        if let device { try limits.requireNoPause(of: device, at: arrived) }
        guard let network else { return }
        try limits.requireNoPause(of: network, at: arrived)
        limits.used(network, at: arrived)
    }

    /// Counts a wrong code, or a right to draw that there is not.
    func wrong() {
        limits.wrong(member, delivery: delivery, at: arrived)
        if let device { limits.wrong(device, delivery: delivery, at: arrived) }
        if let network { limits.wrong(network, delivery: delivery, at: arrived) }
    }

    /// Notes a code that is right, and counts what it redeemed.
    func right(_ code: GenuineCode, _ answer: StoredAnswer) {
        limits.right(member, at: arrived)
        if let device { limits.right(device, at: arrived) }
        guard ScanOutcome(of: answer)?.isRedemption == true else { return }
        var hasher = Hasher()
        hasher.combine(code.key)
        limits.used(member, hasher.finalize(), at: arrived)
    }
}
