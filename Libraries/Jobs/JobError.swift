import Postgres

/// Thrown by a handler whose job can never succeed: it is discarded at once.
public enum JobFailure: Error, Sendable {
    /// Why no further try can help, in words that may be stored and shown to operators.
    case permanent(String)

    var reason: String {
        switch self {
        case .permanent(let reason): reason
        }
    }
}

/// Thrown by a handler to be run again later, without this run counting as a try.
public struct JobSleep: Error, Sendable {
    /// How long to wait, by the database's business clock.
    public let duration: Duration

    /// Asks to run again after `duration`.
    public init(for duration: Duration) { self.duration = duration }
}

/// What the queue itself throws.
public enum JobError: Error, Sendable, Equatable {
    /// The job is no longer this worker's: nothing may be written for it any more. Handlers let it pass.
    case leaseLost
    /// The handler took longer than its kind's timeout.
    case timedOut
    /// The job has completed itself already; there is nothing left to fence.
    case alreadyCompleted
    /// The stored payload does not decode as the kind's parameters, at this coding path.
    case payloadDoesNotDecode(path: String)
    /// This process knows no handler for the job's kind, or none for the version of its payload.
    case noHandler
    /// The job's deadline had passed before it could start.
    case late
    /// The parameters do not encode as JSON.
    case parametersDoNotEncode(jobName: String)
    /// A job that another one shall wait for is not known, or its history is deleted already.
    case unknownDependency
    /// There is no queue of this name.
    case unknownQueue(String)
    /// There is no kind of this name: no job of it was ever pushed.
    case unknownKind(String)
    /// There is no quota of this name: no job of it was ever pushed.
    case unknownQuota(String)
    /// An act of an operator that is not done as it was asked for, in a sentence that says what would be.
    case refused(String)

    /// What the queue's own functions refuse, by its name.
    static func naming(_ error: any Error) -> any Error {
        (error as? PostgresError)?.sqlState?.rawValue == "SJ002" ? unknownDependency : error
    }
}

/// An error that can say something about itself which is safe to store and to show: no personal data, no secrets.
public protocol SafelyDescribedError: Error {
    /// The safe text.
    var safeDescription: String { get }
}

extension Error {
    /// What the queue stores about an error: never its payload, which may hold personal data.
    var storedDescription: String {
        let text: String =
            switch self {
            case let error as any SafelyDescribedError: error.safeDescription
            case let error as PostgresError: error.description
            case let error as JobFailure: error.reason
            case let error as JobError: "JobError.\(error)"
            default: typeAndCase
            }
        // PostgreSQL's text holds no NUL; a batch must not fail for ever because one error carries it.
        return String(text.filter { $0 != "\0" }.prefix(1_000))
    }

    /// `OrdersError.unknownShop` of an enum, `DecodingError` of anything else.
    private var typeAndCase: String {
        let mirror = Mirror(reflecting: self)
        guard mirror.displayStyle == .enum else { return "\(type(of: self))" }
        return "\(type(of: self)).\(mirror.children.first?.label ?? "\(self)")"
    }
}
