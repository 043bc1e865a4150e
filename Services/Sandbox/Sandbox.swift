import Foundation
import Hosting
import Hummingbird
import Kernel
import Synchronization

/// The stand-in's state behind its routes and its clockwork: the book in memory, and on the disk before anybody hears of it.
final class Sandbox: Sendable {
    let options: SandboxOptions
    let counter = FaultCounter()
    let tokens = AccessTokens()
    private let folder: StateFolder
    private let calls = Mutex(0)
    private let opened = Mutex<Opened?>(nil)

    private final class Opened: Sendable {
        let platform: Platform
        let journal: Journal
        let book: Mutex<Book>
        private let lock: FolderLock

        init(platform: Platform, journal: Journal, book: Book, lock: FolderLock) {
            self.platform = platform
            self.journal = journal
            self.book = Mutex(book)
            self.lock = lock
        }
    }

    init(folder: StateFolder, options: SandboxOptions) {
        self.folder = folder
        self.options = options
    }

    /// The real time, which signatures and sessions are of.
    static func now() -> Date { Date() }

    /// The book's time, which a test may move forward (`POST /sandbox/clock`).
    func clock() throws(Problem) -> Date { try state().book.withLock { $0.time(at: Self.now()) } }

    // MARK: Opening

    struct OpenReport {
        let entries: Int
        let droppedBytes: Int
    }

    /// Takes the folder, makes or reads the keys, reads the book and writes `merchant.json` and `marketcode.json`.
    func open(baseURL: String) throws -> OpenReport {
        let lock = try folder.take()
        let keys = try folder.loadKeys(now: Self.now())
        let platform = try Platform(keys, baseURL: baseURL)
        var book = Book()
        let decoder = JSONDecoder()
        do {
            let (journal, lines, dropped) = try Journal.open(folder.book) { line in
                try book.apply(try decoder.decode(BookEntry.self, from: Data(line)))
            }
            try folder.write(platform.merchant, to: folder.merchant)
            try folder.write(platform.marketcode, to: folder.marketcode)
            let all = Opened(platform: platform, journal: journal, book: book, lock: lock)
            opened.withLock { $0 = all }
            return OpenReport(entries: lines, droppedBytes: dropped)
        } catch let error as JournalError {
            if case .damaged = error {
                throw StartupFailure(.config, "\(folder.book): \(error). Nothing was changed.")
            }
            throw StartupFailure(.cannotCreate, "\(folder.book) cannot be used (\(error)).")
        }
    }

    /// Lets go of the folder when the calls that run have been answered; what is asked afterwards is answered 503.
    func shutdown() async {
        // A drain that is given up ends this wait with everything else.
        while calls.withLock({ $0 > 0 }), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(10)) }
        opened.withLock { $0 = nil }
    }

    /// Answers a call, which a drain then waits for.
    func answering(_ body: () async -> Response) async -> Response {
        calls.withLock { $0 += 1 }
        defer { calls.withLock { $0 -= 1 } }
        return await body()
    }

    /// Whether the state can be used.
    var check: ReadinessCheck {
        ReadinessCheck(name: "state", exit: .config) { [self] in
            if let failure = opened.withLock({ $0?.journal.failure }) {
                return "the book cannot be written (\(failure))"
            }
            return nil
        }
    }

    // MARK: Using

    var platform: Platform {
        get throws(Problem) { try state().platform }
    }

    /// Looks at the book; what it saw is on the disk when it returns.
    func read<Value>(_ look: (Book) throws -> Value) async throws -> Value {
        let state = try state()
        let value = try state.book.withLock { try look($0) }
        try await state.journal.flush()
        return value
    }

    /// Decides on the book and writes what follows; it is on the disk when this returns.
    ///
    /// - Parameters:
    ///   - given: The book's time, where somebody decided by it already.
    ///   - decide: Gives the events that follow from the book as it is.
    ///   - look: Gives the value to return, from the book with the events applied.
    func change<Value>(
        now given: Date? = nil, _ decide: (Book) throws -> [BookEvent], then look: (Book) throws -> Value
    ) async throws -> Value {
        let state = try state()
        let now = try given ?? clock()
        let value = try state.book.withLock { book in
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            for event in try decide(book) {
                let entry = BookEntry(at: now, event: event)
                let line = try encoder.encode(entry)
                try book.apply(entry)
                // Under the same lock, so that the lines stand in the order of what they say.
                state.journal.append(Array(line))
            }
            return try look(book)
        }
        try await state.journal.flush()
        return value
    }

    /// Only writes down what happened.
    func record(_ events: [BookEvent]) async throws {
        guard !events.isEmpty else { return }
        try await change({ _ in events }, then: { _ in })
    }

    private func state() throws(Problem) -> Opened {
        guard let state = opened.withLock({ $0 }) else { throw .unavailable("The sandbox is not open yet.") }
        return state
    }
}
