import Foundation
import JobTesting
import Jobs
import Kernel
import Members
import Postgres
import TestSupport
import Testing
import Touch

struct TouchTests {
    private struct World {
        let db: TestDatabase
        let brand = ID<Brand>.mint()
        let batch = ID<CodeBatch>.mint()
        let pool: Pool
        let tester: JobTester
        let start = Date(timeIntervalSince1970: 1_735_776_000)

        init(_ db: TestDatabase, patience: Duration) async throws {
            self.db = db
            pool = db.pool(as: .redeem, connectionsMax: 16)
            let queue = JobQueue(pool: pool, logger: .silent)
            TouchRecording.register(on: queue, patience: patience)
            tester = JobTester(queue)
            let brand = brand
            try await db.owner.execute(
                Statement<Void>("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        }

        static func open(
            patience: Duration = .zero, _ body: (World) async throws -> Void
        ) async throws {
            try await withTestDatabase { db in try await body(try await World(db, patience: patience)) }
        }

        func pack(_ person: ID<Person>, _ union: ID<Person>? = nil, batch: ID<CodeBatch>? = nil) -> TouchRecord.Pack {
            TouchRecord.Pack(
                person: person, unionPerson: union, redemption: .mint(), batch: batch ?? self.batch, product: nil,
                shop: nil)
        }

        func push(_ packs: [TouchRecord.Pack], after seconds: TimeInterval = 0) async throws {
            try await tester.queue.push(TouchRecord(brand: brand, at: start + seconds, packs: packs))
        }

        func record(_ packs: [TouchRecord.Pack], after seconds: TimeInterval = 0) async throws {
            try await push(packs, after: seconds)
            try await tester.drain()
        }

        func count(_ table: String) async throws -> Int {
            try await db.owner.one(
                Statement("SELECT count(*) FROM \(unsafeRaw: table)") { row throws(PostgresError) in
                    try row.next(Int.self)
                })
        }
    }

    @Test func c09_newOpenid_becomesAMemberWithItsTouch() async throws {
        try await World.open { world in
            let person = ID<Person>.mint()
            try await world.record([world.pack(person), world.pack(.mint())])
            try await world.record([world.pack(person)], after: 60)

            #expect(try await world.count("members.member") == 2)
            #expect(try await world.count("members.identity WHERE kind = 'openid'") == 2)
            #expect(try await world.count("touch.touch WHERE source_id = '\(world.batch)'") == 3)
            #expect(
                try await world.count(
                    "members.member WHERE source_kind = 'pack' AND source_id = '\(world.batch)'") == 2)
        }
    }

    /// See Postgres/Decisions/0002.
    @Test func jobsOfANewDatabase_readTheirOwnPersonsAlone() async throws {
        try await World.open { world in
            let (rounds, together) = (60, 10)
            let known = (0..<together).map { _ in ID<Person>.mint() }
            for round in 0..<rounds {
                let strangers = (0..<together).map { _ in world.pack(.mint()) }
                try await world.record(known.map { world.pack($0) } + strangers, after: TimeInterval(round))
            }
            // A backend tells the statistics when it ends.
            await world.pool.shutdown()
            try await lettingPass(.milliseconds(500))

            for table in ["members.identity", "members.member"] {
                let read = try await world.db.superuser.one(
                    Statement<Int>(
                        """
                        SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint
                        FROM pg_stat_user_tables
                        WHERE schemaname || '.' || relname = \(table)
                        """
                    ) { row throws(PostgresError) in try row.next() })
                // Reading all rows of the brand in each round would be eighteen thousand.
                #expect(read < 4 * rounds * together, "\(table)")
            }
        }
    }

    @Test func c09_knownUnionid_makesNoNewMember() async throws {
        try await World.open { world in
            let union = ID<Person>.mint()
            try await world.record([world.pack(.mint(), union)])
            try await world.record([world.pack(.mint(), union)], after: 60)

            #expect(try await world.count("members.member") == 1)
            #expect(try await world.count("members.identity WHERE kind = 'openid'") == 2)
            #expect(try await world.count("members.identity WHERE kind = 'unionid'") == 1)
            #expect(try await world.count("touch.touch") == 2)
        }
    }

    @Test func c09_samePeopleInManyJobsAtOnce_areEachNewOnce() async throws {
        try await World.open { world in
            let unions = (0..<20).map { _ in ID<Person>.mint() }
            let people = (0..<60).map { _ in ID<Person>.mint() }
            for _ in 0..<40 {
                let packs = people.indices.shuffled().prefix(30).map { world.pack(people[$0], unions[$0 / 3]) }
                try await world.push(packs)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    let tester = JobTester(world.tester.queue)
                    group.addTask { try await tester.drain() }
                }
                try await group.waitForAll()
            }

            // Whoever failed while others won tries again in a second or more.
            try await eventually {
                try await JobTester(world.tester.queue).drain()
                return try await world.count("touch.touch") == 1_200
            }
            #expect(try await world.count("members.member") == 20)
            #expect(try await world.count("members.identity") == 80)
            #expect(
                try await world.count(
                    "members.member m WHERE NOT EXISTS (SELECT FROM members.identity i WHERE i.member_id = m.member_id)"
                ) == 0)
        }
    }

    @Test func earlierContactToldLater_isWhereSomebodyCameFrom() async throws {
        try await World.open { world in
            let (person, first) = (ID<Person>.mint(), ID<CodeBatch>.mint())
            try await world.record([world.pack(person)], after: 60)
            try await world.record([world.pack(person, batch: first)])
            try await world.record([world.pack(person, batch: .mint())], after: 90)

            #expect(try await world.count("members.member WHERE source_id = '\(first)'") == 1)
            #expect(try await world.count("members.member") == 1)
        }
    }

    @Test func c09_jobToldTwice_isOneTouch() async throws {
        try await World.open { world in
            let pack = world.pack(.mint(), .mint())
            for _ in 0..<3 { try await world.record([pack]) }

            #expect(try await world.count("touch.touch") == 1)
            #expect(try await world.count("members.member") == 1)
        }
    }

    @Test func c09_twoMembersByOneContact_areAPairToLookAt() async throws {
        try await World.open { world in
            let (person, union) = (ID<Person>.mint(), ID<Person>.mint())
            try await world.record([world.pack(person)])
            try await world.record([world.pack(.mint(), union)])
            for second in [60.0, 120] { try await world.record([world.pack(person, union)], after: second) }

            #expect(try await world.count("members.member") == 2)
            #expect(try await world.count("members.merge_candidate") == 1)
        }
    }
}
