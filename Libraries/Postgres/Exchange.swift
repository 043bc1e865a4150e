import CLibPQ

/// What goes out for a list of statements, in order: each step has one result.
private enum Step {
    case begin
    case drop(String)
    case prepare(String)
    /// A statement; the name is one that the server knew before.
    case statement(known: String?)

    var isStatement: Bool { if case .statement = self { true } else { false } }
    var isBegin: Bool { if case .begin = self { true } else { false } }
}

extension Connection {
    /// Sends statements in one flush and waits for all of them.
    public func results(of statements: [SQL]) async throws(PostgresError) -> [StatementResult] {
        try await results(of: statements, in: nil)
    }

    func results(of statements: [SQL], in scope: Transaction.Scope?) async throws(PostgresError) -> [StatementResult] {
        try await enter(in: scope)
        defer { leave() }
        do throws(PostgresError) {
            return try await exchange(statements)
        } catch {
            // A BEGIN sent as a statement leaves a failed transaction behind; nobody else will end it.
            if !isInTransaction, unsafe raw != nil, !isIdle {
                _ = try? await exchange(["ROLLBACK"], isCancellable: false, isNamed: false)
            }
            throw error
        }
    }

    /// Sends statements, with the BEGIN that waits for them, and one Sync; the caller has the turn.
    ///
    /// - Parameter isNamed: Whether statements may be prepared. ROLLBACK is not: dropping an old statement for it would
    ///   fail in the failed transaction that it ends.
    func exchange(
        _ statements: [SQL], isCancellable: Bool = true, isNamed: Bool = true
    ) async throws(PostgresError) -> [StatementResult] {
        try Self.validate(statements)
        let isRepeatable = isIdle && pendingBegin == nil && statements.count == 1
        let isNamed = isNamed && configuration.usesNamedStatements
        if isNamed, isIdle { try await dropCondemned() }
        let steps = try send(statements, isNamed: isNamed)
        let answer = try await wait(for: .sync, isCancellable: isCancellable)
        if let (index, error) = answer.refusal {
            let isStale = settle(steps, refusedAt: index, error)
            let isBegun = steps.prefix(index).contains(where: \.isBegin) || !steps.contains(where: \.isBegin)
            // Without its BEGIN, what the transaction sends next would stand alone.
            if !isBegun || error.endsConnection && error.sqlState == nil { lose(error) }
            // The plan was refused before it ran, outside any transaction: it is prepared anew and sent once more.
            if isStale, isRepeatable, isIdle { return try await exchange(statements, isCancellable: isCancellable) }
            throw error
        }
        guard answer.results.count == steps.count + 1 else {
            let words = "\(answer.results.count) results for \(steps.count) steps"
            let error = PostgresError(.protocolViolation, words)
            lose(error)
            throw error
        }
        return zip(steps, answer.results).filter(\.0.isStatement).map { StatementResult(result: $0.1) }
    }

    private static func validate(_ statements: [SQL]) throws(PostgresError) {
        guard statements.count <= ConnectionLimit.pipelineMax else {
            throw PostgresError(
                .invalidStatement, "more than \(ConnectionLimit.pipelineMax) statements in one pipeline")
        }
        for statement in statements {
            let parameters = statement.parameters
            if let fault = parameters.fault { throw fault }
            guard parameters.fields.count <= ConnectionLimit.parametersMax else {
                throw PostgresError(.invalidStatement, "more than \(ConnectionLimit.parametersMax) parameters")
            }
            guard statement.text.utf8.count + parameters.buffer.count <= ConnectionLimit.statementBytes else {
                throw PostgresError(.invalidStatement, "a statement of more than 1 GB")
            }
            guard !statement.text.utf8.contains(0) else {
                throw PostgresError(.invalidStatement, "a statement's text has a NUL in it")
            }
        }
    }

    /// Drops the names that went out of use, in an exchange of its own and outside transactions.
    ///
    /// In one flush with a statement it would make a transaction of the two, in which VACUUM, CREATE DATABASE and their
    /// like are refused; in an open transaction a name that the server does not know would end it.
    private func dropCondemned() async throws(PostgresError) {
        let names = prepared.takeCondemned()
        guard !names.isEmpty, let raw = unsafe raw else { return }
        for name in names { try check(unsafe LibPQ.send(SQL(stringLiteral: "DEALLOCATE \(name)"), on: raw)) }
        try check(unsafe PQpipelineSync(raw) == 1)
        flush()
        let answer = try await wait(for: .sync, isCancellable: false)
        guard let (index, error) = answer.refusal else { return }
        _ = settle(names.map(Step.drop), refusedAt: index, error)
        if error.sqlState == nil { throw error }
    }

    private func send(_ statements: [SQL], isNamed: Bool) throws(PostgresError) -> [Step] {
        guard let raw = unsafe raw else { throw PostgresError(.connectionLost, "the connection is closed") }
        var steps: [Step] = []
        steps.reserveCapacity(statements.count + 1)
        if let begin = pendingBegin {
            try unsafe send(begin, isNamed: isNamed, as: .begin, on: raw, steps: &steps)
            pendingBegin = nil
        }
        for statement in statements {
            try unsafe send(statement, isNamed: isNamed, as: nil, on: raw, steps: &steps)
        }
        try check(unsafe PQpipelineSync(raw) == 1)
        flush()
        return steps
    }

    private func send(
        _ statement: SQL, isNamed: Bool, as step: Step?, on raw: OpaquePointer, steps: inout [Step]
    ) throws(PostgresError) {
        guard isNamed else {
            try check(unsafe LibPQ.send(statement, on: raw))
            return steps.append(step ?? .statement(known: nil))
        }
        let (name, isNew) = prepared.name(for: statement)
        if isNew {
            try check(unsafe LibPQ.prepare(statement, as: name, on: raw))
            steps.append(.prepare(name))
        }
        try check(unsafe LibPQ.send(statement, as: name, on: raw))
        steps.append(step ?? .statement(known: isNew ? nil : name))
    }

    /// Brings what we know of the server's prepared statements in line with where it stopped.
    ///
    /// - Returns: Whether it stopped because a prepared statement had become useless.
    private func settle(_ steps: [Step], refusedAt index: Int, _ error: PostgresError) -> Bool {
        for step in steps.dropFirst(index) {
            switch step {
            case .prepare(let name): prepared.forget(name)
            case .drop(let name): prepared.condemn(name)
            case .begin, .statement: break
            }
        }
        if error.sqlState == .invalidStatementName {
            // A pooler, or DISCARD ALL, gave us another session.
            prepared.forgetAll()
            return true
        }
        guard error.sqlState == .featureNotSupported, steps.indices.contains(index),
            case .statement(let known?) = steps[index]
        else { return false }
        // The schema changed under a prepared plan.
        prepared.condemn(known)
        return true
    }

    /// A call of libpq that fails while sending leaves the protocol in an unknown state: the connection ends.
    func check(_ succeeded: Bool) throws(PostgresError) {
        if succeeded { return }
        let words = unsafe raw.map { unsafe String(cString: PQerrorMessage($0)) }
        let error = PostgresError(.connectionLost, "the statement could not be sent", serverText: words)
        lose(error)
        throw error
    }
}
