import Kernel
import Testing

struct MoneyTests {
    struct Reading: Sendable {
        let text: String
        let fen: Int64?
    }

    @Test(arguments: [
        Reading(text: "11.77", fen: 1_177), Reading(text: "12", fen: 1_200), Reading(text: "0.5", fen: 50),
        Reading(text: "0.00", fen: 0), Reading(text: "-3.00", fen: -300), Reading(text: "007.10", fen: 710),
        Reading(text: "92233720368547758.07", fen: .max), Reading(text: "-92233720368547758.08", fen: .min),
        Reading(text: "92233720368547758.08", fen: nil), Reading(text: "-92233720368547758.09", fen: nil),
        Reading(text: "99999999999999999999999", fen: nil), Reading(text: "", fen: nil), Reading(text: "-", fen: nil),
        Reading(text: ".5", fen: nil), Reading(text: "5.", fen: nil), Reading(text: "1.234", fen: nil),
        Reading(text: "1.2.3", fen: nil), Reading(text: "+1", fen: nil), Reading(text: "1,000", fen: nil),
        Reading(text: " 1", fen: nil), Reading(text: "1e3", fen: nil), Reading(text: "--1", fen: nil),
        Reading(text: "１", fen: nil), Reading(text: "NaN", fen: nil), Reading(text: "1-", fen: nil),
    ])
    func yuan_asText_readsExactlyOrNotAtAll(reading: Reading) {
        #expect(Money(yuan: reading.text)?.fen == reading.fen)
    }

    @Test(arguments: [Int64.min, -1_00, -5, 0, 7, 99, 100, 2_500_315_63, .max])
    func yuanText_ofAnyAmount_readsBackAsItself(fen: Int64) {
        #expect(Money(yuan: Money(fen: fen).yuanText) == Money(fen: fen))
    }

    @Test func arithmetic_beyond64Bits_throwsInsteadOfTrapping() throws {
        let most = Money(fen: .max)

        #expect(throws: MoneyError.overflow) { try most + Money(fen: 1) }
        #expect(throws: MoneyError.overflow) { try Money(fen: .min) - Money(fen: 1) }
        #expect(throws: MoneyError.overflow) { try most * 2 }
        #expect(throws: MoneyError.overflow) { try [most, most].sum() }
        #expect(try [Money(fen: 1), Money(fen: 2)].sum() == Money(fen: 3))
    }
}
