import FoundationEssentials
import Kernel
import Testing

struct IDTests {
    @Test func mint_manyInOneMillisecond_areDistinctAndAscend() {
        let ids = (0..<10_000).map { _ in ID<Order>.mint() }

        #expect(Set(ids).count == ids.count)
        #expect(ids == ids.sorted())
    }

    @Test func mint_fromManyTasks_neverRepeats() async {
        let ids = await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { (0..<2_000).map { _ in ID<Order>.mint() } }
            }
            return await group.reduce(into: Set()) { $0.formUnion($1) }
        }

        #expect(ids.count == 16_000)
    }

    @Test func mint_atAnInstant_isVersion7OfThatMillisecond() {
        let id = ID<Payment>.mint(at: Date(timeIntervalSince1970: 1_700_000_000.123))
        let bytes = id.rawValue.uuid

        let milliseconds = [bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5].reduce(0) { $0 << 8 | UInt64($1) }
        #expect(milliseconds == 1_700_000_000_123)
        #expect(bytes.6 >> 4 == 7)
        #expect(bytes.8 >> 6 == 0b10)
    }

    @Test(arguments: [-1e300, -1, 0, 1e300, .infinity])
    func mint_atImpossibleInstants_stillMints(seconds: Double) {
        #expect(ID<Order>.mint(at: Date(timeIntervalSince1970: seconds)).rawValue.uuid.6 >> 4 == 7)
    }

    @Test func text_upperCase_readsAndWritesLowerCase() throws {
        let id = try #require(ID<Brand>("0190AF00-0000-7000-8000-00000000ABCD"))

        #expect(id.description == "0190af00-0000-7000-8000-00000000abcd")
        #expect(ID<Brand>("not an id") == nil)
    }
}
