import FoundationEssentials
import Kernel
import Testing

@testable import Orders

struct ImportReaderTests {
    private static let cdnowHeader = " customer_id  date number_of_cds  dollar_value\r\n"
    private static let csvHeader = "order_no,customer,placed_at,quantity,amount,status,updated_at\n"

    private func read(
        _ bytes: [UInt8], as format: ImportFormat, chunk: Int = 1_000_000
    ) throws -> (lines: [StagedLine], reader: ImportReader) {
        var reader = ImportReader(format: format) { customer in
            Array(customer.utf8.prefix(16)) + [UInt8](repeating: 0, count: 16)
        }
        var lines: [StagedLine] = []
        var start = 0
        while start < bytes.count {
            try reader.read(Array(bytes[start..<min(bytes.count, start + chunk)]))
            lines += reader.takeLines()
            start += chunk
        }
        try reader.finish()
        return (lines + reader.takeLines(), reader)
    }

    @Test(arguments: [1, 2, 3, 7, 64, 1_000])
    func read_linesSplitOverChunks_readsTheSame(chunk: Int) throws {
        let text =
            "\u{FEFF}" + Self.cdnowHeader
            + " 00001 19970101  1   11.77\r\n\n 00002 19970112  5   77.00\n 00003 19970101 1 0.00"

        let (lines, reader) = try read(Array(text.utf8), as: .cdnow, chunk: chunk)

        #expect(lines.map(\.line) == [2, 4, 5])
        #expect(lines.map(\.amount.fen) == [1_177, 7_700, 0])
        #expect(lines.map(\.quantity) == [1, 5, 1])
        #expect(lines[0].placedAt == Date(timeIntervalSince1970: 852_048_000))
        #expect(reader.customers.map(\.value) == ["00001", "00002", "00003"])
        #expect(reader.refusals.isEmpty)
        #expect(reader.lineCount == 3)
    }

    @Test func cdnow_equalLines_areCountedApart() throws {
        let line = " 00001 19970101  1   11.77\r\n"

        let (lines, reader) = try read(Array((Self.cdnowHeader + line + line + line).utf8), as: .cdnow)

        #expect(Set(lines.map(\.externalKey)).count == 3)
        #expect(lines.allSatisfy { $0.externalKey.count == 36 })
        #expect(reader.customers.count == 1)
    }

    struct Refused: Sendable {
        let line: String
        let reason: LineRefusal
    }

    @Test(arguments: [
        Refused(line: "00001 19970101 1", reason: .columns), Refused(line: "1 19970101 1 1.00 x", reason: .columns),
        Refused(line: "x1 19970101 1 1.00", reason: .customer), Refused(line: "1 19970230 1 1.00", reason: .date),
        Refused(line: "1 19971301 1 1.00", reason: .date), Refused(line: "1 970101 1 1.00", reason: .date),
        Refused(line: "1 19970101 0 1.00", reason: .quantity), Refused(line: "1 19970101 -1 1.00", reason: .quantity),
        Refused(line: "1 19970101 9999999999 1.00", reason: .quantity),
        Refused(line: "1 19970101 1 1.001", reason: .amount), Refused(line: "1 19970101 1 -1.00", reason: .amount),
        Refused(line: "1 19970101 1 99999999999999999999", reason: .amount),
        Refused(line: "1 19970101 1 1000000000.01", reason: .amount),
        Refused(line: "1 19970101\0 1 1.00", reason: .control), Refused(line: "1\t19970101 1 1.00", reason: .control),
        Refused(line: String(repeating: "1", count: 5_000), reason: .tooLong),
    ])
    func cdnow_badLine_isRefusedWithItsNumber(refused: Refused) throws {
        let good = " 00001 19970101  1   11.77\r\n"

        let (lines, reader) = try read(
            Array((Self.cdnowHeader + good + refused.line + "\r\n" + good).utf8), as: .cdnow, chunk: 100)

        #expect(lines.map(\.line) == [2, 4])
        #expect(reader.refusals.map(\.line) == [3])
        #expect(reader.refusals.map(\.reason) == [refused.reason])
        #expect(reader.lineCount == 3)
    }

    @Test func cdnow_invalidUTF8_isRefused() throws {
        let bytes = Array(Self.cdnowHeader.utf8) + [0xFF, 0xFE] + Array(" 19970101 1 1.00".utf8)

        #expect(try read(bytes, as: .cdnow).reader.refusals.map(\.reason) == [.customer])
    }

    @Test(arguments: ["", "\n", "customer date\n", "order_no,customer\n", "\u{FEFF}"])
    func read_withoutTheHeader_refusesTheFile(text: String) {
        for format in ImportFormat.allCases {
            let problem = #expect(throws: Problem.self) { try read(Array(text.utf8), as: format) }
            #expect(problem?.code == "import_header_unknown")
        }
    }

    @Test func csv_quotedFieldsAndOtherColumns_areRead() throws {
        let text = #"""
            note,order_no,updated_at,status,amount,quantity,placed_at,customer
            "a, ""b"" c",A-1,2026-01-31T09:30:00.5+08:00,paid,12.30,2,2026-01-31T01:30:00Z,"张 ""三"""
            ,"A-2",2026-01-31T01:30:00Z,cancelled,0,1,2026-01-30T23:59:59.999999-01:30,x

            """#

        let (lines, reader) = try read(Array(text.utf8), as: .csv)

        #expect(reader.refusals.isEmpty)
        #expect(lines.map { String(decoding: $0.externalKey, as: UTF8.self) } == ["A-1", "A-2"])
        #expect(reader.customers.map(\.value) == ["张 \"三\"", "x"])
        #expect(lines[0].placedAt == Date(timeIntervalSince1970: 1_769_823_000))
        #expect(lines[0].changedAt == Date(timeIntervalSince1970: 1_769_823_000.5))
        #expect(lines[1].placedAt.timeIntervalSince1970 == 1_769_822_999.999999)
        #expect(lines.map(\.status) == [.paid, .cancelled])
    }

    @Test(arguments: [
        Refused(line: "A,x,2026-01-31T09:30:00Z,1,1.00,paid", reason: .columns),
        Refused(line: "\"A,x,2026-01-31T09:30:00Z,1,1.00,paid,2026-01-31T09:30:00Z", reason: .quotes),
        Refused(line: "\"A\"b,x,2026-01-31T09:30:00Z,1,1.00,paid,2026-01-31T09:30:00Z", reason: .quotes),
        Refused(line: "A\"b,x,2026-01-31T09:30:00Z,1,1.00,paid,2026-01-31T09:30:00Z", reason: .quotes),
        Refused(line: ",x,2026-01-31T09:30:00Z,1,1.00,paid,2026-01-31T09:30:00Z", reason: .orderNumber),
        Refused(line: "A, ,2026-01-31T09:30:00Z,1,1.00,paid,2026-01-31T09:30:00Z", reason: .customer),
        Refused(line: "A,x,2026-02-29T09:30:00Z,1,1.00,paid,2026-01-31T09:30:00Z", reason: .placedAt),
        Refused(line: "A,x,2026-01-31T09:30:00,1,1.00,paid,2026-01-31T09:30:00Z", reason: .placedAt),
        Refused(line: "A,x,2026-01-31T24:30:00Z,1,1.00,paid,2026-01-31T09:30:00Z", reason: .placedAt),
        Refused(line: "A,x,2026-01-31T09:30:00Z,1,1.00,lost,2026-01-31T09:30:00Z", reason: .status),
        Refused(line: "A,x,2026-01-31T09:30:00Z,1,1.00,paid,yesterday", reason: .updatedAt),
        Refused(line: "OK,x,2026-01-31T09:30:00Z,1,1.00,paid,2026-01-31T09:30:00Z", reason: .repeated),
    ])
    func csv_badLine_isRefusedWithItsNumber(refused: Refused) throws {
        let good = "OK,x,2026-01-31T09:30:00Z,1,1.00,paid,2026-01-31T09:30:00Z\n"

        let (lines, reader) = try read(Array((Self.csvHeader + good + refused.line).utf8), as: .csv)

        #expect(lines.map(\.line) == [2])
        #expect(reader.refusals.map(\.line) == [3])
        #expect(reader.refusals.map(\.reason) == [refused.reason])
    }

    @Test func read_randomBytes_refusesWithoutTrapping() throws {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("0123456789 .,\"\r\n\0-:TZ+xA".utf8) + [0xFF, 0xC3, 0x28]
        for format in ImportFormat.allCases {
            let header = format == .cdnow ? Self.cdnowHeader : Self.csvHeader
            for _ in 0..<300 {
                let noise = (0..<Int.random(in: 0...400, using: &generator)).compactMap { _ in
                    alphabet.randomElement(using: &generator)
                }

                let (lines, reader) = try read(
                    Array(header.utf8) + noise, as: format, chunk: .random(in: 1...50, using: &generator))

                #expect(lines.count + reader.refusals.count == reader.lineCount)
            }
        }
    }

    @Test(arguments: [
        (1970, 1, 1, 0), (2000, 2, 29, 11_016), (1997, 1, 1, 9_862), (2026, 12, 31, 20_818), (2100, 3, 1, 47_541),
    ])
    func day_ofTheCalendar_countsFrom1970(year: Int, month: Int, day: Int, expected: Int) {
        #expect(Field.day(year: Int32(year), month: Int32(month), day: Int32(day)) == Int32(expected))
    }

    @Test func next_forEachState_isDecidedWithoutADatabase() {
        func record(
            _ state: ImportState, refused: Int = 0, mode: ImportMode = .allOrNothing, isDryRun: Bool = false
        ) -> ImportRecord {
            ImportRecord(
                id: .mint(),
                request: ImportRequest(brand: .mint(), shop: .mint(), format: .csv, mode: mode, isDryRun: isDryRun),
                state: state, job: UUID(), lines: 24, refused: refused, lastLine: 25, checkpointLine: 0,
                added: 0,
                changed: 0, unchanged: 0, createdAt: .now, updatedAt: .now)
        }

        #expect(ImportStep.next(for: record(.accepted)) == .load)
        #expect(ImportStep.next(for: record(.accepted, refused: 1)) == .refuse)
        #expect(
            ImportStep.next(for: record(.accepted, refused: 1, mode: .skipBad)) == .load)
        #expect(ImportStep.next(for: record(.accepted, isDryRun: true)) == .check)
        for state in [ImportState.loading, .loaded, .refused, .checked] {
            #expect(ImportStep.next(for: record(state)) == .none)
        }
    }
}
