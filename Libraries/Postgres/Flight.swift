/// Statements of several kinds, some of them perhaps left out, that travel in one round trip.
public struct Flight: Sendable {
    /// Where the rows of a statement are found afterwards.
    public struct Ticket<Row: Sendable>: Sendable {
        let place: Int
        let statement: Statement<Row>
    }

    var texts: [SQL] = []

    /// Nothing to send yet.
    public init() {}

    /// Whether there is nothing to send.
    public var isEmpty: Bool { texts.isEmpty }

    /// Adds a statement behind those that were added before.
    public mutating func add<Row: Sendable>(_ statement: Statement<Row>) -> Ticket<Row> {
        texts.append(statement.sql)
        return Ticket(place: texts.count - 1, statement: statement)
    }
}

/// What a ``Flight`` brought back.
public struct Landing: Sendable {
    let results: [StatementResult]

    /// The rows of a statement; none for one that was left out.
    public func rows<Row>(_ ticket: Flight.Ticket<Row>?) throws(PostgresError) -> [Row] {
        guard let ticket else { return [] }
        return try results[ticket.place].result.rows(ticket.statement.read)
    }
}

extension Executor {
    /// Sends the statements of a flight, in one round trip; none if it is empty.
    public func run(_ flight: Flight) async throws(PostgresError) -> Landing {
        Landing(results: flight.isEmpty ? [] : try await results(of: flight.texts))
    }
}
