import Crypto
import Foundation

/// The text of `master.key`: one key per line, `#` starts a comment.
///
///     index:<base64 of 32 bytes>
///     2:<base64 of 32 bytes>
///     1:<base64 of 32 bytes>
///
/// The numbered lines are the master keys, newest first: the first seals, all of them open. The `index` line, exactly one,
/// keys the blind indexes. It stands apart because it cannot rotate: changing it would orphan every stored index.
struct KeyFile {
    /// The master keys, newest first, with their numbers.
    var masters: [(id: UInt32, key: SymmetricKey)]
    /// The key under all blind indexes.
    var index: SymmetricKey

    /// A key is this long in every line: AES-256, and a full-entropy input of HKDF-SHA256.
    static let keyLength = 32
    /// A file larger than this is no key file; it holds hundreds of rotations.
    static let sizeMax = 64 * 1024

    /// New random keys: one master key, number 1, and an index key.
    static func generate() -> KeyFile {
        KeyFile(masters: [(1, SymmetricKey(size: .bits256))], index: SymmetricKey(size: .bits256))
    }

    /// Reads the text; `path` is for error messages only.
    init(parsing text: String, path: String) throws(KeysError) {
        var masters: [(id: UInt32, key: SymmetricKey)] = []
        var index: SymmetricKey?
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let entry = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
            if entry.isEmpty { continue }
            func malformed(_ reason: String) -> KeysError { .malformed(path: path, line: number, reason: reason) }

            guard let colon = entry.firstIndex(of: ":") else { throw malformed("expected <number>:<base64 key>") }
            guard let bytes = Data(base64Encoded: String(entry[entry.index(after: colon)...])),
                bytes.count == Self.keyLength
            else { throw malformed("the key is not base64 of \(Self.keyLength) bytes") }
            let key = SymmetricKey(data: bytes)

            if entry[..<colon] == "index" {
                guard index == nil else { throw malformed("a second index key") }
                index = key
            } else {
                guard let id = UInt32(entry[..<colon]), id > 0 else {
                    throw malformed("the key's number is not 1 or more")
                }
                guard !masters.contains(where: { $0.id == id }) else {
                    throw malformed("key number \(id) stands twice")
                }
                masters.append((id, key))
            }
        }
        guard !masters.isEmpty else { throw .malformed(path: path, line: number, reason: "no master key") }
        guard let index else { throw .malformed(path: path, line: number, reason: "no index key") }
        self.init(masters: masters, index: index)
    }

    private init(masters: [(id: UInt32, key: SymmetricKey)], index: SymmetricKey) {
        self.masters = masters
        self.index = index
    }

    /// The text of the file.
    var text: String {
        func base64(_ key: SymmetricKey) -> String { key.withUnsafeBytes { Data($0).base64EncodedString() } }
        var lines = [
            "# Master keys of Siyu, newest first. Losing this file loses every sealed value.", "index:\(base64(index))",
        ]
        lines += masters.map { "\($0.id):\(base64($0.key))" }
        return lines.joined(separator: "\n") + "\n"
    }
}

// MARK: - On disk

extension KeyFile {
    /// Reads `folder/master.key` after checking that only its owner can.
    static func read(folder: String) throws(KeysError) -> KeyFile { try readStamped(folder: folder).file }

    /// Which file was read; another one has another stamp.
    struct Stamp: Equatable, Sendable {
        let inode: UInt64
        let size: Int64
        let seconds: Int64
        let nanoseconds: Int64

        fileprivate init(_ status: stat) {
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            seconds = Int64(status.st_mtim.tv_sec)
            nanoseconds = Int64(status.st_mtim.tv_nsec)
        }
    }

    /// The stamp of the file that is there now; nil if there is none.
    static func stamp(folder: String) -> Stamp? {
        var status = stat()
        return stat(folder + "/master.key", &status) == 0 ? Stamp(status) : nil
    }

    /// ``read(folder:)`` with the stamp of what was read.
    static func readStamped(folder: String) throws(KeysError) -> (file: KeyFile, stamp: Stamp) {
        try check(folder, kind: S_IFDIR, mode: 0o700)
        let path = folder + "/master.key"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        // The opened file is checked, not its name: what is read is what was looked at.
        let status = try check(path, kind: S_IFREG, mode: 0o600, descriptor: descriptor)

        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= sizeMax {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw failure("read", path) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard bytes.count <= sizeMax, let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed(path: path, line: 1, reason: "this is not a key file")
        }
        return (try KeyFile(parsing: text, path: path), Stamp(status))
    }

    /// Writes `folder/master.key`; makes the folder if need be, never touches an existing file.
    ///
    /// The text is written under another name and linked, so that a crash leaves either no key file or a whole one.
    func write(folder: String) throws(KeysError) {
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw Self.failure("mkdir", folder) }
        try Self.check(folder, kind: S_IFDIR, mode: 0o700)

        let path = folder + "/master.key"
        let draft = try draft(path)
        defer { unlink(draft) }
        guard link(draft, path) == 0 else {
            throw errno == EEXIST ? .exists(path: path) : Self.failure("link", path)
        }
        try Self.keepName(in: folder)
    }

    /// Changes `folder/master.key` in one step: a crash leaves the old file or the new one, never half of one.
    ///
    /// Whoever else changes it at the same moment waits.
    static func change(
        folder: String, _ change: (inout KeyFile) throws(KeysError) -> Void
    ) throws(KeysError) -> KeyFile {
        try check(folder, kind: S_IFDIR, mode: 0o700)
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failure("open", folder) }
        defer { close(directory) }
        guard flock(directory, LOCK_EX) == 0 else { throw failure("flock", folder) }

        var file = try read(folder: folder)
        try change(&file)
        let path = folder + "/master.key"
        let draft = try file.draft(path)
        guard rename(draft, path) == 0 else {
            let fault = failure("rename", path)
            unlink(draft)
            throw fault
        }
        try keepName(in: folder)
        return file
    }

    /// Writes the text to a new file beside `path`, and returns its name.
    private func draft(_ path: String) throws(KeysError) -> String {
        let draft = path + ".\(UUID().uuidString.lowercased())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("open", draft) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            let fault = Self.failure("write", draft)
            unlink(draft)
            throw fault
        }
        return draft
    }

    /// The name too must survive a power cut: what is sealed from now on is lost without it.
    private static func keepName(in folder: String) throws(KeysError) {
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failure("open", folder) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw failure("fsync", folder) }
    }

    @discardableResult
    private static func check(
        _ path: String, kind: mode_t, mode: UInt32, descriptor: Int32? = nil
    ) throws(KeysError) -> stat {
        var status = stat()
        guard (descriptor.map { fstat($0, &status) } ?? stat(path, &status)) == 0 else { throw failure("stat", path) }
        guard status.st_mode & S_IFMT == kind else { throw .wrongKind(path: path) }
        guard status.st_uid == geteuid() || status.st_uid == 0 else { throw .foreignOwner(path: path) }
        guard status.st_mode & 0o077 == 0 else {
            throw .exposed(path: path, mode: status.st_mode & 0o7777, wanted: mode)
        }
        return status
    }

    private static func failure(_ operation: String, _ path: String) -> KeysError {
        errno == ENOENT || errno == ENOTDIR
            ? .missing(path: path) : .system(operation: operation, path: path, errno: errno)
    }
}
