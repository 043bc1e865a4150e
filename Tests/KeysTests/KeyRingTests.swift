import Crypto
import Foundation
import Testing

@testable import Keys

/// The expected bytes were computed with Python's `hmac` and `cryptography` from the three keys of `KeyText.rotated`:
/// HKDF-SHA256 with an empty salt, then HMAC-SHA256 or AES-256-GCM with the nonce 00…0b.
struct KeyRingTests {
    private let ring: KeyRing

    init() throws {
        ring = KeyRing(try KeyFile(parsing: KeyText.rotated, path: "master.key"))
    }

    @Test func blindIndex_ofKnownKey_equalsIndependentVector() throws {
        let brand = try #require(UUID(uuidString: "0199aa00-0000-7000-8000-000000000001"))

        let index = ring.blindIndex(brand: brand, kind: "phone", value: "13800138000")

        #expect(hex(index) == "875d218f962ab08ed01f498c2621fb9afc26ca5f2ed439993a3e7f2bfb9889be")
    }

    @Test func sign_withTwoMasters_usesTheNewest() {
        let signature = ring.sign(Array("hello".utf8), for: .session)

        #expect(hex(signature) == "4fec0304a6c2590997659cf967661c2f5bcb16e043da58e46b296c49e7f53025")
    }

    @Test func open_ofVectorSealedWithOlderMaster_yieldsPlaintext() throws {
        let sealed = unhex("0100000001000102030405060708090a0bc57b29823889d4a135d2e2e102181920d42eac45a15b")

        let plaintext = try ring.open(sealed, for: .init("note"), context: Array("row-1".utf8))

        #expect(String(decoding: plaintext, as: UTF8.self) == "上海")
    }

    @Test func blindIndex_whenMastersRotate_staysTheSame() throws {
        let before = KeyRing(try KeyFile(parsing: KeyText.single, path: "master.key"))
        let brand = UUID()

        #expect(before.masterKeyIDs == [1])
        #expect(ring.masterKeyIDs == [2, 1])
        #expect(
            before.blindIndex(brand: brand, kind: "phone", value: "1")
                == ring.blindIndex(brand: brand, kind: "phone", value: "1"))
    }

    @Test func blindIndex_ofOtherBrandKindOrValue_differs() {
        let brand = UUID()
        let indexes = [
            ring.blindIndex(brand: brand, kind: "phone", value: "1"),
            ring.blindIndex(brand: UUID(), kind: "phone", value: "1"),
            ring.blindIndex(brand: brand, kind: "phon", value: "e1"),
            ring.blindIndex(brand: brand, kind: "phone", value: "2"),
        ]

        #expect(Set(indexes).count == indexes.count)
        #expect(indexes.allSatisfy { $0.count == 32 })
    }

    @Test func seal_twice_yieldsDifferentBytesThatBothOpen() throws {
        let first = try ring.seal([1, 2, 3], for: .session, context: [])
        let second = try ring.seal([1, 2, 3], for: .session, context: [])

        #expect(first != second)
        #expect(try ring.open(first, for: .session, context: []) == [1, 2, 3])
        #expect(try ring.open(second, for: .session, context: []) == [1, 2, 3])
        #expect(Array(first[..<5]) == [1, 0, 0, 0, 2])
    }

    @Test func open_underOtherPurposeOrContext_isNotAuthentic() throws {
        let sealed = try ring.seal([1], for: .init("a"), context: [7])

        #expect(throws: KeysError.notAuthentic) { try ring.open(sealed, for: .init("b"), context: [7]) }
        #expect(throws: KeysError.notAuthentic) { try ring.open(sealed, for: .init("a"), context: [8]) }
    }

    @Test func open_whenMasterIsGone_namesTheMissingKey() throws {
        let before = KeyRing(try KeyFile(parsing: KeyText.single, path: "master.key"))
        let sealed = try ring.seal([1], for: .session, context: [])

        #expect(throws: KeysError.unknownKey(2)) { try before.open(sealed, for: .session, context: []) }
    }

    @Test func open_ofDamagedBytes_throwsAndNeverTraps() throws {
        let sealed = try ring.seal(Array("secret".utf8), for: .session, context: [])

        for length in 0..<sealed.count {
            #expect(throws: KeysError.self) { try ring.open(Array(sealed[..<length]), for: .session, context: []) }
        }
        for position in sealed.indices {
            var damaged = sealed
            damaged[position] ^= 0x40
            #expect(throws: KeysError.self) { try ring.open(damaged, for: .session, context: []) }
        }
    }

    @Test func dataKey_wrappedAndUnwrapped_opensWhatItSealed() throws {
        let key = DataKey.generate()
        let sealed = try key.seal(Array("张三".utf8), context: [1])
        let wrapped = try ring.wrap(key, context: [9])

        let unwrapped = try ring.unwrap(wrapped, context: [9])

        #expect(try unwrapped.open(sealed, context: [1]) == Array("张三".utf8))
        #expect(throws: KeysError.notAuthentic) { try ring.unwrap(wrapped, context: [8]) }
        #expect(throws: KeysError.notAuthentic) { try unwrapped.open(sealed, context: [2]) }
        #expect(throws: KeysError.notAuthentic) { try DataKey.generate().open(sealed, context: [1]) }
        #expect(throws: KeysError.unreadable) { try key.open([], context: []) }
    }

    @Test func isValid_afterRotation_stillAcceptsOlderSignatures() throws {
        let before = KeyRing(try KeyFile(parsing: KeyText.single, path: "master.key"))
        let signature = before.sign([1, 2], for: .session)

        #expect(ring.isValid(signature: signature, of: [1, 2], for: .session))
        #expect(!ring.isValid(signature: signature, of: [1, 3], for: .session))
        #expect(!ring.isValid(signature: signature, of: [1, 2], for: .init("other")))
        #expect(!ring.isValid(signature: [], of: [1, 2], for: .session))
    }

    @Test func description_ofRingAndDataKey_showsNoKey() {
        var dumped = ""
        dump(ring, to: &dumped)
        dump(DataKey.generate(), to: &dumped)

        #expect("\(ring)" == "KeyRing([2, 1])")
        #expect("\(DataKey.generate())" == "DataKey(…)")
        #expect(dumped.split(separator: "\n").count == 2)
    }
}

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

private func unhex(_ text: String) -> [UInt8] {
    var rest = Substring(text)
    var bytes: [UInt8] = []
    while let byte = UInt8(rest.prefix(2), radix: 16) {
        bytes.append(byte)
        rest = rest.dropFirst(2)
    }
    return bytes
}
