import FoundationEssentials
import Kernel
import Postgres

/// Gifts that were sent, counted together: all of them, or those of a day.
struct ReturnsRow: Sendable {
    let day: CalendarDate?
    let values: [SheetMetric: Int64]
    /// What they are worth, counted by what became of them.
    let worth: Int64

    static let sentMetrics: [SheetMetric] = [
        .sent, .value, .kept, .declined, .expired, .withdrawn, .open, .returned, .returnedValue,
    ]

    /// The same with the rate.
    var figures: [SheetMetric: Int64] {
        var figures = values
        figures[.returnRate] = SheetReport.rate(values[.returnedValue] ?? 0, of: values[.value] ?? 0)
        return figures
    }
}

extension SheetReport {
    private static let returnMetrics: [SheetMetric] =
        ReturnsRow.sentMetrics + [.returnRate, .refundedValue, .refundRate]

    /// What was given in the days asked for and what of it went back, and what went back in these days, until the frame's instant.
    static func returns(_ frame: SheetFrame, on tx: Transaction) async throws -> SheetReport {
        let (brand, scope, asOf) = (frame.query.brand, frame.query.scope, frame.asOf)
        let first = try await tx.run(GiftSheetStatements.firstDay(brand: brand, asOf: asOf))
        let range = try frame.range(firstDay: first.first ?? nil)
        let (sent, refunded, paidOut) = try await tx.pipeline(
            ReturnsSheetStatements.sent(range, scope: scope, brand: brand, asOf: asOf),
            ReturnsSheetStatements.refunded(range, scope: scope, brand: brand, asOf: asOf),
            ReturnsSheetStatements.paidOut(range, scope: scope, brand: brand, asOf: asOf))
        let whole = sent.first { $0.day == nil }
        var total = whole?.figures ?? [:]
        for metric in ReturnsRow.sentMetrics { total[metric, default: 0] += 0 }
        let back = refunded.reduce(0) { $0 + $1.amount }
        total[.refundedValue] = back
        total[.refundRate] = rate(back, of: total[.value] ?? 0)

        let days = sent.compactMap { row in
            row.day.map { SheetRow(id: "\($0)", label: "\($0)", values: row.figures) }
        }
        let valueOf = Dictionary(days.map { ($0.id, $0.values[.value] ?? 0) }) { first, _ in first }
        let refundDays = refunded.map { day, amount in
            let value = valueOf["\(day)"] ?? 0
            var values: [SheetMetric: Int64] = [.refundedValue: amount, .value: value]
            values[.refundRate] = rate(amount, of: value)
            return SheetRow(id: "\(day)", label: "\(day)", values: values)
        }
        func figure(_ metric: SheetMetric) -> Int64 { total[metric] ?? 0 }
        let ends = figure(.kept) + figure(.declined) + figure(.expired) + figure(.withdrawn)
        return frame.report(
            range: range, metrics: returnMetrics, total: total,
            groups: [
                SheetGroup(kind: .day, metrics: ReturnsRow.sentMetrics + [.returnRate], rows: days),
                SheetGroup(kind: .refundDay, metrics: [.refundedValue, .value, .refundRate], rows: refundDays),
            ],
            balances: [
                SheetBalance(identity: .fatesAddUp, left: figure(.sent), right: ends + figure(.open)),
                SheetBalance(identity: .valueAddsUp, left: figure(.value), right: whole?.worth ?? 0),
                SheetBalance(identity: .returnedIsPaidOut, left: figure(.returnedValue), right: paidOut.first ?? 0),
                SheetBalance(
                    identity: .valueIsSumOfDays, left: figure(.value),
                    right: days.reduce(0) { $0 + ($1.values[.value] ?? 0) }),
            ])
    }

    /// A part of a whole in hundredths of a percent, halves upwards; nil of nothing.
    static func rate(_ part: Int64, of whole: Int64) -> Int64? {
        guard whole > 0 else { return nil }
        // Money of a brand is far from where this overflows; where it would, there is no rate.
        let (scaled, overflow) = part.multipliedReportingOverflow(by: 20_000)
        return overflow ? nil : (scaled + whole) / (2 * whole)
    }
}
