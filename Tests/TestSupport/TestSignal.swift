/// How long a test waits for what must come.
///
/// A ceiling for machines under load, not an expectation: a test that passes does not wait for it.
package let testWaitMax = Duration.seconds(60)

/// A value that one part of a test sends and another awaits: tests wait on signals, they do not sleep.
package final class TestSignal<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    package init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    /// Sends; never waits.
    ///
    /// What nobody awaits yet is kept in order.
    package func send(_ value: Value) {
        continuation.yield(value)
    }

    /// The next value.
    ///
    /// - Throws: ``TestSupportError/timedOut(after:)`` when none comes within `limit`.
    package func wait(limit: Duration = testWaitMax) async throws -> Value {
        let stream = stream
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                for await value in stream { return value }
                return nil
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() ?? nil else { throw TestSupportError.timedOut(after: limit) }
            return value
        }
    }
}

extension TestSignal where Value == Void {
    /// Sends the bare signal.
    package func send() { send(()) }
}

/// Asks again and again until `condition` holds: for states of other processes that send no signal.
///
/// - Throws: ``TestSupportError/timedOut(after:)`` when it does not hold within `limit`; whatever `condition` throws.
package func eventually(
    within limit: Duration = testWaitMax, every pause: Duration = .milliseconds(20),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TestSupportError.timedOut(after: limit) }
        try await Task.sleep(for: pause)
    }
}

/// Lets time pass in which something must not happen: the one wait that no signal can replace.
package func lettingPass(_ duration: Duration) async throws {
    try await Task.sleep(for: duration)
}

/// Work that never ends by itself, only by being cancelled.
package func untilCancelled() async throws {
    while true { try await Task.sleep(for: .seconds(3_600)) }
}
