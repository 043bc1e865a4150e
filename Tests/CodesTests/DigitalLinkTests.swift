import Codes
import Testing

struct DigitalLinkTests {
    private func link(_ uri: String) throws(DigitalLink.Fault) -> DigitalLink {
        let parts = uri.split(separator: "?", maxSplits: 1)
        let path = parts[0].drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }
        return try DigitalLink(path: String(path), query: parts.count > 1 ? String(parts[1]) : nil)
    }

    /// Accepted by GS1's own syntax engine, which read the same values.
    @Test(arguments: [
        ("https://id.example.cn/01/06901234567892/10/L2025A/21/S00000001", nil, "L2025A", "S00000001"),
        ("https://id.example.cn/p/01/06901234567892/21/A%2FB%25%2B1", nil, nil, "A/B%+1"),
        ("https://id.example.cn/01/06901234567892/22/2A/10/L1/21/X1?17=261231", "2A", "L1", "X1"),
        ("HTTPS://ID.EXAMPLE.CN/01/06901234567892/21/X1", nil, nil, "X1"),
        ("https://id.example.cn/01/06901234567892/21/X1?linkType=gs1:pip&17=261231&foo=bar", nil, nil, "X1"),
    ])
    func goodLinks_areRead(uri: String, variant: String?, lot: String?, serial: String?) throws {
        let link = try link(uri)

        #expect(link.gtin == "06901234567892" && link.variant == variant && link.lot == lot && link.serial == serial)
    }

    /// Refused by GS1's own syntax engine.
    @Test(
        arguments: [
            ("https://id.example.cn/01/6901234567892/21/X1", .gtin), ("https://a.cn/01/02345673/21/X1", .gtin),
            ("https://id.example.cn/01/06901234567892/21/X1/10/L1", .order),
            ("https://id.example.cn/01/06901234567893/21/X1", .gtin),
            ("https://id.example.cn/01/06901234567892/21/SSSSSSSSSSSSSSSSSSSSS", .value),
            ("https://id.example.cn/01/06901234567892?21=X1", .query),
            ("https://id.example.cn/01/06901234567892/21/X1?10=L1", .query),
            ("https://id.example.cn/gtin/06901234567892/ser/X1", .incomplete),
            ("https://id.example.cn/01/06901234567892/21/X%201", .value),
            // Our own.
            ("https://id.example.cn/01/06901234567892/21", .incomplete), ("https://id.example.cn/01", .incomplete),
            ("https://id.example.cn/01/06901234567892/21/", .value),
            ("https://id.example.cn/01/06901234567892/21/X1/21/X2", .order),
            ("https://id.example.cn/01/06901234567892/21/%E4%B8%83", .value),
            ("https://id.example.cn/01/06901234567892/21/%ZZ", .value),
            ("https://id.example.cn/01/0690123456789２/21/X1", .gtin),
        ] as [(String, DigitalLink.Fault)])
    func badLinks_areRefused(uri: String, fault: DigitalLink.Fault) {
        #expect(throws: fault) { try link(uri) }
    }

    @Test(arguments: ["09506000134352", "09506000134376", "09521234543213", "06901234567892", "00000002345673"])
    func publishedGTINs_fitTheirCheckDigit(gtin: String) {
        #expect(GS1.gtin(gtin) == gtin)
        // Every single wrong digit is found.
        for place in 0..<14 {
            var digits = Array(gtin)
            for digit in "0123456789" where digit != digits[place] {
                let right = digits[place]
                digits[place] = digit
                #expect(GS1.gtin(String(digits)) == nil)
                digits[place] = right
            }
        }
    }
}
