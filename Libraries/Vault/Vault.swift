package import FoundationEssentials
package import Kernel
package import Keys
package import Postgres

/// What sort of identifier a value is, as in `phone`; the same value of another kind is somebody else.
package struct PersonKind: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    /// The word in the database, which is not secret.
    package let rawValue: String

    /// A kind by its word.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// A kind by its word.
    package init(stringLiteral value: String) { self.init(rawValue: value) }
}

/// An identifier of a person, fit to be stored anywhere: it says nothing without the keys.
package struct SealedPerson: Hashable, Sendable {
    /// The id that the person will have if the vault does not know the identifier yet.
    package var id: ID<Person>
    /// The keyed digest under which the identifier is found again.
    package var blindIndex: [UInt8]
    /// The identifier under this person's own data key.
    package var sealedValue: [UInt8]
    /// That data key under the master key.
    package var wrappedKey: [UInt8]

    /// An identifier as it was stored.
    package init(id: ID<Person>, blindIndex: [UInt8], sealedValue: [UInt8], wrappedKey: [UInt8]) {
        self.id = id
        self.blindIndex = blindIndex
        self.sealedValue = sealedValue
        self.wrappedKey = wrappedKey
    }
}

/// Why the vault did not answer.
///
/// No case carries a value.
package enum VaultError: Error, Hashable, Sendable {
    /// There is no such brand, so nobody can be admitted to it.
    case brandUnknown(ID<Brand>)
    /// There is no such person.
    case personUnknown(ID<Person>)
    /// The person was erased: the id is all that is left.
    case personErased(ID<Person>)
    /// There is no such address.
    case addressUnknown(ID<Address>)
    /// The address was kept for as long as it may be: the id is all that is left.
    case addressErased(ID<Address>)
    /// The stored bytes are not what they should be.
    case valueUnreadable(ID<Person>)
}

/// The only room that holds personal data: an identifier goes in, a person's id comes out, the same one every time.
package struct Vault: Sendable {
    private let keys: KeyRing

    /// A vault that seals with `keys`.
    package init(keys: KeyRing) { self.keys = keys }

    /// The keyed digest of a value; another `kind` gives an unrelated one.
    package func blindIndex(of value: String, kind: PersonKind, brand: ID<Brand>) -> [UInt8] {
        keys.blindIndex(brand: brand.rawValue, kind: kind.rawValue, value: value)
    }

    /// Seals an identifier under a new data key, without asking the database.
    ///
    /// The id is part of what is authenticated: a sealed value copied to another person's row does not open.
    package func seal(_ value: String, kind: PersonKind, brand: ID<Brand>) throws(KeysError) -> SealedPerson {
        let id = ID<Person>.mint()
        let key = DataKey.generate()
        let context = Self.context(id, brand: brand)
        return SealedPerson(
            id: id, blindIndex: blindIndex(of: value, kind: kind, brand: brand),
            sealedValue: try key.seal(Array(value.utf8), context: context),
            wrappedKey: try keys.wrap(key, context: context))
    }

    /// What binds a sealed value to its row.
    private static func context(_ id: ID<Person>, brand: ID<Brand>) -> [UInt8] {
        withUnsafeBytes(of: (brand.rawValue.uuid, id.rawValue.uuid)) { Array($0) }
    }
}

// MARK: - Persons

extension Vault {
    /// The person behind an identifier, admitted now if the vault does not know it.
    package func person(
        _ value: String, kind: PersonKind, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> ID<Person> {
        let persons = try await persons([value], kind: kind, brand: brand, now: now, on: tx)
        return persons[0]
    }

    /// The persons behind many identifiers, in their order; equal identifiers are one person.
    ///
    /// - Complexity: three statements however many values; only unknown ones are sealed.
    package func persons(
        _ values: [String], kind: PersonKind, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> [ID<Person>] {
        let indexes = values.map { blindIndex(of: $0, kind: kind, brand: brand) }
        var ids = try await known(Array(Set(indexes)), kind: kind, brand: brand, on: tx)
        var strangers: [[UInt8]: SealedPerson] = [:]
        for (value, index) in zip(values, indexes) where ids[index] == nil && strangers[index] == nil {
            strangers[index] = try seal(value, kind: kind, brand: brand)
        }
        let admitted = Array(strangers.values)
        for (person, id) in zip(admitted, try await admit(admitted, kind: kind, brand: brand, now: now, on: tx)) {
            ids[person.blindIndex] = id
        }
        return try indexes.map { index in
            guard let id = ids[index] else { throw VaultError.brandUnknown(brand) }
            return id
        }
    }

    /// Admits persons that were sealed earlier; whoever the vault knows already keeps the id it has.
    ///
    /// Two transactions may admit the same person at once: the second waits for the first and then reads its row.
    ///
    /// - Returns: The id that each of `persons` has from now on, in their order.
    package func admit(
        _ persons: [SealedPerson], kind: PersonKind, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> [ID<Person>] {
        if persons.isEmpty { return [] }
        var ids: [[UInt8]: ID<Person>] = [:]
        for (index, id) in try await tx.run(
            VaultStatements.admit(persons, .doNothing, kind: kind, brand: brand, now: now))
        {
            ids[index] = id
        }
        let conflicting = persons.map(\.blindIndex).filter { ids[$0] == nil }
        if !conflicting.isEmpty {
            let earlier = try await known(conflicting, kind: kind, brand: brand, on: tx)
            ids.merge(earlier) { admitted, _ in admitted }
        }
        return try persons.map { person in
            guard let id = ids[person.blindIndex] else { throw VaultError.brandUnknown(brand) }
            return id
        }
    }

    /// The persons whom the vault knows by the blind indexes of their identifiers; nobody is admitted.
    package func known(
        _ indexes: [[UInt8]], kind: PersonKind, brand: ID<Brand>, on tx: Transaction
    ) async throws -> [[UInt8]: ID<Person>] {
        if indexes.isEmpty { return [:] }
        return Dictionary(try await tx.run(finding(indexes, kind: kind, brand: brand))) { first, _ in first }
    }

    /// ``known(_:kind:brand:on:)`` as a statement, for a flight of the caller.
    package func finding(
        _ indexes: [[UInt8]], kind: PersonKind, brand: ID<Brand>
    ) -> Statement<([UInt8], ID<Person>)> {
        VaultStatements.find(indexes, kind: kind, brand: brand)
    }

    /// The first half of ``admit(_:kind:brand:now:on:)`` as a statement, for a flight of the caller.
    ///
    /// Its rows are those whom nobody had admitted before: whoever is missing has another id.
    package func admitting(
        _ persons: [SealedPerson], _ onConflict: OnConflict, kind: PersonKind, brand: ID<Brand>, now: Date
    ) -> Statement<([UInt8], ID<Person>)> {
        VaultStatements.admit(persons, onConflict, kind: kind, brand: brand, now: now)
    }

    /// Opens a person's identifier.
    ///
    /// Only for the few places that must show it; what comes back is never logged.
    package func reveal(_ person: ID<Person>, brand: ID<Brand>, on executor: some Executor) async throws -> String {
        guard let stored = try await executor.first(VaultStatements.person(person, brand: brand)) else {
            throw VaultError.personUnknown(person)
        }
        guard let sealed = stored.sealedValue, let wrapped = stored.wrappedKey else {
            throw VaultError.personErased(person)
        }
        let context = Self.context(person, brand: brand)
        let bytes = try keys.unwrap(wrapped, context: context).open(sealed, context: context)
        guard let value = String(validating: bytes, as: UTF8.self) else { throw VaultError.valueUnreadable(person) }
        return value
    }

    /// The key that everything of a person is sealed with.
    func dataKey(of person: ID<Person>, brand: ID<Brand>, on executor: some Executor) async throws -> DataKey {
        guard let stored = try await executor.first(VaultStatements.person(person, brand: brand)) else {
            throw VaultError.personUnknown(person)
        }
        guard let wrapped = stored.wrappedKey else { throw VaultError.personErased(person) }
        return try keys.unwrap(wrapped, context: Self.context(person, brand: brand))
    }
}
