import Glibc
import Synchronization

/// One thread that waits for every connection's socket and runs the connections pinned to it.
///
/// It is the executor of the ``Connection`` actors, so a socket that becomes readable is served on the very thread that
/// noticed it: no hop, and libpq's calls for one connection never overlap. It uses `poll(2)`: a process holds a few
/// dozen connections, for which a flat array is as fast as any kernel set, and portable.
///
/// - Invariant: only the loop's thread touches `watched`; other threads reach it through `inbox`.
final class EventLoop: SerialExecutor, @unchecked Sendable {  // `inbox` is locked, the rest belongs to the thread
    static let shared = EventLoop()

    /// What a socket is ready for.
    struct Readiness: OptionSet {
        let rawValue: Int16
        static let read = Readiness(rawValue: Int16(POLLIN))
        static let write = Readiness(rawValue: Int16(POLLOUT))
    }

    private enum Work {
        /// Of a connection.
        case job(UnownedJob)
        /// Of a task that prefers this thread.
        case task(UnownedJob)
        case action(@Sendable () -> Void)
    }

    private struct Inbox {
        var work: [Work] = []
        var isAsleep = false
    }

    private struct Watched {
        var interest: Readiness
        var deadline: ContinuousClock.Instant?
        let onReady: @Sendable (Readiness) -> Void
        let onDeadline: @Sendable () -> Void
    }

    /// How late a deadline may be noticed: they are seconds long, a timer per statement would cost more than it tells.
    private static let tickMilliseconds: Int32 = 50
    /// Rounds of work before the sockets are looked at, even if there is more: an answer often sets off the next call.
    private static let roundsMax = 8

    private let inbox = Mutex(Inbox())
    private let alarmRead: Int32
    private let alarmWrite: Int32
    /// The loop's thread; 0 until it runs.
    private let thread = Atomic<pthread_t>(0)
    private var watched: [Int32: Watched] = [:]
    private var nextTick = ContinuousClock.now

    private init() {
        var ends: [Int32] = [-1, -1]
        let made = unsafe pipe(&ends) == 0 && ends.allSatisfy(Self.makeNonBlocking)
        precondition(made, "no file descriptor left for the database event loop; raise the limit of open files")
        (alarmRead, alarmWrite) = (ends[0], ends[1])
        let started = startThread { [self] in
            thread.store(pthread_self(), ordering: .relaxed)
            run()
        }
        precondition(started, "no thread could be started for the database event loop; raise the limit of threads")
    }

    private static func makeNonBlocking(_ end: Int32) -> Bool {
        fcntl(end, F_SETFL, O_NONBLOCK) == 0 && fcntl(end, F_SETFD, FD_CLOEXEC) == 0
    }

    // MARK: Executor

    func enqueue(_ job: consuming ExecutorJob) {
        submit(.job(UnownedJob(job)))
    }

    fileprivate func enqueue(task job: UnownedJob) {
        submit(.task(job))
    }

    func checkIsolated() {
        precondition(isCurrent, "called outside the database event loop")
    }

    func isIsolatingCurrentContext() -> Bool? {
        isCurrent
    }

    private var isCurrent: Bool { thread.load(ordering: .relaxed) == pthread_self() }

    /// Runs `action` on the loop's thread, soon.
    func execute(_ action: @escaping @Sendable () -> Void) {
        submit(.action(action))
    }

    private func submit(_ work: Work) {
        let wakes = inbox.withLock { inbox in
            inbox.work.append(work)
            defer { inbox.isAsleep = false }
            return inbox.isAsleep
        }
        if wakes {
            // A full pipe is a wake-up already on its way.
            var byte: UInt8 = 1
            _ = unsafe write(alarmWrite, &byte, 1)
        }
    }

    // MARK: Sockets; called on the loop's thread

    func watch(
        _ socket: Int32,
        onReady: @escaping @Sendable (Readiness) -> Void,
        onDeadline: @escaping @Sendable () -> Void
    ) {
        checkIsolated()
        watched[socket] = Watched(interest: .read, deadline: nil, onReady: onReady, onDeadline: onDeadline)
    }

    func setInterest(_ interest: Readiness, of socket: Int32) {
        watched[socket]?.interest = interest
    }

    func setDeadline(_ deadline: ContinuousClock.Instant?, of socket: Int32) {
        watched[socket]?.deadline = deadline
    }

    func unwatch(_ socket: Int32) {
        watched[socket] = nil
    }

    // MARK: The loop

    private func run() {
        var polled: [pollfd] = []
        while true {
            var isDone = false
            for _ in 0..<Self.roundsMax where !isDone { isDone = !doWork() }
            waitForSockets(&polled, block: isDone)
            inbox.withLock { $0.isAsleep = false }
            serve(polled)
            checkDeadlines()
        }
    }

    /// Does what is in the inbox.
    ///
    /// - Returns: Whether there was anything; if not, whoever brings work now rings the alarm.
    private func doWork() -> Bool {
        let work = inbox.withLock { inbox in
            inbox.isAsleep = inbox.work.isEmpty
            return exchange(&inbox.work, with: [])
        }
        for item in work {
            switch item {
            case .job(let job): unsafe job.runSynchronously(on: asUnownedSerialExecutor())
            case .task(let job): unsafe job.runSynchronously(on: LoopTasks.shared.asUnownedTaskExecutor())
            case .action(let action): action()
            }
        }
        return !work.isEmpty
    }

    private func waitForSockets(_ polled: inout [pollfd], block: Bool) {
        polled.removeAll(keepingCapacity: true)
        polled.append(pollfd(fd: alarmRead, events: Int16(POLLIN), revents: 0))
        var hasDeadline = false
        for (socket, entry) in watched {
            polled.append(pollfd(fd: socket, events: entry.interest.rawValue, revents: 0))
            hasDeadline = hasDeadline || entry.deadline != nil
        }
        let timeout: Int32 = block ? (hasDeadline ? Self.tickMilliseconds : -1) : 0
        if unsafe poll(&polled, nfds_t(polled.count), timeout) < 0 {
            polled.removeAll(keepingCapacity: true)  // interrupted by a signal: nothing is known, ask again
        }
    }

    private func serve(_ polled: [pollfd]) {
        if let alarm = polled.first, alarm.revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 64)
            _ = unsafe read(alarmRead, &bytes, bytes.count)
        }
        for entry in polled.dropFirst() where entry.revents != 0 {
            // A hang-up or an error is found, and told apart, by reading.
            var readiness = Readiness(rawValue: entry.revents).intersection([.read, .write])
            if entry.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { readiness.insert(.read) }
            watched[entry.fd]?.onReady(readiness)
        }
    }

    private func checkDeadlines() {
        let now = ContinuousClock.now
        guard now >= nextTick else { return }
        nextTick = now + .milliseconds(Int(Self.tickMilliseconds / 2))
        for entry in watched.values where entry.deadline.map({ $0 <= now }) ?? false { entry.onDeadline() }
    }
}

/// The loop's thread as a place for tasks.
private final class LoopTasks: TaskExecutor {
    static let shared = LoopTasks()

    func enqueue(_ job: consuming ExecutorJob) {
        EventLoop.shared.enqueue(task: UnownedJob(job))
    }
}

extension Pool {
    /// Runs tasks on the thread that watches the connections' sockets.
    ///
    /// For a task that does little but wait for one answer after the other: each of its statements is then sent, and its answer read,
    /// without another thread having to wake. What such a task computes holds up every connection of the process meanwhile.
    public static var taskExecutor: any TaskExecutor { LoopTasks.shared }
}

/// Runs `body` on a thread of its own: for libpq's calls that block, which are `PQconnectdb` and `PQcancel`.
///
/// - Returns: Whether the thread could be started; `body` will not run if not.
func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    // A write to a connection that has gone must not end the process: libpq 15 writes its cancel request unguarded.
    // Threads inherit what is blocked.
    var pipe = sigset_t()
    var before = sigset_t()
    unsafe sigemptyset(&pipe)
    unsafe sigaddset(&pipe, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &pipe, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    let argument = unsafe Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let status = unsafe pthread_create(
        &thread, &attributes,
        { argument in
            if let argument = unsafe argument {
                unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            }
            return nil
        }, argument.toOpaque())
    if status != 0 { unsafe argument.release() }
    return status == 0
}
