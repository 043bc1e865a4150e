import Foundation
import Kernel
import Members
import Testing

struct TouchRecordTests {
    private func job(_ packs: [TouchRecord.Pack]) -> TouchRecord {
        TouchRecord(brand: .mint(), at: Date(timeIntervalSince1970: 1_735_776_000.123456), packs: packs)
    }

    @Test func packs_areReadBackAsTheyWereWritten_batchByBatch() throws {
        let batches = (0..<3).map { number in
            (ID<CodeBatch>.mint(), number == 0 ? nil : ID<Product>.mint(), number == 2 ? ID<Shop>.mint() : nil)
        }
        let packs = (0..<500).map { number in
            let (batch, product, shop) = batches[number % 3]
            return TouchRecord.Pack(
                person: .mint(), unionPerson: number % 5 == 0 ? nil : .mint(), redemption: .mint(), batch: batch,
                product: product, shop: shop)
        }
        let job = job(packs)

        let bytes = try JSONEncoder().encode(job)
        let read = try JSONDecoder().decode(TouchRecord.self, from: bytes)

        #expect(read.brand == job.brand && read.at == job.at)
        #expect(read.packs == batches.flatMap { batch in packs.filter { $0.batch == batch.0 } })
        #expect(bytes.count < 500 * 70)
    }

    @Test func packsThatAreCutOff_areNotRead() throws {
        let pack = TouchRecord.Pack(
            person: .mint(), unionPerson: .mint(), redemption: .mint(), batch: .mint(), product: nil, shop: nil)
        let whole = String(decoding: try JSONEncoder().encode(job([pack])), as: UTF8.self)
        let packed = String(try #require(whole.firstMatch(of: /"packs":"([^"]*)"/)).1)
        let bytes = try #require(Data(base64Encoded: packed.replacing("\\/", with: "/")))
        #expect(bytes.count == 49)
        for wrong in [bytes.dropLast(1), bytes.prefix(33), bytes.prefix(1), Data([2]) + bytes.dropFirst()] {
            let text = whole.replacing(packed, with: wrong.base64EncodedString())
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(TouchRecord.self, from: Data(text.utf8))
            }
        }
    }
}
