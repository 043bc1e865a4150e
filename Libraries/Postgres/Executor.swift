/// Whatever can run statements: a ``Pool``, a ``Connection``, a ``Transaction``.
public protocol Executor: Sendable {
    /// Sends statements in one flush and waits for all of them: one round trip. They stand or fall together, as one
    /// implicit transaction where none is open.
    ///
    /// - Throws: The first statement's error in their order; the later ones did not run.
    func results(of statements: [SQL]) async throws(PostgresError) -> [StatementResult]
}

/// What the server answered to one statement.
public struct StatementResult: Sendable {
    let result: QueryResult

    /// The rows that the command says it touched.
    var affectedCount: Int { result.affectedCount }
}

extension Executor {
    /// Runs a statement and reads its rows.
    public func run<Row>(_ statement: Statement<Row>) async throws(PostgresError) -> [Row] {
        try await results(of: [statement.sql])[0].result.rows(statement.read)
    }

    /// Runs a statement and answers how many rows the command says it touched.
    @discardableResult
    public func execute<Row>(_ statement: Statement<Row>) async throws(PostgresError) -> Int {
        try await results(of: [statement.sql])[0].affectedCount
    }

    /// Runs a statement that gives at most one row.
    public func first<Row>(_ statement: Statement<Row>) async throws(PostgresError) -> Row? {
        let rows = try await run(statement)
        guard rows.count <= 1 else {
            throw PostgresError(.rowCount, "\(rows.count) rows where one at most was promised")
        }
        return rows.first
    }

    /// Runs a statement that gives exactly one row.
    public func one<Row>(_ statement: Statement<Row>) async throws(PostgresError) -> Row {
        let rows = try await run(statement)
        guard rows.count == 1, let row = rows.first else {
            throw PostgresError(.rowCount, "\(rows.count) rows where one was promised")
        }
        return row
    }

    /// Runs statements of different kinds in one round trip.
    public func pipeline<each Row: Sendable>(
        _ statements: repeat Statement<each Row>
    ) async throws(PostgresError) -> (repeat [each Row]) {
        var texts: [SQL] = []
        for statement in repeat each statements { texts.append(statement.sql) }
        var answers = try await results(of: texts)[...]
        func next<R>(_ statement: Statement<R>) throws(PostgresError) -> [R] {
            try answers.removeFirst().result.rows(statement.read)
        }
        return (repeat try next(each statements))
    }

    /// Runs statements of one kind in one round trip.
    public func pipeline<Row>(_ statements: [Statement<Row>]) async throws(PostgresError) -> [[Row]] {
        let answers = try await results(of: statements.map { $0.sql })
        var rows: [[Row]] = []
        rows.reserveCapacity(answers.count)
        for (answer, statement) in zip(answers, statements) { rows.append(try answer.result.rows(statement.read)) }
        return rows
    }
}
