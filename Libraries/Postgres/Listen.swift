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
    /// A second listener on the same channel takes the place of the first, whose stream ends. A connection of a pool
    /// that was used to listen is closed when it comes back.
    ///
    /// Not through a pooler in transaction mode, which gives the server session to others.
    public func notifications(on channel: String) async throws(PostgresError) -> AsyncStream<Notification> {
        guard channel.utf8.count <= ConnectionLimit.channelBytes else {
            throw PostgresError(
                .invalidStatement, "a channel's name of more than \(ConnectionLimit.channelBytes) bytes")
        }
        let quoted = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        let (stream, continuation) = AsyncStream.makeStream(
            of: Notification.self, bufferingPolicy: .bufferingNewest(ConnectionLimit.notificationsMax))
        listeners[channel]?.finish()
        listeners[channel] = continuation
        do throws(PostgresError) {
            _ = try await results(of: [SQL(stringLiteral: "LISTEN \"\(quoted)\"")])
        } catch {
            listeners.removeValue(forKey: channel)?.finish()
            throw error
        }
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
