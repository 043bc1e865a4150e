package import Foundation
package import Kernel
package import Postgres

/// Somebody who runs the installation: speaks for no brand, and sees the queue of all of them.
package struct OperationsCaller: Sendable, Hashable {
    /// The key that was presented.
    package let keyID: ID<APIKey>
    /// Who holds it: the key's label, under which what they do is written down.
    package let name: String

    /// A caller in its two parts.
    package init(keyID: ID<APIKey>, name: String) {
        self.keyID = keyID
        self.name = name
    }
}

/// An operations key as the database knows it: everything but the token.
package struct OperationsKeyRecord: Sendable, Hashable {
    /// The id by which people name the key.
    package let id: ID<APIKey>
    /// Who holds it.
    package let label: String
    /// When it was made.
    package let createdAt: Date
    /// When it stopped being valid.
    package let revokedAt: Date?
}

/// Keys of those who run the installation, made by the operator's command alone.
///
/// They stand in a table of their own: looking up a caller never finds one, and a brand's key is never one. Nothing is
/// cached, as with ``APIKeys``.
package enum OperationsKeys {
    /// Makes a key.
    ///
    /// - Returns: The record and the token, which is shown once and never again.
    /// - Throws: ``Problem`` for a label that is empty or too long; `PostgresError`.
    package static func create(
        label: String, on db: some Executor
    ) async throws -> (record: OperationsKeyRecord, token: APIKeyToken) {
        guard (1...APIKeys.labelLengthMax).contains(label.unicodeScalars.count) else {
            throw Problem.invalid("A label has 1 to \(APIKeys.labelLengthMax) characters.")
        }
        let token = APIKeyToken.generate()
        return (try await db.one(OperationsKeyStatements.insert(.mint(), hash: token.hash, label: label)), token)
    }

    /// Ends a key at once; a key that has ended stays as it is.
    ///
    /// - Returns: The record; nil if there is no such key.
    package static func revoke(
        _ id: ID<APIKey>, on db: some Executor
    ) async throws(PostgresError) -> OperationsKeyRecord? {
        try await db.first(OperationsKeyStatements.revoke(id))
    }

    /// All keys, also the revoked ones, oldest first.
    package static func list(on db: some Executor) async throws(PostgresError) -> [OperationsKeyRecord] {
        try await db.run(OperationsKeyStatements.list)
    }

    /// Who presents this text; nil if it is no token, or an unknown or revoked one.
    package static func caller(
        presenting text: String, on db: some Executor
    ) async throws(PostgresError) -> OperationsCaller? {
        guard let token = APIKeyToken(text) else { return nil }
        return try await db.first(OperationsKeyStatements.holder(hash: token.hash))
    }

    /// Whose a key is; nil once it is revoked.
    package static func caller(of id: ID<APIKey>, on db: some Executor) async throws(PostgresError) -> OperationsCaller?
    {
        try await db.first(OperationsKeyStatements.holder(id: id))
    }
}
