import Crypto
import Dispatch
import Foundation
import Synchronization

/// Why the book's file cannot be trusted or written.
enum JournalError: Error, CustomStringConvertible {
    case notWritable(errno: Int32)
    case notReadable(errno: Int32)
    /// A line that is not the last is not what was written.
    case damaged(line: Int)

    var description: String {
        switch self {
        case .notWritable(let errno): "errno \(errno)"
        case .notReadable(let errno): "cannot be read, errno \(errno)"
        case .damaged(let line): "line \(line) is damaged"
        }
    }
}

/// A file that only grows: a line is on the disk before anybody hears of it.
///
/// Each line begins with 16 hex digits of its SHA-256, so that a line that a dying process left half written is known by that. What
/// several callers write while the disk is busy reaches it together.
final class Journal: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var waiting: [CheckedContinuation<Void, any Error>] = []
        var isWriting = false
        var failure: JournalError?
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "siyu.sandbox.journal")

    /// Opens the file, made if there is none, and gives its lines to `read` in order.
    ///
    /// A last line that is torn is cut off: its writer has told nobody of it.
    ///
    /// - Returns: How many lines there are, and how many bytes were cut off.
    static func open(
        _ path: String, read: ([UInt8]) throws -> Void
    ) throws -> (journal: Journal, lines: Int, droppedBytes: Int) {
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw JournalError.notWritable(errno: errno) }
        let journal = Journal(descriptor: descriptor)
        guard let bytes = FileManager.default.contents(atPath: path).map(Array.init) else {
            throw JournalError.notReadable(errno: errno)
        }
        var good = 0
        var lines = 0
        while good < bytes.count {
            let end = bytes[good...].firstIndex(of: newline)
            guard let end, let content = content(of: bytes[good..<end]) else {
                // Something follows a damaged line: this is no torn end.
                if let end, end + 1 < bytes.count { throw JournalError.damaged(line: lines + 1) }
                break
            }
            do {
                try read(content)
            } catch {
                throw JournalError.damaged(line: lines + 1)
            }
            lines += 1
            good = end + 1
        }
        if good < bytes.count, ftruncate(descriptor, off_t(good)) != 0 { throw JournalError.notWritable(errno: errno) }
        guard fsync(descriptor) == 0 else { throw JournalError.notWritable(errno: errno) }
        return (journal, lines, bytes.count - good)
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Why nothing more can be written; nil while all is well.
    var failure: JournalError? { state.withLock { $0.failure } }

    /// Adds a line to what goes to the disk next; the order of calls is the order in the file.
    func append(_ content: [UInt8]) {
        let line = Self.line(content)
        state.withLock { $0.pending += line }
    }

    /// Returns when everything appended before is on the disk.
    func flush() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let (result, mustWrite): (Result<Void, any Error>?, Bool) = state.withLock { state in
                if let failure = state.failure { return (.failure(failure), false) }
                if state.pending.isEmpty, !state.isWriting { return (.success(()), false) }
                state.waiting.append(continuation)
                let mustWrite = !state.isWriting
                state.isWriting = true
                return (nil, mustWrite)
            }
            if let result { continuation.resume(with: result) }
            if mustWrite { queue.async { self.write() } }
        }
    }

    private func write() {
        while true {
            let (bytes, waiting) = state.withLock { state in
                guard !state.waiting.isEmpty else {
                    state.isWriting = false
                    return ([UInt8](), state.waiting)
                }
                defer {
                    state.pending = []
                    state.waiting = []
                }
                return (state.pending, state.waiting)
            }
            guard !waiting.isEmpty else { return }
            do {
                try Self.write(bytes, to: descriptor)
                guard fdatasync(descriptor) == 0 else { throw JournalError.notWritable(errno: errno) }
                for continuation in waiting { continuation.resume() }
            } catch {
                // What is on the disk now is anybody's guess, so nothing more may be told until a restart has read it.
                let failure = (error as? JournalError) ?? .notWritable(errno: 0)
                let more = state.withLock { state in
                    state.failure = failure
                    defer { state.waiting = [] }
                    return state.waiting
                }
                for continuation in waiting + more { continuation.resume(throwing: failure) }
                return
            }
        }
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32) throws(JournalError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .notWritable(errno: errno) }
            rest = rest.dropFirst(count)
        }
    }

    // MARK: Lines

    private static let newline = UInt8(ascii: "\n")
    private static let sumDigits = 16

    static func line(_ content: [UInt8]) -> [UInt8] { sum(content) + [UInt8(ascii: " ")] + content + [newline] }

    private static func content(of line: ArraySlice<UInt8>) -> [UInt8]? {
        guard line.count > sumDigits, line[line.startIndex + sumDigits] == UInt8(ascii: " ") else { return nil }
        let content = Array(line.dropFirst(sumDigits + 1))
        return Array(line.prefix(sumDigits)) == sum(content) ? content : nil
    }

    private static func sum(_ content: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return SHA256.hash(data: content).prefix(sumDigits / 2).flatMap {
            [digits[Int($0 >> 4)], digits[Int($0 & 15)]]
        }
    }
}
