import Codes
import Foundation
import Kernel
import Postgres
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

struct LabelTests {
    private static let facts = BatchFacts(
        lot: "L<26>", madeOn: CalendarDate("2026-11-01"), bestBefore: CalendarDate("2027-11-01"),
        linkBase: "HTTPS://CODES.EXAMPLE.COM")

    /// Drawn by another encoder (segno 1.6.6, level M).
    private static let drawn = """
        #######...####..###.#.#######
        #.....#.#..#..####..#.#.....#
        #.###.#..##..##.#...#.#.###.#
        #.###.#..#.#.###.#..#.#.###.#
        #.###.#.###...#.......#.###.#
        #.....#...#..#...###..#.....#
        #######.#.#.#.#.#.#.#.#######
        .........#..###.#...#........
        #.#.#.#...###.####.##...#..#.
        .....#..#####.##.##..#.##..#.
        ####..#.##.###..##..#..##..##
        ..#.....#...#..#.##.##..##...
        ##.#..#...##....#.####.###.##
        #####..#..#..#.#....#.###.###
        ......#...##..###.######.####
        #.#.##.###..###.##.#.#.##.###
        #...####...#..##...##...###..
        .#####.##..#..#.#.#####..#.##
        #..##.####..##..#.#....##....
        .#.##....##.#..#...#.#.###...
        #...#.#.###.#..##.########..#
        ........#.####.###.##...#...#
        #######...###.#.###.#.#.#.#.#
        #.....#......##....##...#..#.
        #.###.#.##..#.###.#.#####.#..
        #.###.#..#.#..#.#..#.#...##..
        #.###.#.###.####.########...#
        #.....#..#...###.#.###.#..###
        #######.#####.##.##..#####..#
        """

    private func grid(_ symbol: QRSymbol) -> String {
        (0..<symbol.side).map { y in
            (0..<symbol.side).map { symbol.isDark($0, y) ? "#" : "." }.joined()
        }.joined(separator: "\n")
    }

    @Test func c01_labelsOfASheet_holdTheirCodes() throws {
        let text = "HTTPS://CODES.EXAMPLE.COM/C/K7QX3AE5NMHJEKADES5S"
        let symbol = try QRSymbol(text)
        #expect(text.count == 48 && symbol.version == 3 && symbol.side == 29)
        #expect(grid(symbol) == Self.drawn)

        let batch = try KeyRingFixture().batch(count: 100, facts: Self.facts)
        let sheet = try LabelSheet(batch)
        let html = try sheet.html(40..<90)
        let page = try Drawing(html)

        #expect(page.labels == (40..<90).map { batch.cipher.code(at: $0).description })
        #expect(page.paths.count == 50)
        for (index, path) in zip(Int64(40)..., page.paths) {
            #expect(sheet.text(at: index) == "HTTPS://CODES.EXAMPLE.COM/C/\(batch.cipher.code(at: index))")
            #expect(try grid(of: path, side: 29) == grid(QRSymbol(sheet.text(at: index))))
        }
        // Three pages: 24, 24 and 2.
        #expect(html.components(separatedBy: "class=\"page\"").count == 4)
        #expect(html.contains("批号 L&lt;26&gt;") && html.contains("保质期至 2027-11-01"))
        #expect(try sheet.html(40..<90) == html, "the same bytes again")
    }

    @Test func label_asAFile_isWellFormedAndReadableByPeople() throws {
        let batch = try KeyRingFixture().batch(count: 100, facts: Self.facts)
        let svg = try LabelSheet(batch).svg(at: 7)
        let drawing = try Drawing(svg)
        let code = batch.cipher.code(at: 7).description

        #expect(drawing.root == "svg" && drawing.paths.count == 1)
        #expect(try grid(of: try #require(drawing.paths.first), side: 29) == grid(LabelSheet(batch).symbol(at: 7)))
        let caption = stride(from: 0, to: 20, by: 4).map { code.dropFirst($0).prefix(4) }.joined(separator: " ")
        #expect(svg.contains(">\(caption)</text>") && svg.contains("width=\"18.5mm\""))
    }

    /// Capacities of the standard: what a level adds may need a larger symbol.
    @Test(arguments: [
        (LabelContent.url, QRLevel.low, 3), (.url, .medium, 3), (.url, .quartile, 4), (.url, .high, 4),
        (.code, .medium, 1), (.gs1, .medium, 4),
    ])
    func symbol_isTheSmallestThatHoldsItsText(content: LabelContent, level: QRLevel, version: Int) throws {
        var facts = Self.facts
        facts.gtin = "06901234567892"
        let batch = try KeyRingFixture().batch(count: 100, facts: facts)

        #expect(try LabelSheet(batch, content: content, level: level).symbol(at: 0).version == version)
    }

    @Test func texts_thatTheModeDoesNotKnow_areRefused() {
        #expect(throws: QRSymbol.Fault.notAlphanumeric) { try QRSymbol("https://x") }
        #expect(throws: QRSymbol.Fault.notAlphanumeric) { try QRSymbol("码") }
        #expect(throws: QRSymbol.Fault.notAlphanumeric) { try QRSymbol("") }
        #expect(throws: QRSymbol.Fault.tooLong) { try QRSymbol(String(repeating: "A", count: 4_297), level: .low) }
        // 3,391 characters are the most at this level.
        #expect(throws: QRSymbol.Fault.tooLong) { try QRSymbol(String(repeating: "A", count: 3_392)) }
        #expect(throws: Never.self) { try QRSymbol(String(repeating: "A", count: 3_391)) }
    }

    @Test func labels_ofCodesThatAreNotOurs_orWithoutAnAddress_orTooMany_areRefused() throws {
        let plain = try KeyRingFixture().batch(count: 200_000)
        #expect(throws: Problem.self) { try LabelSheet(plain) }
        let sheet = try LabelSheet(plain, content: .code)
        let refused: [Range<Int64>] = [-1..<2, 0..<0, 199_999..<200_001, 0..<100_001]
        for range in refused { #expect(throws: Problem.self, "\(range)") { try sheet.check(range) } }
        #expect(throws: Never.self) { try sheet.check(100_000..<200_000) }
    }

    /// The modules that a path draws, one unit each, the quiet zone left out.
    private func grid(of path: String, side: Int) throws -> String {
        var rows = Array(repeating: Array(repeating: ".", count: side), count: side)
        for match in path.matches(of: /M(\d+) (\d+)h(\d+)v1h-(\d+)z/) {
            let (x, y) = (try #require(Int(match.1)) - 4, try #require(Int(match.2)) - 4)
            let length = try #require(Int(match.3))
            #expect(match.3 == match.4 && rows[y][x] == ".")
            for place in x..<x + length { rows[y][place] = "#" }
        }
        return rows.map { $0.joined() }.joined(separator: "\n")
    }
}

/// What an XML parser finds in a drawing; it throws where the text is not well-formed.
private final class Drawing: NSObject, XMLParserDelegate {
    private(set) var root: String?
    private(set) var labels: [String] = []
    private(set) var paths: [String] = []

    init(_ text: String) throws {
        super.init()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = self
        guard parser.parse() else { throw try #require(parser.parserError) }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        root = root ?? name
        if name == "svg", let label = attributes["aria-label"] { labels.append(label) }
        if name == "path", let data = attributes["d"] { paths.append(data) }
    }
}
