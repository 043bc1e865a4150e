import FoundationEssentials
import Kernel
import Postgres
import Vault

/// Those who stand behind identifiers of one kind within a transaction of scans: known to the vault, or about to be admitted.
struct ScanPersons {
    /// Whom the vault does not know, and who were asked for.
    private(set) var strangers: [SealedPerson] = []
    private let kind: PersonKind
    private let vault: Vault
    private let brand: ID<Brand>
    private var indexes: [String: [UInt8]] = [:]
    private var persons: [[UInt8]: ID<Person>] = [:]

    init(_ identifiers: [String], kind: PersonKind, _ vault: Vault, _ brand: ID<Brand>) {
        (self.kind, self.vault, self.brand) = (kind, vault, brand)
        for identifier in identifiers where indexes[identifier] == nil {
            indexes[identifier] = vault.blindIndex(of: identifier, kind: kind, brand: brand)
        }
    }

    /// Asks who of them is known; nothing where there is nobody to ask for.
    func find(in flight: inout Flight) -> Flight.Ticket<([UInt8], ID<Person>)>? {
        indexes.isEmpty ? nil : flight.add(vault.finding(Array(indexes.values), kind: kind, brand: brand))
    }

    mutating func learn(_ known: [([UInt8], ID<Person>)]) {
        for (index, person) in known { persons[index] = person }
    }

    /// The person behind an identifier; a stranger gets the id that is theirs once they are admitted.
    mutating func person(of identifier: String) throws -> ID<Person>? {
        guard let index = indexes[identifier] else { return nil }
        if let known = persons[index] { return known }
        let stranger = try vault.seal(identifier, kind: kind, brand: brand)
        strangers.append(stranger)
        persons[index] = stranger.id
        return stranger.id
    }

    /// Admits the strangers, if there are any; as many rows come back as nobody else admitted meanwhile.
    func admit(in flight: inout Flight, now: Date) -> Flight.Ticket<([UInt8], ID<Person>)>? {
        strangers.isEmpty ? nil : flight.add(vault.admitting(strangers, .fail, kind: kind, brand: brand, now: now))
    }
}
