import Foundation
import Testing

@testable import Keys

/// Key files of fixed keys: 00…1f is the index key, 20…3f master key 1, 40…5f master key 2.
enum KeyText {
    static let single = """
        # development keys
        index:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
        1:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=
        """
    static let rotated = """
        index:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=

        2:QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=  # since 2026-10
        1:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=
        """
}

struct KeyFileTests {
    private static let key = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8="

    @Test(arguments: [
        ("", 1), ("index:\(key)", 1), ("1:\(key)", 1), ("1:\(key)\nindex:\(key)\n1:\(key)", 3),
        ("index:\(key)\nindex:\(key)\n1:\(key)", 2), ("index:\(key)\n0:\(key)", 2), ("index:\(key)\n-1:\(key)", 2),
        ("index:\(key)\n1 \(key)", 2), ("index:\(key)\n1:AAAA", 2), ("index:\(key)\n1:nonsense!", 2),
        ("index:\(key)\n4294967296:\(key)", 2),
    ])
    func parsing_malformedText_namesTheLineAndNoKey(text: String, line: Int) throws {
        let error = #expect(throws: KeysError.self) { try KeyFile(parsing: text, path: "master.key") }

        #expect(error?.description.hasPrefix("master.key, line \(line): ") == true)
        #expect(error?.description.contains("QEFC") == false)
    }

    @Test func create_inNewFolder_writesPrivateFileThatLoads() throws {
        try withFolder { folder in
            let keys = folder + "/keys"

            let created = try KeyRing.create(folder: keys)

            #expect(try mode(keys) == 0o700)
            #expect(try mode(keys + "/master.key") == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: keys) == ["master.key"])
            let sealed = try created.seal([1], for: .session, context: [])
            #expect(try KeyRing.load(folder: keys).open(sealed, for: .session, context: []) == [1])
        }
    }

    @Test func create_overExistingFile_isRefusedAndLeavesIt() throws {
        try withFolder { folder in
            _ = try KeyRing.create(folder: folder)
            let before = try String(contentsOfFile: folder + "/master.key", encoding: .utf8)

            #expect(throws: KeysError.exists(path: folder + "/master.key")) { try KeyRing.create(folder: folder) }

            #expect(try String(contentsOfFile: folder + "/master.key", encoding: .utf8) == before)
        }
    }

    @Test func load_ofExposedFileOrFolder_saysWhichChmodHelps() throws {
        try withFolder { folder in
            _ = try KeyRing.create(folder: folder)

            chmod(folder + "/master.key", 0o640)
            let file = #expect(throws: KeysError.self) { try KeyRing.load(folder: folder) }
            #expect(file?.isPermission == true)
            #expect(file?.description.hasSuffix("run chmod 0600 \(folder)/master.key.") == true)

            chmod(folder + "/master.key", 0o400)
            _ = try KeyRing.load(folder: folder)

            chmod(folder, 0o755)
            let directory = #expect(throws: KeysError.self) { try KeyRing.load(folder: folder) }
            #expect(directory?.description.hasSuffix("run chmod 0700 \(folder).") == true)
        }
    }

    @Test func load_ofMissingOrWrongThings_explainsItself() throws {
        try withFolder { folder in
            #expect(throws: KeysError.missing(path: folder + "/none")) { try KeyRing.load(folder: folder + "/none") }
            #expect(throws: KeysError.missing(path: folder + "/master.key")) { try KeyRing.load(folder: folder) }

            mkdir(folder + "/master.key", 0o700)
            #expect(throws: KeysError.wrongKind(path: folder + "/master.key")) { try KeyRing.load(folder: folder) }
            #expect(KeysError.missing(path: folder).isPermission == false)
        }
    }

    @Test func load_ofBinaryOrHugeFile_isMalformed() throws {
        try withFolder { folder in
            for bytes in [Data([0xff, 0xfe, 0]), Data(repeating: 35, count: KeyFile.sizeMax + 1)] {
                try bytes.write(to: URL(fileURLWithPath: folder + "/master.key"))
                chmod(folder + "/master.key", 0o600)

                let error = #expect(throws: KeysError.self) { try KeyRing.load(folder: folder) }

                #expect(error?.description.hasSuffix("this is not a key file.") == true)
            }
        }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "siyu-keys-\(UUID().uuidString.lowercased())"
        #expect(mkdir(folder, 0o700) == 0)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}
