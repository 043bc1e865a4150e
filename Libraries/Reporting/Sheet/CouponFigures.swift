import FoundationEssentials
import Kernel
import Postgres

/// What became of the coupons of a batch or of a draw, as it was read.
struct CouponFatesRow: Sendable {
    let origin: UUID
    let used: Int64
    let open: Int64
    let expired: Int64
}

/// The coupons of batches and draws by what they come from: issued as the books have it, the rest as the rows do.
struct CouponFigures: Sendable {
    static let metrics: [SheetMetric] = [.couponsIssued, .couponsUsed, .couponsOpen, .couponsExpired]

    private let issued: [UUID: Int64]
    private let fates: [UUID: CouponFatesRow]

    /// Reads them as of an instant.
    init(brand: ID<Brand>, asOf: Date, on tx: Transaction) async throws {
        let (issued, fates) = try await tx.pipeline(
            CouponSheetStatements.issued(brand: brand, asOf: asOf),
            CouponSheetStatements.fates(brand: brand, asOf: asOf))
        self.issued = Dictionary(issued.map { ($0.origin, $0.count) }) { first, _ in first }
        self.fates = Dictionary(fates.map { ($0.origin, $0) }) { first, _ in first }
    }

    /// The figures of one batch, or of one draw.
    func values(of origin: UUID) -> [SheetMetric: Int64] {
        let fate = fates[origin]
        return [
            .couponsIssued: issued[origin] ?? 0, .couponsUsed: fate?.used ?? 0, .couponsOpen: fate?.open ?? 0,
            .couponsExpired: fate?.expired ?? 0,
        ]
    }

    /// Every coupon is used, open or over.
    static func balance(_ total: [SheetMetric: Int64]) -> SheetBalance {
        SheetBalance(
            identity: .couponsAddUp, left: total[.couponsIssued] ?? 0,
            right: [.couponsUsed, .couponsOpen, .couponsExpired].reduce(0) { $0 + (total[$1] ?? 0) })
    }
}
