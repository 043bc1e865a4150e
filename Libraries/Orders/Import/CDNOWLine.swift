import FoundationEssentials
import Kernel

/// Lines of the CDNOW purchases: ` 00001 19970101  1   11.77`, after one header line.
///
/// There is no order number, and some lines repeat another exactly: two equal purchases on one day are two orders. Amounts are read as
/// yuan, days begin at 00:00+08:00.
enum CDNOWLine {
    static func isHeader(_ line: ArraySlice<UInt8>) -> Bool {
        let words = line.split(separator: UInt8(ascii: " "))
        return words.map { String(decoding: $0, as: UTF8.self) }
            == ["customer_id", "date", "number_of_cds", "dollar_value"]
    }

    static func read(_ line: ArraySlice<UInt8>) throws(LineRefusal) -> OrderLine {
        var rest = line
        guard let customer = nextField(&rest), let date = nextField(&rest), let discs = nextField(&rest),
            let amount = nextField(&rest), nextField(&rest) == nil
        else { throw .columns }
        guard Field.number(customer) != nil else { throw .customer }
        guard date.count == 8, let year = Field.number(date.prefix(4)),
            let month = Field.number(date.dropFirst(4).prefix(2)), let dayOfMonth = Field.number(date.suffix(2)),
            let day = Field.day(year: year, month: month, day: dayOfMonth)
        else { throw .date }
        let placedAt = Date(timeIntervalSince1970: Double(Int64(day) * 86_400 - 8 * 3_600))
        return OrderLine(
            customer: customer, identity: .content(day: day), status: .paid, placedAt: placedAt,
            quantity: try Field.quantity(discs), amount: try Field.amount(amount), changedAt: placedAt)
    }

    private static func nextField(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let start = rest.firstIndex(where: { $0 != UInt8(ascii: " ") }) else { return nil }
        let end = rest[start...].firstIndex(of: UInt8(ascii: " ")) ?? rest.endIndex
        defer { rest = rest[end...] }
        return rest[start..<end]
    }
}
