import Hooks
import Kernel

/// Whose tries a scan is: the person's, and the device's and the network's as far as the sender tells.
struct ScanTries {
    private let limits: LimitBook
    private let delivery: Delivery
    private let arrived: ContinuousClock.Instant
    private let member: LimitSubject
    private let device: LimitSubject?
    private let network: LimitSubject?

    /// - Throws: ``Problem`` 422 for an address that is none.
    init(
        _ scan: ScanBody, _ delivery: Delivery, _ limits: LimitBook, at arrived: ContinuousClock.Instant
    ) throws(Problem) {
        let brand = delivery.brand
        self.limits = limits
        self.delivery = delivery
        self.arrived = arrived
        member = LimitSubject(.member, scan.openid, brand: brand)
        device = scan.device.map { LimitSubject(.device, $0, brand: brand) }
        if let ip = scan.ip {
            guard let address = NetworkAddress(ip) else {
                throw .invalid("`ip` is the person's IPv4 or IPv6 address; leave it out where it is not known.")
            }
            network = LimitSubject(networkOf: address, brand: brand)
        } else {
            network = nil
        }
    }

    /// Refuses whoever has to pause, and counts the request.
    func begin() throws(LimitRefusal) {
        try limits.requireNoPause(of: member, at: arrived)
        if let device { try limits.requireNoPause(of: device, at: arrived) }
        guard let network else { return }
        try limits.requireNoPause(of: network, at: arrived)
        limits.used(network, at: arrived)
    }

    /// Counts a wrong code.
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
