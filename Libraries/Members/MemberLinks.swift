package import Kernel
package import Postgres

/// Members of a brand: who they are, and what brought them.
package enum MemberLinks {
    /// Somebody else linked one of the persons at this moment: what was decided is void, and the transaction with it.
    package struct LinkedMeanwhile: Error {}

    /// Makes everybody whom contacts speak of a member, or finds that they are.
    ///
    /// In a fixed order of stages, each sorted by its key, so that two transactions never wait for one another.
    ///
    /// - Parameter onConflict: What becomes of it when somebody else links one of the persons at this moment: the transaction fails with a
    ///   unique violation, or ``LinkedMeanwhile`` is thrown.
    /// - Returns: The member of each contact, in their order.
    /// - Throws: ``LinkedMeanwhile``, after which the transaction must be rolled back and may be tried again; `PostgresError`.
    package static func link(
        _ contacts: [Contact], _ onConflict: OnConflict = .doNothing, brand: ID<Brand>, on tx: Transaction
    ) async throws -> [ID<Member>] {
        if contacts.isEmpty { return [] }
        let persons = Set(contacts.flatMap { [$0.openid] + ($0.unionid.map { [$0] } ?? []) }).sorted()
        let (clock, known) = try await tx.pipeline(
            MemberStatements.clock(), MemberStatements.known(persons, brand: brand))
        guard let now = clock.first else { return [] }
        let link = IdentityLink.decide(
            contacts, known: Dictionary(known.map { ($0.person, $0.member) }) { first, _ in first })
        if !link.newMembers.isEmpty {
            try await tx.execute(MemberStatements.insert(Array(link.newMembers.values), brand: brand, now: now))
        }
        if !link.newIdentities.isEmpty {
            let identities = Array(link.newIdentities.values)
            let linked = try await tx.run(MemberStatements.link(identities, onConflict, brand: brand, now: now))
            // The winner's row is seen by the next try; the members made here go with the rollback.
            guard linked.count == identities.count else { throw LinkedMeanwhile() }
        }
        if !link.candidates.isEmpty {
            try await tx.execute(MemberStatements.insert(Array(link.candidates), brand: brand, now: now))
        }
        let earlier = Array(link.earlier.values)
        if !earlier.isEmpty, try await !tx.run(MemberStatements.lockLater(earlier, brand: brand)).isEmpty {
            try await tx.execute(MemberStatements.moveBack(earlier, brand: brand))
        }
        return link.members
    }
}
