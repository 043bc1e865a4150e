package import Kernel

/// Why a hook was not looked at.
package enum LimitRefusal: Error, Hashable, Sendable {
    /// Too much was tried: there is a pause of this length.
    case pause(Duration)
    /// It is not known what was tried elsewhere.
    case unavailable

    /// What whoever is refused for ``unavailable`` is asked to wait.
    private static let patience: Int64 = 5

    /// The refusal that its caller reads: the same whoever has to pause, so that nobody learns who was found out, and by what.
    package var problem: Problem {
        switch self {
        case .pause:
            Problem(
                status: 429, code: "too_many_requests", title: "Too many requests",
                detail: "Too much was tried here: wait as long as the Retry-After header says.")
        case .unavailable:
            Problem(
                status: 503, code: "limits_unavailable", title: "Service unavailable",
                detail:
                    "How much was tried cannot be counted at the moment: send the same again as the Retry-After header says."
            )
        }
    }

    /// The seconds of the Retry-After header.
    package var retryAfter: Int64 {
        switch self {
        case .pause(let pause): max(1, pause.components.seconds + (pause.components.attoseconds > 0 ? 1 : 0))
        case .unavailable: Self.patience
        }
    }
}
