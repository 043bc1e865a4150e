import Foundation
import Kernel
import Testing
import WeChat

/// The day's bills against the vectors.
struct PayBillTests {
    private func bytes(_ vector: Vector) throws -> [UInt8] { Array(try vector.text("csv_utf8").utf8) }

    @Test func tradeBill_ofTheVectors_isRead() throws {
        let vector = try Vectors.named("pay_trade_bill_csv")
        let csv = try bytes(vector)
        let bill = try PayBill(csv: csv)

        #expect(PayBill.digest(of: csv) == (try vector.text("hash_value")))
        #expect(bill.columns.count == 27)
        #expect(bill.rows.count == 2)
        #expect(bill.rows.first?["商户订单号"] == "GIFT20250101000001")
        #expect(bill.rows.first?["商品名称"] == "礼物\\ 茶叶")
        #expect(bill.rows.first?.amount("订单金额") == Money(fen: 12_800))
        #expect(bill.rows.first?["手续费"] == "0.77000")
        #expect(bill.rows.last?["商户退款单号"] == "RF-g_01-1")
        #expect(bill.rows.last?.amount("申请退款金额") == Money(fen: 12_800))
        #expect(bill.summary["总交易单数"] == "2")
        #expect(bill.summaryAmount("订单总金额") == Money(fen: 12_800))
        #expect(bill.summaryAmount("申请退款总金额") == Money(fen: 12_800))
        #expect(bill.rows.first?["nothing"] == nil)
    }

    @Test func fundFlow_ofTheVectors_isRead() throws {
        let vector = try Vectors.named("pay_fund_flow_csv")
        let csv = try bytes(vector)
        let bill = try PayBill(csv: csv)

        #expect(PayBill.digest(of: csv) == (try vector.text("hash_value")))
        #expect(bill.rows.count == 2)
        let incoming = bill.rows.filter { $0["收支类型"] == "收入" }.compactMap { $0.amount("收支金额(元)") }
        let outgoing = bill.rows.filter { $0["收支类型"] == "支出" }.compactMap { $0.amount("收支金额(元)") }
        #expect(try incoming.sum() == Money(fen: 12_800))
        #expect(try outgoing.sum() == Money(fen: 12_800))
        #expect(bill.summaryAmount("支出金额") == Money(fen: 12_800))
    }

    @Test func packedBill_ofTheVectors_isUnpacked() throws {
        let vector = try Vectors.named("pay_trade_bill_csv")
        let packed = try #require(Data(base64Encoded: try vector.text("gzip_base64")))
        #expect(try Gunzip.unpack(Array(packed), max: 1 << 20) == (try bytes(vector)))
        #expect(throws: Gunzip.Failure.self) { try Gunzip.unpack(Array(packed.dropLast(9)), max: 1 << 20) }
    }

    @Test func gzip_damagedTwoThousandTimes_neverTraps() throws {
        var random = SplitMix(state: 12)
        let packed = Array(
            try #require(Data(base64Encoded: try Vectors.named("pay_trade_bill_csv").text("gzip_base64"))))
        for _ in 0..<2_000 {
            let damaged = random.damaged(packed)
            // The checksum sees what still unpacks.
            guard damaged != packed, let unpacked = try? Gunzip.unpack(damaged, max: 1 << 16) else { continue }
            #expect(unpacked == (try bytes(try Vectors.named("pay_trade_bill_csv"))))
        }
    }

    @Test func billInPieces_isTheBillAsAWhole() throws {
        let csv = try bytes(try Vectors.named("pay_trade_bill_csv"))
        let whole = try PayBill(csv: csv)
        for size in [1, 2, 3, 7, 64, csv.count] {
            var reader = PayBillReader()
            var rows: [PayBill.Row] = []
            for start in stride(from: 0, to: csv.count, by: size) {
                rows += try reader.read(Array(csv[start..<min(start + size, csv.count)]))
            }
            try reader.end()
            #expect(rows.map(\.line) == whole.rows.map(\.line) && rows.map(\.line) == [2, 3])
            #expect(reader.digest == PayBill.digest(of: csv) && reader.summary == whole.summary)
        }
    }

    @Test func bill_cutShort_isNoBill() throws {
        let csv = try bytes(try Vectors.named("pay_trade_bill_csv"))
        // Within the last cell a cut cannot be seen; that is what the digest is for.
        for count in 0..<(csv.count - 12) where count % 3 == 0 {
            #expect(throws: PayBillError.self) { try PayBill(csv: Array(csv.prefix(count))) }
        }
    }

    @Test func bill_damagedTwoThousandTimes_neverTraps() throws {
        var random = SplitMix(state: 11)
        let csv = try bytes(try Vectors.named("pay_fund_flow_csv"))
        for _ in 0..<2_000 {
            let damaged = random.damaged(csv)
            // Damage inside a cell still makes a bill; that is what the digest is for.
            _ = try? PayBill(csv: damaged)
            #expect(damaged == csv || PayBill.digest(of: damaged) != PayBill.digest(of: csv))
        }
    }
}
