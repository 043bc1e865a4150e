import Foundation
import Keys
import Testing

struct KeyRotationTests {
    private let purpose = KeyRing.Purpose("test")

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "siyu-keys-\(UUID().uuidString.lowercased())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func staged_opensAndDoesNotSeal_promoted_sealsAndRingsFollow() throws {
        try withFolder { folder in
            let service = try KeyRing.create(folder: folder)
            let old = try service.seal([1], for: purpose, context: [])
            #expect(try KeyRing.staged(folder: folder) == nil)

            #expect(try KeyRing.stage(folder: folder) == 2)
            #expect(try KeyRing.staged(folder: folder) == 2)
            #expect(try KeyRing.load(folder: folder).masterKeyIDs == [1, 2])
            #expect(try KeyRing.promote(folder: folder) == 2)
            let operators = try KeyRing.load(folder: folder)
            #expect(operators.masterKeyIDs == [2, 1])

            // A ring that was read before the rotation opens what it never heard of.
            let new = try #require(try operators.resealed(old, for: purpose, context: []))
            #expect(Array(new[1...4]) == [0, 0, 0, 2])
            #expect(try service.open(new, for: purpose, context: []) == [1])
            #expect(try operators.resealed(new, for: purpose, context: []) == nil)
            #expect(try service.seal([1], for: purpose, context: [])[4] == 2)
        }
    }

    @Test func removed_opensNothingMore_andTheSealingKeyStays() throws {
        try withFolder { folder in
            let old = try KeyRing.create(folder: folder).seal([1], for: purpose, context: [])
            #expect(throws: KeysError.sealing(1)) { try KeyRing.remove(1, folder: folder) }
            _ = try KeyRing.stage(folder: folder)
            _ = try KeyRing.promote(folder: folder)
            #expect(throws: KeysError.sealing(2)) { try KeyRing.remove(2, folder: folder) }
            #expect(throws: KeysError.unknownKey(9)) { try KeyRing.remove(9, folder: folder) }

            try KeyRing.remove(1, folder: folder)

            let ring = try KeyRing.load(folder: folder)
            #expect(ring.masterKeyIDs == [2])
            #expect(throws: KeysError.unknownKey(1)) { try ring.open(old, for: purpose, context: []) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["master.key"])
        }
    }

    @Test func file_thatIsBrokenOrAnothers_changesNothing() throws {
        try withFolder { folder in
            let ring = try KeyRing.create(folder: folder)
            let sealed = try ring.seal([1], for: purpose, context: [])
            let stranger = folder + "-other"
            defer { try? FileManager.default.removeItem(atPath: stranger) }
            _ = try KeyRing.create(folder: stranger)
            _ = try KeyRing.stage(folder: stranger)
            let foreign = try String(contentsOfFile: stranger + "/master.key", encoding: .utf8)

            for text in ["nonsense", foreign] {
                try text.write(toFile: folder + "/master.key", atomically: true, encoding: .utf8)
                chmod(folder + "/master.key", 0o600)

                // A number that the ring does not know makes it look at the file.
                #expect(throws: KeysError.unknownKey(2)) {
                    try ring.open([1, 0, 0, 0, 2] + sealed[5...], for: purpose, context: [])
                }
                #expect(try ring.open(sealed, for: purpose, context: []) == [1])
            }
        }
    }

    @Test func rotations_atOnce_addOneKeyEach() async throws {
        let folder = NSTemporaryDirectory() + "siyu-keys-\(UUID().uuidString.lowercased())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try KeyRing.create(folder: folder)

        let ids = try await withThrowingTaskGroup(of: UInt32.self) { group in
            for _ in 0..<8 { group.addTask { try KeyRing.stage(folder: folder) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }

        #expect(ids.sorted() == [2, 3, 4, 5, 6, 7, 8, 9])
        #expect(try KeyRing.load(folder: folder).masterKeyIDs.sorted() == Array(1...9))
    }

    @Test func rawWrapped_isWrappedAnew() throws {
        try withFolder { folder in
            let ring = try KeyRing.create(folder: folder)
            let key = [UInt8](repeating: 7, count: 32)
            let old = try ring.wrapRaw(key, for: purpose)
            #expect(try ring.rewrappedRaw(old, for: purpose) == nil)
            _ = try KeyRing.stage(folder: folder)
            _ = try KeyRing.promote(folder: folder)

            let operators = try KeyRing.load(folder: folder)
            let new = try #require(try operators.rewrappedRaw(old, for: purpose))
            #expect(new != old && new[4] == 2)
            #expect(try operators.unwrapRaw(new, for: purpose) == key)
            #expect(try operators.unwrapRaw(old, for: purpose) == key)
        }
    }
}
