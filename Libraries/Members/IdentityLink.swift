import Foundation
package import Kernel

/// What contacts mean for members: who is new, who is linked to whom.
///
/// Pure: what is known goes in, what is to be written comes out.
package struct IdentityLink: Hashable, Sendable {
    struct NewMember: Hashable, Sendable {
        let id: ID<Member>
        var source: MemberSource
        var joinedAt: Date
    }

    struct NewIdentity: Hashable, Sendable {
        let person: ID<Person>
        let member: ID<Member>
        let kind: String
    }

    struct Pair: Hashable, Sendable {
        let first: ID<Member>
        let second: ID<Member>
    }

    /// A member who is known already, in contact now: perhaps earlier than anybody knew.
    struct Earlier: Hashable, Sendable {
        let member: ID<Member>
        let source: MemberSource
        let at: Date
    }

    /// The member of each contact, in the order of the contacts.
    package private(set) var members: [ID<Member>] = []
    private(set) var newMembers: [ID<Member>: NewMember] = [:]
    private(set) var newIdentities: [ID<Person>: NewIdentity] = [:]
    private(set) var candidates: Set<Pair> = []
    private(set) var earlier: [ID<Member>: Earlier] = [:]

    /// Decides.
    ///
    /// An openid that is known is its member, and a new unionid becomes theirs too. An unknown openid with a known unionid is that member,
    /// and nobody new. Both known and of two members: the openid's, and a pair for people to look at. Neither: somebody new.
    ///
    /// - Parameters:
    ///   - known: The members of those persons who are linked.
    ///   - mint: Makes ids.
    package static func decide(
        _ contacts: [Contact], known: [ID<Person>: ID<Member>], mint: () -> ID<Member> = { .mint() }
    ) -> IdentityLink {
        var link = IdentityLink()
        var memberOf = known
        var byPlace: [Int: ID<Member>] = [:]
        // The earliest contact decides where somebody came from, whatever the order they are told in.
        let inTime = contacts.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
        for (place, contact) in inTime {
            let byUnionid = contact.unionid.flatMap { memberOf[$0] }
            let member: ID<Member>
            if let known = memberOf[contact.openid] ?? byUnionid {
                member = known
            } else {
                member = mint()
                link.newMembers[member] = NewMember(id: member, source: contact.source, joinedAt: contact.at)
            }
            if memberOf[contact.openid] == nil {
                memberOf[contact.openid] = member
                link.newIdentities[contact.openid] = NewIdentity(person: contact.openid, member: member, kind: "openid")
            }
            if let unionid = contact.unionid, memberOf[unionid] == nil {
                memberOf[unionid] = member
                link.newIdentities[unionid] = NewIdentity(person: unionid, member: member, kind: "unionid")
            }
            if let byUnionid, byUnionid != member {
                link.candidates.insert(Pair(first: min(byUnionid, member), second: max(byUnionid, member)))
            }
            if link.newMembers[member] == nil, link.earlier[member] == nil {
                link.earlier[member] = Earlier(member: member, source: contact.source, at: contact.at)
            }
            byPlace[place] = member
        }
        link.members = contacts.indices.compactMap { byPlace[$0] }
        return link
    }
}
