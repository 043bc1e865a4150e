import Codes
import Crypto
import Testing

/// FF1 against NIST's published samples, which print radix 10 and 36 in figures and small letters.
struct FF1Tests {
    struct Sample: Sendable {
        let keyBytes: Int
        let radix: UInt32
        let tweak: [UInt8]
        let plain: String
        let permuted: String
    }

    private static let key: [UInt8] = [
        0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6, 0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF, 0x4F, 0x3C,
        0xEF, 0x43, 0x59, 0xD8, 0xD5, 0x80, 0xAA, 0x4F, 0x7F, 0x03, 0x6D, 0x6F, 0x04, 0xFC, 0x6A, 0x94,
    ]
    private static let tweak10 = Array("9876543210".utf8)
    private static let tweak36 = Array("7777pqrs777".utf8)

    static let samples: [Sample] = [
        (16, "2433477484", "6124200773", "a9tv40mll9kdu509eum"),
        (24, "2830668132", "2496655549", "xbj3kv35jrawxv32ysr"),
        (32, "6657667009", "1001623463", "xs8a0azh2avyalyzuwd"),
    ].flatMap { bytes, bare, tweaked, letters in
        [
            Sample(keyBytes: bytes, radix: 10, tweak: [], plain: "0123456789", permuted: bare),
            Sample(keyBytes: bytes, radix: 10, tweak: tweak10, plain: "0123456789", permuted: tweaked),
            Sample(keyBytes: bytes, radix: 36, tweak: tweak36, plain: "0123456789abcdefghi", permuted: letters),
        ]
    }

    private func halves(_ text: String, _ radix: UInt32) throws -> FF1.Halves {
        let middle = text.index(text.startIndex, offsetBy: text.count / 2)
        return FF1.Halves(
            left: try #require(UInt64(text[..<middle], radix: Int(radix))),
            right: try #require(UInt64(text[middle...], radix: Int(radix))))
    }

    @Test(arguments: samples)
    func sample_ofNIST_isReproducedBothWays(_ sample: Sample) throws {
        let key = SymmetricKey(data: Self.key.prefix(sample.keyBytes))
        let permutation = try FF1(key: key, radix: sample.radix, length: sample.plain.count, tweak: sample.tweak)
        let plain = try halves(sample.plain, sample.radix)
        let permuted = try halves(sample.permuted, sample.radix)

        #expect(permutation.encrypt(plain) == permuted)
        #expect(permutation.decrypt(permuted) == plain)
    }

    @Test func strings_ofTheSmallestDomain_areHitOnce() throws {
        // A sample of the smallest domain that the standard allows.
        let permutation = try FF1(key: SymmetricKey(data: Self.key), radix: 2, length: 20, tweak: [])
        var seen = [Bool](repeating: false, count: 1 << 20)
        for value in stride(from: 0, to: UInt64(1) << 20, by: 61) {
            let halves = FF1.Halves(left: value >> 10, right: value & 1_023)
            let permuted = permutation.encrypt(halves)
            let place = Int(permuted.left << 10 | permuted.right)
            #expect(!seen[place] && permutation.decrypt(permuted) == halves)
            seen[place] = true
        }
    }

    @Test(arguments: [(UInt32(1), 20), (2, 19), (2, 1), (10, 40), (70_000, 8), (36, 26)])
    func domain_thatCannotBe_isRefused(radix: UInt32, length: Int) {
        #expect(throws: FF1Error.domainUnusable) {
            try FF1(key: SymmetricKey(data: Self.key), radix: radix, length: length, tweak: [])
        }
    }

    @Test func key_thatIsNoneOfAES_isRefused() {
        #expect(throws: FF1Error.keyUnusable) {
            try FF1(key: SymmetricKey(data: Self.key.prefix(15)), radix: 10, length: 10, tweak: [])
        }
    }
}
