package import Hooks
package import Hummingbird
package import Kernel
import Logging
import NIOCore

/// What a request carries on its way through the middlewares to its route.
package struct SiyuRequestContext: RequestContext {
    /// Hummingbird's part: parameters, endpoint path, logger.
    package var coreContext: CoreRequestContextStorage
    /// Who is calling; set by ``RequireCaller`` (API key) or ``RequireSession`` (staff page).
    package var caller: Caller?
    /// Who runs the installation and is calling; set by ``RequireOperations``.
    package var operations: OperationsCaller?
    /// The session of a staff page; set by ``RequireSession`` and ``RequireOperations``.
    package var session: StaffSession?
    /// The request's id, also in every log line of the request and in the answer's `X-Request-Id`.
    package let id: String
    /// The address at the other end of the connection; nil for one that has none.
    let peer: String?
    /// The loop that reads and writes the connection.
    let loop: any EventLoop

    /// The largest body that is read into memory; bigger ones are streamed by their route.
    package var maxUploadSize: Int { RequestLimits.standard.bodyBytesMax }

    /// Renames Hummingbird's request id to ours in the log metadata.
    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        loop = source.channel.eventLoop
        peer = source.channel.remoteAddress?.ipAddress
        id = source.logger[metadataKey: "hb.request.id"].map { "\($0)" } ?? "\(RequestID())"
        logger[metadataKey: "hb.request.id"] = nil
        logger[metadataKey: "request_id"] = .string(id)
    }

    /// The caller, on routes behind ``RequireCaller`` or ``RequireSession``.
    ///
    /// - Throws: ``Problem/unauthorized(_:)`` on a route that forgot to ask for one.
    package func requireCaller() throws(Problem) -> Caller {
        guard let caller else { throw .unauthorized() }
        return caller
    }

    /// Who runs the installation, on routes behind ``RequireOperations``.
    ///
    /// - Throws: ``Problem/unauthorized(_:)`` on a route that forgot to ask for one.
    package func requireOperations() throws(Problem) -> OperationsCaller {
        guard let operations else { throw .unauthorized() }
        return operations
    }
}
