/// Cuts a stream of bytes into lines, wherever the chunks happen to end.
///
/// Lines end in LF or CRLF, the last one may end without. A byte order mark before the first is dropped. A line is passed on without its
/// end, or as nil if it is longer than the limit; what is too long is never gathered in memory.
struct LineSplitter {
    private let lengthMax: Int
    private var partial: [UInt8] = []
    private var isTooLong = false
    /// The number of the last line that was passed on; the first is 1.
    private(set) var line: Int32 = 0

    init(lengthMax: Int) { self.lengthMax = lengthMax }

    /// Passes on every line that ends in `chunk`.
    mutating func read<Failure>(
        _ chunk: [UInt8], _ body: (Int32, ArraySlice<UInt8>?) throws(Failure) -> Void
    ) throws(Failure) {
        var start = 0
        while let end = chunk[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if partial.isEmpty, !isTooLong {
                try pass(chunk[start..<end], body)
            } else {
                gather(chunk[start..<end])
                try passPartial(body)
            }
            start = end + 1
        }
        gather(chunk[start...])
    }

    /// Passes on what stands after the last line end, if anything does.
    mutating func finish<Failure>(_ body: (Int32, ArraySlice<UInt8>?) throws(Failure) -> Void) throws(Failure) {
        if !partial.isEmpty || isTooLong { try passPartial(body) }
    }

    private mutating func gather(_ bytes: ArraySlice<UInt8>) {
        if isTooLong { return }
        partial += bytes.prefix(lengthMax + 2)
        if partial.count > lengthMax + 1 {
            isTooLong = true
            partial.removeAll(keepingCapacity: true)
        }
    }

    private mutating func passPartial<Failure>(
        _ body: (Int32, ArraySlice<UInt8>?) throws(Failure) -> Void
    ) throws(Failure) {
        let gathered = partial
        partial.removeAll(keepingCapacity: true)
        if isTooLong {
            isTooLong = false
            line += 1
            try body(line, nil)
        } else {
            try pass(gathered[...], body)
        }
    }

    private mutating func pass<Failure>(
        _ bytes: ArraySlice<UInt8>, _ body: (Int32, ArraySlice<UInt8>?) throws(Failure) -> Void
    ) throws(Failure) {
        line += 1
        var bytes = bytes
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        if line == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        try body(line, bytes.count > lengthMax ? nil : bytes)
    }
}
