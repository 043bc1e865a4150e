import Kernel
import Policies
import Testing

/// Releasing something to some of the people, step by step.
struct RolloutTests {
    private static let key = PolicyKey<Rollout>("test.rollout")
    private let brand = ID<Brand>("019aa000-0000-7000-8000-000000000001") ?? .mint()
    private let people = (0..<20_000).map { "openid-\($0)" }

    private func admitted(_ sharePPM: Int, of key: PolicyKey<Rollout> = key) -> Set<String> {
        Set(people.filter { Rollout(sharePPM: sharePPM).admits($0, of: key, brand: brand) })
    }

    @Test func g17_share_isThatOfThePeople_andNobodyFlipsWhenItGrows() {
        var before: Set<String> = []
        for share in [0, 1_000, 100_000, 500_000, 999_999, 1_000_000, .max] {
            let now = admitted(share)
            let expected = Double(min(share, 1_000_000)) / 1_000_000 * Double(people.count)
            // Five deviations of a fair draw; none at both ends.
            let spread = 5 * (expected * (1 - expected / Double(people.count))).squareRoot()
            #expect(abs(Double(now.count) - expected) <= spread, "\(share): \(now.count)")
            #expect(before.isSubset(of: now), "somebody flipped at \(share)")
            before = now
        }
        #expect(before.count == people.count && admitted(0).isEmpty && admitted(-1).isEmpty)
    }

    @Test func g17_cohort_isTheSameEveryTime_andAnotherForAnotherPolicyOrBrand() {
        let tenth = admitted(100_000)
        #expect(admitted(100_000) == tenth)
        let other = admitted(100_000, of: PolicyKey("test.other"))
        // Independent draws: a tenth of a tenth are in both.
        #expect((100...300).contains(tenth.intersection(other).count))
        // Written down once: a program that draws otherwise would turn everybody over.
        #expect(people.prefix(60).filter(tenth.contains) == Self.known)
    }

    private static let known = [6, 9, 15, 22, 35, 39, 43, 57, 58].map { "openid-\($0)" }
}
