import Foundation
import Kernel
import Members
import Testing

struct IdentityLinkTests {
    private let start = Date(timeIntervalSince1970: 1_735_776_000)
    private let batch = ID<CodeBatch>.mint()

    private func contact(_ openid: ID<Person>, _ unionid: ID<Person>? = nil, after seconds: TimeInterval = 0) -> Contact
    {
        Contact(openid: openid, unionid: unionid, source: .pack(batch), at: start + seconds)
    }

    @Test func strangersOfOneUnionid_areOneNewMember() {
        let union = ID<Person>.mint()
        let link = IdentityLink.decide((0..<5).map { _ in contact(.mint(), union) }, known: [:])

        #expect(Set(link.members).count == 1)
    }

    @Test func knownUnionid_makesNobodyNew() {
        let (union, member) = (ID<Person>.mint(), ID<Member>.mint())
        let link = IdentityLink.decide([contact(.mint(), union)], known: [union: member])

        #expect(link.members == [member])
    }

    @Test func samePersonOften_isOneMember_byTheEarliestContact() {
        let person = ID<Person>.mint()
        let link = IdentityLink.decide(
            [contact(person, after: 9), contact(.mint()), contact(person), contact(person, after: 5)], known: [:])

        #expect(link.members.count == 4)
        #expect(Set(link.members).count == 2)
        #expect(link.members[0] == link.members[2] && link.members[0] == link.members[3])
    }

    @Test func twoMembersByOneContact_stayTwo() {
        let (person, union) = (ID<Person>.mint(), ID<Person>.mint())
        let (first, second) = (ID<Member>.mint(), ID<Member>.mint())
        let link = IdentityLink.decide([contact(person, union)], known: [person: first, union: second])

        #expect(link.members == [first])
    }
}
