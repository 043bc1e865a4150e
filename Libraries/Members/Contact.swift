package import Foundation
package import Kernel

/// What brought somebody to a brand.
package enum MemberSource: Hashable, Sendable {
    /// A code on a pack of this batch.
    case pack(ID<CodeBatch>)

    var kind: String {
        switch self {
        case .pack: "pack"
        }
    }
    var id: UUID {
        switch self {
        case .pack(let batch): batch.rawValue
        }
    }
}

/// Somebody who was in contact with a brand, as the vault's persons.
package struct Contact: Hashable, Sendable {
    /// Who they are within one app.
    package let openid: ID<Person>
    /// Who they are across the apps of one account, if that was told.
    package let unionid: ID<Person>?
    /// What brought them.
    package let source: MemberSource
    /// When.
    package let at: Date

    /// A contact in its parts.
    package init(openid: ID<Person>, unionid: ID<Person>?, source: MemberSource, at: Date) {
        self.openid = openid
        self.unionid = unionid
        self.source = source
        self.at = at
    }
}
