package import FoundationEssentials
package import Kernel
import Keys
package import Postgres

/// Where something is to be delivered, and to whom.
///
/// - Invariant: descriptions and mirrors show nothing; the parts are read one by one or not at all.
package struct PostalAddress: Codable, Hashable, Sendable {
    /// The addressee.
    package var name: String
    /// The addressee's telephone number.
    package var phone: String
    /// 省, or a city that is one.
    package var province: String
    /// 市.
    package var city: String
    /// 区 or 县.
    package var district: String
    /// Street, house and door.
    package var detail: String

    /// An address in its parts.
    package init(name: String, phone: String, province: String, city: String, district: String, detail: String) {
        self.name = name
        self.phone = phone
        self.province = province
        self.city = city
        self.district = district
        self.detail = detail
    }
}

extension PostalAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says nothing.
    package var description: String { "PostalAddress(…)" }
    /// Says nothing.
    package var debugDescription: String { description }
    /// Empty, so that `dump` shows nothing.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Vault {
    /// Keeps an address of a person, sealed with that person's own key.
    ///
    /// Each call makes another address: what was used once is never changed.
    ///
    /// - Throws: ``VaultError/personUnknown(_:)``, ``VaultError/personErased(_:)``; `KeysError`; `PostgresError`.
    package func keepAddress(
        _ address: PostalAddress, of person: ID<Person>, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> ID<Address> {
        let key = try await dataKey(of: person, brand: brand, on: tx)
        let id = ID<Address>.mint()
        let text = Array(try JSONEncoder().encode(address))
        let sealed = try key.seal(text, context: Self.context(id, of: person, brand: brand))
        try await tx.execute(AddressStatements.insert(id, of: person, sealed: sealed, brand: brand, now: now))
        return id
    }

    /// Opens an address.
    ///
    /// Only for the few places that must show or print it; what comes back is never logged.
    ///
    /// - Throws: ``VaultError/addressUnknown(_:)``, ``VaultError/addressErased(_:)``, ``VaultError/personErased(_:)``; `KeysError`;
    ///   `PostgresError`.
    package func revealAddress(
        _ address: ID<Address>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> PostalAddress {
        guard let stored = try await executor.first(AddressStatements.address(address, brand: brand)) else {
            throw VaultError.addressUnknown(address)
        }
        // Says who was erased before what was.
        let key = try await dataKey(of: stored.person, brand: brand, on: executor)
        guard let sealed = stored.sealedValue else { throw VaultError.addressErased(address) }
        let text = try key.open(sealed, context: Self.context(address, of: stored.person, brand: brand))
        guard let opened = try? JSONDecoder().decode(PostalAddress.self, from: Data(text)) else {
            // What the decoder says may quote the text.
            throw VaultError.valueUnreadable(stored.person)
        }
        return opened
    }

    /// Erases a person: destroys the key of everything sealed with it, then the sealed values themselves.
    ///
    /// The id stays, since orders and the ledger refer to it. The same identifier is a new person from now on.
    ///
    /// - Returns: Whether there was anything to erase: false for a person who was erased before.
    /// - Throws: ``VaultError/personUnknown(_:)``; `PostgresError`.
    @discardableResult
    package func erase(_ person: ID<Person>, brand: ID<Brand>, now: Date, on tx: Transaction) async throws -> Bool {
        let erased = try await tx.first(VaultStatements.erase(person, brand: brand, now: now))
        // After the person: whoever adds an address at this moment was waited for, or finds no key.
        try await tx.execute(AddressStatements.erase(of: person, brand: brand, now: now))
        if erased != nil { return true }
        guard try await tx.first(VaultStatements.person(person, brand: brand)) != nil else {
            throw VaultError.personUnknown(person)
        }
        return false
    }

    /// Erases addresses whose time is over; their person and other addresses stay.
    ///
    /// - Returns: How many there were to erase.
    package func erase(
        addresses: [ID<Address>], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws(PostgresError) -> Int {
        if addresses.isEmpty { return 0 }
        return try await tx.run(AddressStatements.erase(addresses.sorted(), brand: brand, now: now)).count
    }

    /// What binds a sealed address to its row; longer than that of an identifier, so that neither opens as the other.
    private static func context(_ id: ID<Address>, of person: ID<Person>, brand: ID<Brand>) -> [UInt8] {
        withUnsafeBytes(of: (brand.rawValue.uuid, person.rawValue.uuid, id.rawValue.uuid)) { Array($0) }
    }
}
