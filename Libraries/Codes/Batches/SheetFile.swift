import Foundation

/// Why a file of codes was not written.
package enum SheetFileError: Error, Hashable, Sendable {
    /// Another process is writing it.
    case busy(path: String)
    /// The system refused; `number` is its errno.
    case system(path: String, number: Int32)
}

extension SheetFileError: CustomStringConvertible {
    /// What happened, and what helps.
    package var description: String {
        switch self {
        case .busy(let path): "\(path) is being written by another process: wait for it, then repeat the command."
        case .system(let path, let number): "\(path) cannot be written: \(String(cString: strerror(number)))."
        }
    }
}

/// A file of codes on its way to the disk: killed anywhere, it goes on where it was.
///
/// It grows under `path.partial`, readable by its owner alone, and gets its own name when all of it is on the disk: whoever finds the file
/// finds all of it. After each ``syncCodes`` codes everything written is brought to the disk before anything follows. What lies before the
/// last such place is therefore whole even if the machine lost its power, and a later writer goes on from there.
package struct SheetFile: Sendable {
    /// About 50 MB, less than a second of a disk; what a crash costs at most is computing so many codes again.
    package static let syncCodes: Int64 = 1 << 21

    private let path: String
    private let syncCodes: Int64

    /// The file that shall stand at `path`.
    package init(_ path: String, syncCodes: Int64 = SheetFile.syncCodes) {
        precondition(
            syncCodes > 0 && syncCodes.isMultiple(of: CodeSheet.pieceCodes), "the disk is waited for between two pieces"
        )
        self.path = path
        self.syncCodes = syncCodes
    }

    private var partial: String { path + ".partial" }

    /// Writes the file, or the rest of it.
    ///
    /// - Parameter progress: Hears how many codes stand in the file.
    /// - Returns: From which code on it was written.
    /// - Throws: ``SheetFileError``; what `progress` threw, after which the rest can be written later.
    @discardableResult
    package func write(
        _ sheet: CodeSheet, workers: Int, progress: (Int64) async throws -> Void = { _ in }
    ) async throws -> Int64 {
        let file = try open()
        // Closing lets go of the lock; whatever had to reach the disk was synchronized before.
        defer { _ = close(file) }
        let first = try resume(sheet, file)
        try await sheet.write(from: first, workers: workers) { piece, written in
            try append(piece, to: file)
            if written > 0, written % syncCodes == 0 { try check(fsync(file)) }
            try await progress(written)
        }
        try check(fsync(file))
        try check(rename(partial, path))
        try syncFolder()
        return first
    }

    /// Opens the partial file and keeps everybody else from it.
    private func open() throws(SheetFileError) -> Int32 {
        let file = Foundation.open(partial, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .system(path: partial, number: errno) }
        var opened = stat()
        var named = stat()
        // A process that finished between the two calls gave the file its own name: it is not to be written any more.
        guard flock(file, LOCK_EX | LOCK_NB) == 0, fstat(file, &opened) == 0, lstat(partial, &named) == 0,
            opened.st_ino == named.st_ino, opened.st_dev == named.st_dev
        else {
            _ = close(file)
            throw .busy(path: partial)
        }
        // An older file may have been open to others.
        guard fchmod(file, 0o600) == 0 else {
            let number = errno
            _ = close(file)
            throw .system(path: partial, number: number)
        }
        return file
    }

    /// Cuts what was written before to what is surely whole, and says which code comes next.
    private func resume(_ sheet: CodeSheet, _ file: Int32) throws -> Int64 {
        var status = stat()
        try check(fstat(file, &status))
        let size = Int64(status.st_size)
        var whole = sheet.count / syncCodes * syncCodes
        while whole > 0, sheet.bytes(upTo: whole) > size { whole -= syncCodes }
        // The first and the last line tell another batch, other columns and a file that is none of ours.
        if whole > 0 {
            let ends = [0, whole - 1]
            let isOurs =
                try read(0, sheet.header.count, file) == sheet.header
                && ends.allSatisfy { index in
                    let line = sheet.lines(index..<index + 1)
                    return try read(sheet.bytes(upTo: index), line.count, file) == line
                }
            if !isOurs { whole = 0 }
        }
        let length = whole == 0 ? 0 : sheet.bytes(upTo: whole)
        try check(ftruncate(file, off_t(length)))
        try check(lseek(file, off_t(length), SEEK_SET) < 0 ? -1 : 0)
        return whole
    }

    private func read(_ offset: Int64, _ count: Int, _ file: Int32) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = pread(file, &bytes, count, off_t(offset))
        try check(got < 0 ? -1 : 0)
        return Array(bytes.prefix(got))
    }

    private func append(_ bytes: [UInt8], to file: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            try check(written < 0 ? -1 : 0)
            rest = rest.dropFirst(written)
        }
    }

    /// A name is on the disk when its folder is.
    private func syncFolder() throws {
        let folder = Foundation.open(
            URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try check(folder)
        defer { _ = close(folder) }
        try check(fsync(folder))
    }

    private func check(_ result: Int32) throws(SheetFileError) {
        guard result >= 0 else { throw .system(path: partial, number: errno) }
    }
}
