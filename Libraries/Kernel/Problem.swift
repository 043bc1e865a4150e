/// A refusal that its caller may read: an RFC 9457 problem.
///
/// It never holds a person's data, SQL or a server's message; `code` is what programs branch on.
package struct Problem: Error, Hashable, Sendable {
    /// The HTTP status.
    package var status: Int
    /// A constant of ``ProblemCode``, or a room's own word in snake_case.
    package var code: String
    /// What kind of refusal this is, the same words every time.
    package var title: String
    /// What happened this time, and what would help.
    package var detail: String

    /// A problem in its four parts.
    package init(status: Int, code: String, title: String, detail: String) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
    }
}

/// The codes that several rooms share.
///
/// A room's own codes stand in that room.
package enum ProblemCode {
    /// The request cannot be understood.
    package static let badRequest = "bad_request"
    /// No credential, or one that is not valid.
    package static let unauthorized = "unauthorized"
    /// A valid credential that may not do this.
    package static let forbidden = "forbidden"
    /// There is no such thing, or not for this caller.
    package static let notFound = "not_found"
    /// The path exists, the method does not.
    package static let methodNotAllowed = "method_not_allowed"
    /// The thing is not in a state that allows this.
    package static let conflict = "conflict"
    /// The same idempotency key came with another body.
    package static let idempotencyMismatch = "idempotency_mismatch"
    /// A partner's POST lacks its `Idempotency-Key`.
    package static let idempotencyKeyMissing = "idempotency_key_missing"
    /// The first request with this idempotency key is still being worked on.
    package static let idempotencyInProgress = "idempotency_in_progress"
    /// The body is larger than its limit.
    package static let contentTooLarge = "content_too_large"
    /// The body's media type is not one that is read here.
    package static let unsupportedMediaType = "unsupported_media_type"
    /// Understood, and refused by a rule.
    package static let invalid = "invalid"
    /// The request did not arrive in time.
    package static let requestTimeout = "request_timeout"
    /// Something broke on our side.
    package static let internalError = "internal_error"
    /// Something we need is away; trying again later is safe.
    package static let unavailable = "unavailable"
}

extension Problem {
    /// 400: the request cannot be understood.
    package static func badRequest(_ detail: String) -> Problem {
        Problem(status: 400, code: ProblemCode.badRequest, title: "Bad request", detail: detail)
    }

    /// 401: no credential, or one that is not valid.
    ///
    /// The detail is the same whatever was wrong with it.
    package static func unauthorized(
        _ detail: String = "A valid API key is needed, as `Authorization: Bearer …`."
    ) -> Problem {
        Problem(status: 401, code: ProblemCode.unauthorized, title: "Unauthorized", detail: detail)
    }

    /// 403: a valid credential that may not do this.
    package static func forbidden(_ detail: String) -> Problem {
        Problem(status: 403, code: ProblemCode.forbidden, title: "Forbidden", detail: detail)
    }

    /// 404: there is no such thing, or not for this caller.
    package static func notFound(_ detail: String = "There is nothing here.") -> Problem {
        Problem(status: 404, code: ProblemCode.notFound, title: "Not found", detail: detail)
    }

    /// 409: the state of the thing does not allow this.
    package static func conflict(_ detail: String, code: String = ProblemCode.conflict) -> Problem {
        Problem(status: 409, code: code, title: "Conflict", detail: detail)
    }

    /// 413: the body is larger than its limit.
    package static func contentTooLarge(_ detail: String) -> Problem {
        Problem(status: 413, code: ProblemCode.contentTooLarge, title: "Content too large", detail: detail)
    }

    /// 422: understood, and refused by a rule.
    package static func invalid(_ detail: String, code: String = ProblemCode.invalid) -> Problem {
        Problem(status: 422, code: code, title: "Unprocessable content", detail: detail)
    }

    /// 500: something broke on our side.
    ///
    /// The detail never says what: the log does.
    package static let internalError = Problem(
        status: 500, code: ProblemCode.internalError, title: "Internal server error",
        detail: "Something went wrong on our side. The request id leads to it in our log.")

    /// 503: something we need is away; trying again later is safe.
    package static func unavailable(_ detail: String = "Please try again in a moment.") -> Problem {
        Problem(status: 503, code: ProblemCode.unavailable, title: "Service unavailable", detail: detail)
    }
}
