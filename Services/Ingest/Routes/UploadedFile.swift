import Crypto
import NIOCore

/// A file as it arrived: pieces in memory, and the hash of all of them.
struct UploadedFile: AsyncSequence, Sendable {
    private var buffers: [ByteBuffer] = []
    private var digest = SHA256()

    /// `prefix` is hashed, too: the same file asked for in another way is another request.
    init(begunWith prefix: String) {
        digest.update(data: Array(prefix.utf8))
    }

    mutating func append(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { digest.update(bufferPointer: $0) }
        buffers.append(buffer)
    }

    var hash: [UInt8] { Array(digest.finalize()) }

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ArraySlice<ByteBuffer>

        mutating func next() async throws -> [UInt8]? {
            rest.popFirst().map { Array(buffer: $0) }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: buffers[...]) }
}
