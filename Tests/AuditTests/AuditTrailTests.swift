import Accounting
import Audit
import Foundation
import Kernel
import Postgres
import TestSupport
import Testing

/// What was written down stays as it was, or is found out.
struct AuditTrailTests {
    private let brand = ID<Brand>.mint()

    private func act(_ number: Int) -> ManualAct {
        ManualAct(
            author: "li", act: "siyu policy set", subject: "gift.accept_window", reason: "why \(number)",
            details: "{\"seconds\": \(number)}")
    }

    /// A trail of five entries.
    private func withTrail(_ body: (TestDatabase, Pool) async throws -> Void) async throws {
        try await withTestDatabase { db in
            let pool = db.pool(as: .operator)
            for number in 1...5 {
                let written = try await pool.transaction { tx in
                    try await AuditTrail.note(act(number), brand: brand, on: tx)
                }
                #expect(written == Int64(number))
            }
            try await body(db, pool)
        }
    }

    @Test func o09_trail_listsNewestFirst_andIsWhole() async throws {
        try await withTrail { _, pool in
            let entries = try await AuditTrail.list(before: 5, limit: 2, brand: brand, on: pool)
            #expect(entries.map(\.number) == [4, 3] && entries.map(\.act) == [act(4), act(3)])

            let check = try await AuditTrail.check(brand: brand, on: pool)
            #expect(check.entries == 5 && check.fault == nil && check.head?.number == 5)
            #expect(try await AuditTrail.check(brand: brand, noted: check.head, on: pool).fault == nil)
            let none = try await AuditTrail.check(brand: .mint(), on: pool)
            #expect(none.entries == 0 && none.head == nil && none.fault == nil)
        }
    }

    /// The row acceptance: an edited row breaks verification at that row, whichever column it is.
    @Test(arguments: [
        "author = 'wang'", "act = 'siyu policy list'", "subject = 'x'", "reason = ''", "details = '{}'",
        "acted_at = acted_at + interval '1 microsecond'", "hash = sha256(hash)",
        "details = details || repeat(' ', 600)",
    ])
    func o09_editedRow_breaksVerificationAtThatRow(change: String) async throws {
        try await withTrail { db, pool in
            let brand = brand
            try await db.superuser.execute(
                Statement<Void>(
                    "UPDATE audit.entry SET \(unsafeRaw: change) WHERE brand_id = \(brand) AND number = 3"))

            let check = try await AuditTrail.check(brand: brand, on: pool)

            #expect(check.fault == AuditFault(what: .changed, number: 3))
            #expect(check.entries == 2)
        }
    }

    @Test(arguments: [(3, AuditFault(what: .removed, number: 3)), (5, AuditFault(what: .removed, number: 5))])
    func o09_removedRow_isNamed(number: Int, fault: AuditFault) async throws {
        try await withTrail { db, pool in
            let brand = brand
            try await db.superuser.execute(
                Statement<Void>("DELETE FROM audit.entry WHERE brand_id = \(brand) AND number = \(number)"))

            #expect(try await AuditTrail.check(brand: brand, on: pool).fault == fault)
        }
    }

    @Test func o09_rowSlippedIn_orTrailWrittenAnew_isFound() async throws {
        try await withTrail { db, pool in
            let brand = brand
            let head = try #require(try await AuditTrail.check(brand: brand, on: pool).head)
            // Two rows exchanged.
            try await db.superuser.execute(
                Statement<Void>(
                    """
                    UPDATE audit.entry e SET details = o.details FROM audit.entry o
                    WHERE e.brand_id = \(brand) AND o.brand_id = \(brand) AND e.number = 2 AND o.number = 4
                    """))
            #expect(try await AuditTrail.check(brand: brand, on: pool).fault?.number == 2)

            // As a whole, with hashes that fit: found by the head that was noted down.
            try await db.superuser.execute(Statement<Void>("DELETE FROM audit.entry"))
            try await db.superuser.execute(Statement<Void>("DELETE FROM audit.trail"))
            for number in 1...5 {
                try await pool.transaction { tx in
                    _ = try await AuditTrail.note(act(number + 10), brand: brand, on: tx)
                }
            }
            #expect(try await AuditTrail.check(brand: brand, on: pool).fault == nil)
            let noted = try await AuditTrail.check(brand: brand, noted: head, on: pool)
            #expect(noted.fault == AuditFault(what: .noted, number: 5))
            let beyond = SealHead(number: 9, hash: head.hash)
            #expect(
                try await AuditTrail.check(brand: brand, noted: beyond, on: pool).fault
                    == AuditFault(what: .removed, number: 6))
        }
    }

    @Test func o09_manyAtOnce_standInOneChain_andWhatIsRolledBackLeavesNoGap() async throws {
        try await withTestDatabase { db in
            let pool = db.pool(as: .operator, connectionsMax: 8)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        do {
                            try await pool.transaction { tx in
                                _ = try await AuditTrail.note(act(number), brand: brand, on: tx)
                                if number.isMultiple(of: 4) { throw Problem.conflict("changed our mind") }
                            }
                        } catch is Problem {}
                    }
                }
                try await group.waitForAll()
            }

            let check = try await AuditTrail.check(brand: brand, on: pool)

            #expect(check.entries == 30 && check.fault == nil)
        }
    }

    @Test(arguments: [TestRole.ingest, .redeem, .gifts, .reports, .operator])
    func o09_trail_cannotBeChangedByAnyRole(role: TestRole) async throws {
        try await withTrail { db, _ in
            let pool = db.pool(as: role)
            for sql in ["UPDATE audit.entry SET details = ''", "DELETE FROM audit.entry", "DELETE FROM audit.trail"] {
                let fault = await #expect(throws: PostgresError.self) {
                    try await pool.execute(Statement<Void>(SQL(stringLiteral: sql)))
                }
                #expect(fault?.sqlState == .insufficientPrivilege)
            }
        }
    }

    @Test func act_tooLong_isCut() {
        let act = ManualAct(author: "a", act: "b", details: String(repeating: "x", count: 1_000))

        #expect(act.details.count == ManualAct.lengthMax.value)
    }
}
