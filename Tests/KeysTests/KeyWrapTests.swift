import Crypto
import Foundation
import Testing

@testable import Keys

struct KeyWrapTests {
    /// RFC 3394, sections 4.1, 4.3, 4.5 and 4.6.
    @Test(arguments: [
        (
            "000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF",
            "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"
        ),
        (
            "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF",
            "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7"
        ),
        (
            "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
            "00112233445566778899AABBCCDDEEFF0001020304050607",
            "A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1"
        ),
        (
            "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
            "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
            "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"
        ),
    ])
    func aesWrap_ofTheRFCsSamples_equalsItsBytes(wrapper: String, key: String, wrapped: String) throws {
        let wrapper = SymmetricKey(data: bytes(wrapper))

        #expect(try aesWrap(bytes(key), with: wrapper) == bytes(wrapped))
        #expect(try aesUnwrap(bytes(wrapped), with: wrapper) == bytes(key))
    }

    @Test func wrapRaw_ofAKey_comesBackAlsoAfterTheMasterRotated() throws {
        let old = KeyRing(try KeyFile(parsing: KeyText.single, path: "master.key"))
        let rotated = KeyRing(try KeyFile(parsing: KeyText.rotated, path: "master.key"))
        let key = Array(UInt8(0)..<32)

        let wrapped = try old.wrapRaw(key, for: .init("batch"))

        #expect(wrapped.count == 45)
        #expect(try rotated.unwrapRaw(wrapped, for: .init("batch")) == key)
        #expect(try rotated.wrapRaw(key, for: .init("batch")) != wrapped)
        #expect(throws: KeysError.unknownKey(2)) {
            try old.unwrapRaw(try rotated.wrapRaw(key, for: .init("batch")), for: .init("batch"))
        }
    }

    @Test func unwrapRaw_underAnotherPurpose_isNotAuthentic() throws {
        let ring = KeyRing.ephemeral()
        let wrapped = try ring.wrapRaw(Array(0..<16), for: .init("batch"))

        #expect(throws: KeysError.notAuthentic) { try ring.unwrapRaw(wrapped, for: .init("other")) }
    }

    @Test(arguments: [0, 8, 15, 17, 31]) func wrapRaw_ofAnOddLength_isRefused(length: Int) {
        #expect(throws: KeysError.unreadable) {
            try KeyRing.ephemeral().wrapRaw([UInt8](repeating: 1, count: length), for: .init("batch"))
        }
    }

    @Test func unwrapRaw_ofDamagedBytes_throwsAndNeverTraps() throws {
        let ring = KeyRing.ephemeral()
        let wrapped = try ring.wrapRaw(Array(0..<32), for: .init("batch"))

        for length in 0..<wrapped.count {
            #expect(throws: KeysError.self) { try ring.unwrapRaw(Array(wrapped.prefix(length)), for: .init("batch")) }
        }
        for position in wrapped.indices {
            var damaged = wrapped
            damaged[position] ^= 0x40
            #expect(throws: KeysError.self) { try ring.unwrapRaw(damaged, for: .init("batch")) }
        }
        #expect(throws: KeysError.self) { try ring.unwrapRaw(wrapped + [0], for: .init("batch")) }
    }

    /// Derived keys are kept: two purposes, two masters and two rings at once must never get each other's.
    @Test func seal_byManyAtOnceForManyPurposes_alwaysOpens() async throws {
        let rings = [KeyRing.ephemeral(), KeyRing.ephemeral()]

        let failures = await withTaskGroup(of: Int.self) { group in
            for task in 0..<16 {
                group.addTask {
                    var failures = 0
                    for round in 0..<200 {
                        let ring = rings[(task + round) % 2]
                        let purpose = KeyRing.Purpose("purpose-\(round % 5)")
                        let text = Array("\(task) \(round)".utf8)
                        let opened = try? ring.open(
                            ring.seal(text, for: purpose, context: []), for: purpose, context: [])
                        failures += opened == text ? 0 : 1
                    }
                    return failures
                }
            }
            return await group.reduce(0, +)
        }

        #expect(failures == 0)
    }

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }
}
