import Foundation
import Kernel
import Testing

@testable import Orders

/// The machine of after-sales, without a database.
struct AftersaleLifeTests {
    private static let now = Date(timeIntervalSince1970: 1_780_000_000)
    private static let windows = AftersaleWindows(open: 100, answer: 10, send: 20, receive: 30)

    private func record(_ kind: AftersaleKind, _ state: AftersaleState, variant: Bool = true) -> AftersaleRecord {
        let person = ID<Person>.mint()
        return AftersaleRecord(
            id: .mint(), order: .mint(), payment: .mint(), shop: .mint(), subject: "order:1", payer: person,
            applicant: person, party: .payer, kind: kind, line: nil, variant: variant ? .mint() : nil, quantity: 1,
            amount: Money(fen: 100), reason: .damaged, state: state, refusal: state == .refused ? .goodsUsed : nil,
            decidedBy: nil, carrier: nil, waybill: nil, isRestocked: false, refund: nil,
            dueAt: [.requested, .returning, .returned].contains(state) ? Self.now.addingTimeInterval(5) : nil,
            requestedAt: Self.now, endedAt: nil, updatedAt: Self.now)
    }

    private func decide(
        _ record: AftersaleRecord, _ command: AftersaleCommand, after seconds: Double = 0
    ) -> AftersaleOutcome {
        AftersaleLife.decide(record, command, Self.windows, now: Self.now.addingTimeInterval(seconds))
    }

    /// Money moves in two ways only, and from no end.
    @Test func g16_moneyMoves_onlyWhereTheShopOrTheClockAgreed() throws {
        let parcel = try AftersaleParcel(carrier: "SF", waybill: "SF123456")
        let commands: [AftersaleCommand] = [
            .agree, .refuse(.other), .send(parcel), .receive(restock: true), .withdraw, .lapse, .callOff,
            .refundLapsed, .refunded(.mint()),
        ]
        var paying: Set<String> = []
        for kind in AftersaleKind.allCases {
            for state in AftersaleState.allCases where kind == .return || ![.returning, .returned].contains(state) {
                for command in commands {
                    for seconds in [0.0, 6] {
                        guard
                            case .changed(let next, let effects) = decide(record(kind, state), command, after: seconds)
                        else { continue }
                        #expect(!state.isOver, "\(state) is an end")
                        #expect(effects.contains(.refund) == (next.state == .refunding))
                        #expect((next.endedAt != nil) == next.state.isOver)
                        #expect((next.dueAt != nil) == [.requested, .returning, .returned].contains(next.state))
                        if effects.contains(.refund) { paying.insert("\(kind) \(state)") }
                    }
                }
            }
        }
        #expect(paying == ["refund requested", "return returning", "return returned"])
    }

    @Test func g16_lastInstant_isInTime_andOneLaterIsNot() {
        for state in [AftersaleState.requested, .returning, .returned] {
            let case1 = record(.return, state)
            #expect(decide(case1, .lapse, after: 5) == .notYet(Self.now.addingTimeInterval(5)))
            guard case .changed = decide(case1, .lapse, after: 5.001) else {
                Issue.record("\(state) waits for ever")
                continue
            }
        }
        #expect(decide(record(.refund, .refused), .refuse(.goodsUsed)) == .unchanged)
        #expect(decide(record(.refund, .refused), .refuse(.other)) == .refused(.aftersaleOver))
        #expect(decide(record(.refund, .refunding), .withdraw) == .refused(.aftersaleAgreed))
    }

    @Test func g16_parcelThatIsNoCode_isRefused() {
        for (carrier, waybill) in [
            ("S", "SF12345"), ("SF", "1234"), ("SF", "1 Lake Road, Hangzhou"), ("顺丰", "SF12345"),
            ("SF", String(repeating: "1", count: 41)),
        ] {
            #expect(throws: Problem.aftersaleParcelMalformed) {
                try AftersaleParcel(carrier: carrier, waybill: waybill)
            }
        }
    }
}
