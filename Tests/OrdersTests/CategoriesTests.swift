import Foundation
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// The tree of categories: dated, without circles, and not too deep.
struct CategoriesTests {
    private let brand = ID<Brand>.mint()

    private func brandMade(_ db: TestDatabase) async throws -> Pool {
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        return db.pool(as: .operator)
    }

    @Test func move_fromAnInstant_changesTheTreeFromThereOnAlone() async throws {
        try await withTestDatabase { db in
            let pool = try await brandMade(db)
            for (code, below) in [("a", nil), ("b", nil), ("leaf", "a")] {
                _ = try await Catalogue.addCategory(code: code, title: code, below: below, brand: brand, on: pool)
            }
            let later = Date(timeIntervalSinceNow: 3_600)
            _ = try await Catalogue.moveCategory("leaf", below: "b", from: later, brand: brand, on: pool)

            func parent(at instant: Date?) async throws -> String? {
                try await Catalogue.categories(of: brand, at: instant, on: pool).first { $0.code == "leaf" }?.parent
            }
            #expect(try await parent(at: nil) == "a")
            #expect(try await parent(at: later.addingTimeInterval(-0.001)) == "a")
            #expect(try await parent(at: later.addingTimeInterval(0.001)) == "b")
            let again = try await Catalogue.addCategory(code: "leaf", title: "x", below: "b", brand: brand, on: pool)
            #expect(again.parent == "a" && again.title == "leaf")
            // Before the newest move nobody could see what it would meet.
            let problem = await #expect(throws: Problem.self) {
                try await Catalogue.moveCategory("a", below: "b", brand: brand, on: pool)
            }
            #expect(problem?.status == 409)
        }
    }

    @Test func circle_andATreeTooDeep_areRefused() async throws {
        try await withTestDatabase { db in
            let pool = try await brandMade(db)
            var above: String?
            for level in 0..<Catalogue.categoryDepthMax.value {
                _ = try await Catalogue.addCategory(
                    code: "l\(level)", title: "x", below: above, brand: brand, on: pool)
                above = "l\(level)"
            }
            func code(_ body: () async throws -> Void) async throws -> String? {
                do {
                    try await body()
                    return nil
                } catch let problem as Problem {
                    return problem.code
                }
            }
            #expect(
                try await code {
                    _ = try await Catalogue.addCategory(code: "x", title: "x", below: above, brand: brand, on: pool)
                } == "category_too_deep")
            #expect(
                try await code { _ = try await Catalogue.moveCategory("l2", below: "l5", brand: brand, on: pool) }
                    == "category_circle")
            #expect(
                try await code { _ = try await Catalogue.moveCategory("l2", below: "l2", brand: brand, on: pool) }
                    == "category_circle")
            #expect(
                try await code { _ = try await Catalogue.moveCategory("l2", below: "no", brand: brand, on: pool) }
                    == "category_unknown")
            _ = try await Catalogue.addCategory(code: "top", title: "x", brand: brand, on: pool)
            #expect(
                try await code { _ = try await Catalogue.moveCategory("l0", below: "top", brand: brand, on: pool) }
                    == "category_too_deep")
        }
    }

    @Test func twoMovesAtOnce_neverMakeACircle() async throws {
        try await withTestDatabase { db in
            let pool = try await brandMade(db)
            for round in 0..<10 {
                let (one, other) = ("a\(round)", "b\(round)")
                for code in [one, other] {
                    _ = try await Catalogue.addCategory(code: code, title: "x", brand: brand, on: pool)
                }
                let done = await withTaskGroup(of: Bool.self) { group in
                    for (code, below) in [(one, other), (other, one)] {
                        group.addTask {
                            do {
                                _ = try await Catalogue.moveCategory(code, below: below, brand: brand, on: pool)
                                return true
                            } catch {
                                return false
                            }
                        }
                    }
                    return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(done == 1)
            }
        }
    }
}
