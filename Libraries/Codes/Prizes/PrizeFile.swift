package import Kernel

/// The file in which a brand writes its prizes down: CSV, one prize a line, the best first.
///
/// ```
/// name,kind,points,cost,count
/// Grand prize,item,0,5000.00,10
/// 100 points,points,100,1.00,1000
/// ```
///
/// Costs are yuan with at most two decimals. Names hold no comma and no quotation mark. A sixth column, `campaign`, names the draw that a
/// prize of kind redraw is a right to; it is empty for other prizes, and may be left out where there are no rights. A seventh and an eighth,
/// `threshold` and `days`, say from how many yuan on a coupon takes its cost off an order, and for how many days; they are empty for other prizes,
/// and may be left out where there are no coupons.
package enum PrizeFile {
    /// The first line, with this spelling.
    package static let header = "name,kind,points,cost,count"
    /// The first line of a file with rights to draws.
    package static let headerWithDraws = header + ",campaign"
    /// The first line of a file with coupons.
    package static let headerWithCoupons = headerWithDraws + ",threshold,days"

    /// Reads the file.
    ///
    /// - Throws: ``Problem`` 422 that names the line.
    package static func prizes(_ text: String) throws(Problem) -> [PrizeRequest] {
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        let first = (lines.first ?? "").trimmingPrefix("\u{FEFF}")
        let headers = [header, headerWithDraws, headerWithCoupons]
        guard headers.contains(where: { $0 == first }) else {
            throw malformed(1, "the first line must read \(headers.map { "`\($0)`" }.joined(separator: " or "))")
        }
        let columns = first.count(where: { $0 == "," }) + 1
        var prizes: [PrizeRequest] = []
        for (offset, line) in lines.enumerated().dropFirst() where !line.isEmpty {
            prizes.append(try prize(line, offset + 1, columns: columns))
        }
        return prizes
    }

    private static func prize(_ line: Substring, _ number: Int, columns: Int) throws(Problem) -> PrizeRequest {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == columns, !line.contains("\"") else {
            throw malformed(number, "\(columns) fields without quotation marks are needed")
        }
        guard let kind = PrizeKind(rawValue: String(fields[1])) else {
            throw malformed(number, "the kind is one of \(PrizeKind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard let points = Int32(fields[2].isEmpty ? "0" : fields[2]) else {
            throw malformed(number, "the points are a whole number")
        }
        guard let cost = Money(yuan: fields[3]) else {
            throw malformed(number, "the cost is yuan with at most two decimals")
        }
        guard let count = Int64(fields[4]) else { throw malformed(number, "the count is a whole number") }
        let campaign = columns > 5 && !fields[5].isEmpty ? String(fields[5]) : nil
        return PrizeRequest(
            name: String(fields[0]), kind: kind, points: points, cost: cost, count: count, campaign: campaign,
            coupon: try coupon(fields.dropFirst(6), number))
    }

    private static func coupon(_ fields: ArraySlice<Substring>, _ number: Int) throws(Problem) -> CouponTerms? {
        guard let first = fields.first, let last = fields.last, !first.isEmpty || !last.isEmpty else { return nil }
        guard let threshold = Money(yuan: first), let days = Int32(last) else {
            throw malformed(number, "the threshold is yuan with at most two decimals, the days are a whole number")
        }
        return CouponTerms(threshold: threshold, days: days)
    }

    private static func malformed(_ line: Int, _ what: String) -> Problem {
        .invalid("Line \(line) of the prizes: \(what).", code: "prize_malformed")
    }
}
