package import FoundationEssentials
package import Kernel
package import Postgres

/// What became of a file of cases.
package enum CasesOutcome: Hashable, Sendable {
    /// All of them stand: how many are new, and how many stood before.
    case loaded(new: Int, unchanged: Int)
    /// Lines are wrong: nothing was put in.
    case refused([CodeFileRefusal])
}

/// What became of cases that were shipped.
package enum ShippingOutcome: Hashable, Sendable {
    /// How many are on their way now, and how many were before, to the same dealer.
    case shipped(new: Int, unchanged: Int)
    /// Nothing was changed.
    case refused(Problem)
}

/// Which codes lie in which case, and who got it.
package enum PackCases {
    /// Cases that are shipped by one wish, at most.
    package static let shippedMax = Limit(10_000, reason: "a lorry has fewer, and a transaction holds all of them")
    private static let chunk = 10_000
    private static let namedMax = 5

    /// Puts the cases of a file in, all or none of them; those that stand already are left as they are.
    package static func load(
        _ cases: [CaseLine], brand: ID<Brand>, on pool: Pool
    ) async throws -> CasesOutcome {
        var batches: [BatchHandle: CodeBatchRecord] = [:]
        for handle in Set(cases.map(\.batch)) {
            guard let batch = try await CodeBatchRecord.find(handle, on: pool), batch.brand == brand else { continue }
            batches[handle] = batch
        }
        var wanted: [NewCase] = []
        var refusals: [CodeFileRefusal] = []
        for one in cases {
            guard let batch = batches[one.batch] else {
                refusals.append(CodeFileRefusal(line: one.line, why: "the brand has no batch \(one.batch)"))
                continue
            }
            guard one.indexes.upperBound <= batch.count else {
                refusals.append(
                    CodeFileRefusal(line: one.line, why: "batch \(one.batch) has the codes 0 to \(batch.count) alone"))
                continue
            }
            wanted.append(NewCase(line: one.line, code: one.code, batch: batch.id, indexes: one.indexes))
        }
        if !refusals.isEmpty { return .refused(refusals) }
        return try await pool.transaction { [wanted] tx in
            // In one order, so that two files cannot wait for each other in a circle; and so that no case comes in between.
            for batch in Set(wanted.map(\.batch)).sorted() {
                try await tx.execute(BatchStatements.lock(batch, brand: brand))
            }
            let now = try await tx.one(BatchStatements.clock())
            var new: [NewCase] = []
            var refusals: [CodeFileRefusal] = []
            for first in stride(from: 0, to: wanted.count, by: chunk) {
                let piece = Array(wanted[first..<min(first + chunk, wanted.count)])
                let known = try await tx.run(CaseStatements.neighbours(of: piece, brand: brand))
                let neighbours = Dictionary(known.map { ($0.place - 1, $0) }) { first, _ in first }
                for (place, one) in piece.enumerated() {
                    switch CaseStep.decide(one, neighbours[place]) {
                    case .add: new.append(one)
                    case .unchanged: break
                    case .refused(let why): refusals.append(CodeFileRefusal(line: one.line, why: why))
                    }
                }
            }
            if !refusals.isEmpty { return .refused(refusals) }
            for first in stride(from: 0, to: new.count, by: chunk) {
                let piece = Array(new[first..<min(first + chunk, new.count)])
                let added = try await tx.run(CaseStatements.insert(piece, brand: brand, now: now))
                // Somebody took the name of a case for another batch in this moment: the same file tells which, next time.
                guard added.count == piece.count else { throw Problem.unavailable() }
            }
            return .loaded(new: new.count, unchanged: wanted.count - new.count)
        }
    }

    /// Writes down that cases went to a dealer, from nobody.
    ///
    /// - Parameter at: When; now if nil.
    /// - Throws: ``Problem`` 404 for a dealer that the brand does not have.
    package static func ship(
        _ codes: [String], to dealer: String, at instant: Date?, author: String, brand: ID<Brand>, on pool: Pool
    ) async throws -> ShippingOutcome {
        try await send(
            codes, to: dealer, CaseNote(author: author, reason: "shipped"), at: instant, brand: brand, on: pool
        ) { row, dealer, _ in CaseMove.ship(row, to: dealer) }
    }

    /// Writes down that cases went on to another dealer; what was seen before that instant stays the former one's.
    ///
    /// - Parameters:
    ///   - at: When, after they came to where they are; now if nil.
    ///   - reason: Why; it is kept.
    /// - Throws: ``Problem`` 404 for a dealer that the brand does not have.
    package static func reroute(
        _ codes: [String], to dealer: String, at instant: Date?, author: String, reason: String, brand: ID<Brand>,
        on pool: Pool
    ) async throws -> ShippingOutcome {
        guard (1...CaseNote.reasonMax).contains(reason.count) else {
            return .refused(
                .invalid("A reason has 1 to \(CaseNote.reasonMax) characters.", code: "reason_malformed"))
        }
        return try await send(
            codes, to: dealer, CaseNote(author: author, reason: reason), at: instant, brand: brand, on: pool
        ) { row, dealer, instant in CaseMove.reroute(row, to: dealer, at: instant) }
    }

    /// Where a case went, the first first; nothing for one that went nowhere, or that there is not.
    package static func routes(
        of code: String, brand: ID<Brand>, on pool: Pool
    ) async throws(PostgresError) -> [CaseRoute] {
        try await pool.run(CaseStatements.routes(of: code, brand: brand))
    }

    /// All of them, or none: each case is decided about while nobody else can move it.
    private static func send(
        _ codes: [String], to dealer: String, _ note: CaseNote, at instant: Date?, brand: ID<Brand>, on pool: Pool,
        decide: @escaping @Sendable (CaseStatements.CaseRow, ID<Dealer>, Date) -> CaseMove
    ) async throws -> ShippingOutcome {
        let codes = Set(codes).sorted()
        guard codes.count <= shippedMax.value else {
            return .refused(
                .invalid("At most \(shippedMax.value) cases are shipped at a time.", code: "too_many_cases"))
        }
        return try await pool.transaction { tx in
            let now = try await tx.one(BatchStatements.clock())
            guard let dealer = try await tx.first(CaseStatements.dealer(dealer, brand: brand)) else {
                throw Problem.notFound("The brand has no dealer \(dealer).")
            }
            if let instant, instant > now {
                return .refused(
                    .invalid("Cases cannot have been shipped in the future.", code: "shipped_in_the_future"))
            }
            let known = try await tx.run(CaseStatements.lock(codes, brand: brand))
            let missing = Set(codes).subtracting(known.map(\.code)).sorted()
            guard missing.isEmpty else { return .refused(.notFound("There are no cases \(named(missing)).")) }
            let moves = known.map { (code: $0.code, move: decide($0, dealer.id, instant ?? now)) }
            for refusal in CaseMove.Refusal.allCases {
                let refused = moves.filter { $0.move == .refused(refusal) }.map(\.code)
                if !refused.isEmpty { return .refused(refusal.problem(named(refused))) }
            }
            let new = moves.filter { $0.move == .send }.map(\.code)
            let sent = try await tx.run(
                CaseStatements.send(new, to: dealer.id, note, brand: brand, at: instant ?? now, now: now))
            guard sent.count == new.count else { throw Problem.unavailable() }
            return .shipped(new: new.count, unchanged: known.count - new.count)
        }
    }

    private static func named(_ codes: [String]) -> String {
        let first = codes.prefix(namedMax).joined(separator: ", ")
        return codes.count > namedMax ? "\(first) and \(codes.count - namedMax) more" : first
    }
}

/// A case that is to be put in.
struct NewCase: Hashable, Sendable {
    let line: Int64
    let code: String
    let batch: ID<CodeBatch>
    let indexes: Range<Int64>
}

/// What the database has that a new case could be at odds with.
struct CaseNeighbour: Hashable, Sendable {
    /// The place of the new case in what was asked for, from 1.
    let place: Int
    /// The case that holds some of its codes.
    let holder: String?
    /// The case of the same name.
    let namesake: NewCase?
}

/// What is to be done about a case of a file.
enum CaseStep: Hashable, Sendable {
    case add
    case unchanged
    case refused(String)

    static func decide(_ new: NewCase, _ neighbour: CaseNeighbour?) -> CaseStep {
        if let known = neighbour?.namesake {
            return known.batch == new.batch && known.indexes == new.indexes
                ? .unchanged : .refused("the case \(new.code) is there with other codes")
        }
        if let holder = neighbour?.holder { return .refused("some of the codes lie in the case \(holder)") }
        return .add
    }
}
