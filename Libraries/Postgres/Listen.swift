import CLibPQ

/// A NOTIFY that arrived.
public struct Notification: Sendable {
    /// The channel it was sent to.
    public let channel: String
    /// The text that came with it, often empty.
    public let payload: String
}

extension Connection {
    /// Listens on a channel.
    ///
    /// The stream ends with the connection; a listener that lags loses the oldest entries.
    ///
    /// Not through a pooler in transaction mode, which gives the server session to others.
    public func notifications(on channel: String) async throws(PostgresError) -> AsyncStream<Notification> {
        let quoted = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        let (stream, continuation) = AsyncStream.makeStream(
            of: Notification.self, bufferingPolicy: .bufferingNewest(ConnectionLimit.notificationsMax))
        listeners[channel]?.finish()
        listeners[channel] = continuation
        _ = try await results(of: [SQL(stringLiteral: "LISTEN \"\(quoted)\"")])
        return stream
    }

    func deliverNotifications() {
        guard let raw = unsafe raw else { return }
        while let notify = unsafe PQnotifies(raw) {
            let channel = unsafe String(cString: notify.pointee.relname)
            let payload = unsafe String(cString: notify.pointee.extra)
            unsafe PQfreemem(notify)
            listeners[channel]?.yield(Notification(channel: channel, payload: payload))
        }
    }
}
