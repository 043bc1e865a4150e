import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOPosix

/// Runs tasks on an event loop: a request is then answered by the thread that reads and writes its connection, and wakes no other.
final class LoopExecutor: TaskExecutor {
    /// One for each loop of the process, for as long as it lives.
    private static let executors: [ObjectIdentifier: LoopExecutor] = Dictionary(
        uniqueKeysWithValues: MultiThreadedEventLoopGroup.singleton.makeIterator()
            .map { (ObjectIdentifier($0), LoopExecutor($0)) })

    /// The executor of a loop; nil for a loop that is none of the process's own.
    static func of(_ loop: any EventLoop) -> LoopExecutor? { executors[ObjectIdentifier(loop)] }

    private let loop: any EventLoop

    private init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedTaskExecutor()
        loop.execute { unsafe job.runSynchronously(on: executor) }
    }
}

/// Connections whose tasks prefer the event loop that reads and writes them.
struct LoopBoundHTTP1: ServerChildChannel {
    let base: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        base.setup(channel: channel, logger: logger)
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await withTaskExecutorPreference(LoopExecutor.of(value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }
}
