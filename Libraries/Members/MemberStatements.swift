import Foundation
import Kernel
import Postgres

/// The SQL of members.
enum MemberStatements {
    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }

    /// One look at the primary key for each; see Postgres/Decisions/0002.
    static func known(
        _ persons: [ID<Person>], brand: ID<Brand>
    ) -> Statement<(person: ID<Person>, member: ID<Member>)> {
        Statement(
            """
            SELECT x.person_id, i.member_id
            FROM unnest(\(persons)) AS x (person_id)
            CROSS JOIN LATERAL (
                SELECT member_id
                FROM members.identity
                WHERE brand_id = \(brand) AND person_id = x.person_id
                LIMIT 1
            ) i
            """
        ) { row throws(PostgresError) in (person: try row.next(), member: try row.next()) }
    }

    static func insert(_ members: [IdentityLink.NewMember], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO members.member (brand_id, member_id, source_kind, source_id, joined_at, created_at)
            SELECT b.brand_id, x.member_id, x.source_kind, x.source_id, x.joined_at, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(members.map(\.id)), \(members.map(\.source.kind)), \(members.map(\.source.id)),
                \(members.map(\.joinedAt))) AS x (member_id, source_kind, source_id, joined_at)
            WHERE b.brand_id = \(brand)
            ORDER BY x.member_id
            """)
    }

    /// Sorted by the key; a person whom somebody else links at this moment returns no row.
    static func link(
        _ identities: [IdentityLink.NewIdentity], _ onConflict: OnConflict, brand: ID<Brand>, now: Date
    ) -> Statement<ID<Person>> {
        Statement(
            """
            INSERT INTO members.identity (brand_id, person_id, member_id, kind, linked_at)
            SELECT b.brand_id, x.person_id, x.member_id, x.kind, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(identities.map(\.person)), \(identities.map(\.member)), \(identities.map(\.kind)))
                AS x (person_id, member_id, kind)
            WHERE b.brand_id = \(brand)
            ORDER BY x.person_id
            \(onConflict)
            RETURNING person_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func insert(_ pairs: [IdentityLink.Pair], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO members.merge_candidate (brand_id, member_id, other_id, seen_at)
            SELECT b.brand_id, x.member_id, x.other_id, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(pairs.map(\.first)), \(pairs.map(\.second))) AS x (member_id, other_id)
            WHERE b.brand_id = \(brand)
            ORDER BY x.member_id, x.other_id
            ON CONFLICT DO NOTHING
            """)
    }

    /// Locks those who were there earlier than is known, in the order of their ids.
    static func lockLater(
        _ earlier: [IdentityLink.Earlier], brand: ID<Brand>
    ) -> Statement<ID<Member>> {
        Statement(
            """
            SELECT m.member_id
            FROM (
                SELECT member_id, joined_at
                FROM unnest(\(earlier.map(\.member)), \(earlier.map(\.at))) AS x (member_id, joined_at)
                ORDER BY member_id
            ) x
            CROSS JOIN LATERAL (
                SELECT member_id
                FROM members.member
                WHERE brand_id = \(brand) AND member_id = x.member_id AND joined_at > x.joined_at
                LIMIT 1
                FOR NO KEY UPDATE
            ) m
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func moveBack(_ earlier: [IdentityLink.Earlier], brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            UPDATE members.member m
            SET source_kind = x.source_kind, source_id = x.source_id, joined_at = x.joined_at
            FROM unnest(\(earlier.map(\.member)), \(earlier.map(\.source.kind)), \(earlier.map(\.source.id)),
                \(earlier.map(\.at))) AS x (member_id, source_kind, source_id, joined_at)
            WHERE m.brand_id = \(brand) AND m.member_id = x.member_id AND x.joined_at < m.joined_at
            """)
    }
}
