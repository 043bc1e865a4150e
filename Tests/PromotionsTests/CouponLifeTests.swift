import Foundation
import Kernel
import Promotions
import Testing

/// What is decided about a coupon, as a value.
struct CouponLifeTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let order = ID<Order>.mint()

    /// Twenty yuan off a hundred, good for one more day.
    private static func coupon(
        _ state: CouponState, for order: ID<Order>? = nil, usedAt: Date = now, givenBackAt: Date? = nil
    ) -> CouponRecord {
        CouponRecord(
            id: .mint(), origin: UUID(), person: .mint(), name: "x", off: Money(fen: 2_000),
            threshold: Money(fen: 10_000), state: state, uses: order == nil ? 0 : 1,
            expiresAt: now.addingTimeInterval(86_400), updatedAt: now,
            last: order.map {
                CouponUseRecord(
                    id: .mint(), number: 1, order: $0, shop: .mint(), usedAt: usedAt, givenBackAt: givenBackAt)
            })
    }

    private func word(_ step: CouponStep) -> String {
        switch step {
        case .use: "use"
        case .giveBack(let end): "back \(Int(end.timeIntervalSince(Self.now)))"
        case .expire: "expire"
        case .unchanged: "unchanged"
        case .notYet(let instant): "later \(Int(instant.timeIntervalSince(Self.now)))"
        case .refused(let problem): problem.code
        }
    }

    @Test(
        arguments: [
            // 80 yuan are left to pay of 100.
            (coupon(.granted), .use(order, due: Money(fen: 8_000)), 0, "use"),
            (coupon(.granted), .use(order, due: Money(fen: 7_999)), 0, "below_threshold"),
            (coupon(.granted), .use(order, due: .zero), 0, "order_over"),
            (coupon(.granted), .use(order, due: Money(fen: .max)), 0, "use"),
            (coupon(.granted), .use(order, due: Money(fen: 8_000)), 86_400, "use"),
            (coupon(.granted), .use(order, due: Money(fen: 8_000)), 86_400.001, "coupon_expired"),
            (coupon(.expired), .use(order, due: Money(fen: 8_000)), 0, "coupon_expired"),
            (coupon(.used, for: order), .use(order, due: Money(fen: 1)), 90_000, "unchanged"),
            (coupon(.used, for: .mint()), .use(order, due: Money(fen: 8_000)), 0, "coupon_used"),
            (coupon(.used, for: order), .follow(order, isReturned: true), 0, "back 86400"),
            // An hour was left when it was used: an hour is left again, however late the money comes back.
            (
                coupon(.used, for: order, usedAt: now.addingTimeInterval(82_800)), .follow(order, isReturned: true),
                864_000, "back 867600"
            ),
            (coupon(.used, for: order), .follow(order, isReturned: false), 0, "unchanged"),
            (coupon(.used, for: .mint()), .follow(order, isReturned: true), 0, "unchanged"),
            (coupon(.granted, for: order, givenBackAt: now), .follow(order, isReturned: false), 0, "use"),
            (coupon(.granted, for: order, givenBackAt: now), .follow(order, isReturned: true), 0, "unchanged"),
            (coupon(.expired, for: order, givenBackAt: now), .follow(order, isReturned: false), 0, "unchanged"),
            (coupon(.granted), .expire, 86_400, "later 86400"), (coupon(.granted), .expire, 86_400.001, "expire"),
            (coupon(.used, for: order), .expire, 90_000, "unchanged"), (coupon(.expired), .expire, 0, "unchanged"),
        ] as [(CouponRecord, CouponCommand, TimeInterval, String)])
    func decision(coupon: CouponRecord, command: CouponCommand, after: TimeInterval, expected: String) {
        #expect(word(CouponStep.decide(coupon, command, now: Self.now.addingTimeInterval(after))) == expected)
    }

    @Test func shownState_ofACouponWhoseTimeIsOver_doesNotWaitForAJob() {
        #expect(Self.coupon(.granted).shownState(now: Self.now.addingTimeInterval(86_400)) == .granted)
        #expect(Self.coupon(.granted).shownState(now: Self.now.addingTimeInterval(86_401)) == .expired)
        #expect(Self.coupon(.used, for: .mint()).shownState(now: Self.now.addingTimeInterval(86_401)) == .used)
    }
}
