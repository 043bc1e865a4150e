import FoundationEssentials
import Kernel

/// A line that is fit to be loaded.
struct StagedLine {
    let line: Int32
    /// The line on which the customer first appears.
    let customerLine: Int32
    let externalKey: [UInt8]
    let status: OrderStatus
    let placedAt: Date
    let quantity: Int32
    let amount: Money
    let changedAt: Date
}

/// Reads a file of orders chunk by chunk: what can be loaded, what is refused, and who the customers are.
///
/// It does no I/O. Whatever the bytes are, the answer is lines, refusals or a ``Problem``.
struct ImportReader {
    private let format: ImportFormat
    /// The keyed digest of a customer, which stands for them in keys.
    private let digest: (String) -> [UInt8]
    private var splitter = LineSplitter(lengthMax: ImportLimit.lineBytes.value)
    private var reader: LineReader?
    private var customerNumbers: [[UInt8]: Int32] = [:]
    private var digests: [UInt8] = []
    private var numbersSeen: Set<[UInt8]> = []
    private var contentsSeen: [Content: Int32] = [:]

    /// The lines read since the last ``takeLines()``.
    private var lines: [StagedLine] = []
    /// The customers in the order of their first lines.
    private(set) var customers: [(firstLine: Int32, value: String)] = []
    /// The lines that were refused.
    private(set) var refusals: [(line: Int32, reason: LineRefusal)] = []
    /// How many lines hold, or ought to hold, an order.
    private(set) var lineCount = 0
    /// The number of the last line of the file.
    var lastLine: Int32 { splitter.line }

    /// What identifies an order that has no number; equal ones are counted.
    private struct Content: Hashable {
        let customer: Int32
        let day: Int32
        let quantity: Int32
        let amount: Int64
    }

    /// How much of a customer's digest goes into a key: enough never to meet by chance.
    private static let digestLength = 16

    init(format: ImportFormat, digest: @escaping (String) -> [UInt8]) {
        self.format = format
        self.digest = digest
    }

    mutating func read(_ chunk: [UInt8]) throws(Problem) {
        // Taken out while it calls back: the splitter and the rest of `self` change at once.
        var splitter = self.splitter
        defer { self.splitter = splitter }
        try splitter.read(chunk) { line, bytes throws(Problem) in try take(line, bytes) }
    }

    mutating func finish() throws(Problem) {
        var splitter = self.splitter
        defer { self.splitter = splitter }
        try splitter.finish { line, bytes throws(Problem) in try take(line, bytes) }
        if reader == nil { throw headerUnknown }
    }

    mutating func takeLines() -> [StagedLine] {
        defer { lines.removeAll(keepingCapacity: true) }
        return lines
    }

    private var headerUnknown: Problem {
        let header =
            switch format {
            case .cdnow: "customer_id date number_of_cds dollar_value"
            case .csv: CSVColumns.names.joined(separator: ",")
            }
        return .invalid(
            "Line 1 is not the header of the format \(format.rawValue), which is: \(header)",
            code: "import_header_unknown")
    }

    private mutating func take(_ line: Int32, _ bytes: ArraySlice<UInt8>?) throws(Problem) {
        guard let reader else {
            guard let bytes, let reader = LineReader(format: format, header: bytes) else { throw headerUnknown }
            self.reader = reader
            return
        }
        if let bytes, bytes.allSatisfy({ $0 == UInt8(ascii: " ") }) { return }
        lineCount += 1
        guard lineCount <= ImportLimit.lines.value else {
            throw .contentTooLarge(
                "The file has more than \(ImportLimit.lines.value) lines. \(ImportLimit.lines.reason)")
        }
        do throws(LineRefusal) {
            guard let bytes else { throw .tooLong }
            guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { throw .control }
            try keep(line, try reader.read(bytes))
        } catch {
            refusals.append((line, error))
        }
    }

    private mutating func keep(_ line: Int32, _ order: OrderLine) throws(LineRefusal) {
        let key: [UInt8]
        let customer: Int32
        switch order.identity {
        case .number(let bytes):
            let number = Array(bytes)
            guard !numbersSeen.contains(number) else { throw .repeated }
            guard String(validating: number, as: UTF8.self) != nil else { throw .notText }
            customer = try customerNumber(order.customer, line: line)
            numbersSeen.insert(number)
            key = number
        case .content(let day):
            customer = try customerNumber(order.customer, line: line)
            let content = Content(
                customer: customer, day: day, quantity: order.quantity, amount: order.amount.fen)
            let occurrence = contentsSeen[content, default: 0] + 1
            contentsSeen[content] = occurrence
            key = externalKey(of: content, occurrence: occurrence)
        }
        lines.append(
            StagedLine(
                line: line, customerLine: customers[Int(customer)].firstLine, externalKey: key, status: order.status,
                placedAt: order.placedAt,
                quantity: order.quantity, amount: order.amount, changedAt: order.changedAt))
    }

    private mutating func customerNumber(_ bytes: ArraySlice<UInt8>, line: Int32) throws(LineRefusal) -> Int32 {
        let key = Array(bytes)
        if let known = customerNumbers[key] { return known }
        guard let value = String(validating: key, as: UTF8.self) else { throw .notText }
        let number = Int32(customers.count)
        customerNumbers[key] = number
        customers.append((line, value))
        if format == .cdnow { digests += digest(value).prefix(Self.digestLength) }
        return number
    }

    /// The customer's digest, day, quantity, amount and which of the equal lines this is: 36 bytes.
    private func externalKey(of content: Content, occurrence: Int32) -> [UInt8] {
        let start = Int(content.customer) * Self.digestLength
        var key: [UInt8] = []
        key.reserveCapacity(Self.digestLength + 20)
        key += digests[start..<start + Self.digestLength]
        withUnsafeBytes(of: content.day.bigEndian) { key += $0 }
        withUnsafeBytes(of: content.quantity.bigEndian) { key += $0 }
        withUnsafeBytes(of: content.amount.bigEndian) { key += $0 }
        withUnsafeBytes(of: occurrence.bigEndian) { key += $0 }
        return key
    }
}
