import FoundationEssentials
import Kernel

/// Lines of our own format: the columns below in any order, others are ignored.
///
/// Quoting is RFC 4180's, except that a line end always ends the order: no column needs one inside.
struct CSVColumns {
    static let names = ["order_no", "customer", "placed_at", "quantity", "amount", "status", "updated_at"]

    /// Where each of `names` stands.
    private let positions: [Int]
    private let count: Int

    init?(header: ArraySlice<UInt8>) {
        guard let fields = try? Self.split(header) else { return nil }
        let found = fields.map { String(decoding: $0, as: UTF8.self) }
        var positions: [Int] = []
        for name in Self.names {
            guard let position = found.firstIndex(of: name), found.lastIndex(of: name) == position else { return nil }
            positions.append(position)
        }
        self.positions = positions
        self.count = found.count
    }

    func read(_ line: ArraySlice<UInt8>) throws(LineRefusal) -> OrderLine {
        let fields = try Self.split(line)
        guard fields.count == count else { throw .columns }
        let number = fields[positions[0]]
        guard Field.isText(number, lengthMax: ImportLimit.orderNumberBytes.value) else { throw .orderNumber }
        let customer = fields[positions[1]]
        guard Field.isText(customer, lengthMax: ImportLimit.customerBytes.value) else { throw .customer }
        guard let placedAt = Field.instant(fields[positions[2]]) else { throw .placedAt }
        let quantity = try Field.quantity(fields[positions[3]])
        let amount = try Field.amount(fields[positions[4]])
        guard let status = OrderStatus(rawValue: String(decoding: fields[positions[5]], as: UTF8.self)) else {
            throw .status
        }
        guard let changedAt = Field.instant(fields[positions[6]]) else { throw .updatedAt }
        return OrderLine(
            customer: customer, identity: .number(number), status: status, placedAt: placedAt, quantity: quantity,
            amount: amount, changedAt: changedAt)
    }

    /// The fields of a line; only quoted ones with a quote inside are copied.
    static func split(_ line: ArraySlice<UInt8>) throws(LineRefusal) -> [ArraySlice<UInt8>] {
        let (comma, quote) = (UInt8(ascii: ","), UInt8(ascii: "\""))
        var fields: [ArraySlice<UInt8>] = []
        var start = line.startIndex
        while true {
            var end = start
            if start < line.endIndex, line[start] == quote {
                fields.append(try unquoted(line, &end))
            } else {
                end = line[start...].firstIndex(of: comma) ?? line.endIndex
                guard !line[start..<end].contains(quote) else { throw .quotes }
                fields.append(line[start..<end])
            }
            if end == line.endIndex { return fields }
            guard line[end] == comma else { throw .quotes }
            start = end + 1
        }
    }

    /// The quoted field that begins at `index`, which is moved behind it.
    private static func unquoted(
        _ line: ArraySlice<UInt8>, _ index: inout Int
    ) throws(LineRefusal) -> ArraySlice<UInt8> {
        let quote = UInt8(ascii: "\"")
        let first = index + 1
        guard var end = line[first...].firstIndex(of: quote) else { throw .quotes }
        var value = line[first..<end]
        while end + 1 < line.endIndex, line[end + 1] == quote {
            let from = end + 2
            guard let next = line[from...].firstIndex(of: quote) else { throw .quotes }
            value = (Array(value) + [quote] + line[from..<next])[...]
            end = next
        }
        index = end + 1
        return value
    }
}
