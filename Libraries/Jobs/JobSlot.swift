import FoundationEssentials
import Synchronization

/// One of the places that run jobs, which knows what it runs, so that exactly that job can be cancelled.
///
/// A slot costs a job nothing but two short locks: only when a job is cancelled is the slot's task replaced by a new one.
final class JobSlot: Sendable {
    private struct State {
        var job: UUID?
        var cancellation: String?
        var stop = OneShot()
    }
    private let state = Mutex(State())

    /// How a task of the slot ended.
    enum End { case closed, cancelled }

    /// Runs `body` in tasks of the slot, one after the other, until one ends by itself.
    func run(_ body: @escaping @Sendable () async -> End) async {
        while true {
            let stop = OneShot()
            state.withLock { $0.stop = stop }
            let end = await withTaskGroup(of: End.self) { group in
                group.addTask {
                    defer { stop.happen() }
                    return await body()
                }
                await stop.wait()
                group.cancelAll()
                return await group.next() ?? .closed
            }
            guard end == .cancelled else { return }
        }
    }

    func begin(_ job: UUID) { state.withLock { $0.job = job } }

    /// Whether the job was cancelled: then the slot's task is so, too, and must end.
    func end() -> Bool {
        state.withLock { state in
            defer { (state.job, state.cancellation) = (nil, nil) }
            return state.cancellation != nil
        }
    }

    /// Who cancelled the job that runs, and why.
    var cancellation: String? { state.withLock(\.cancellation) }

    /// Cancels the job if this slot runs it, and nothing else; true for the first time.
    func cancel(_ job: UUID, _ text: String) -> Bool {
        let stop: OneShot? = state.withLock { state in
            guard state.job == job, state.cancellation == nil else { return nil }
            state.cancellation = text
            return state.stop
        }
        stop?.happen()
        return stop != nil
    }
}
