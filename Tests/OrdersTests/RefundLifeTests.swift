import Kernel
import Testing

@testable import Orders

struct RefundLifeTests {
    private typealias Stage = RefundStage

    @Test(
        arguments: [
            // What was sent: the answer decides.
            (.sent, .answered(.send, .standing(.success)), .succeeded, .book, false),
            (.sent, .answered(.send, .standing(.processing)), .processing, .none, false),
            (.sent, .answered(.send, .standing(.abnormal)), .abnormal, .none, true),
            (.sent, .answered(.send, .standing(.closed)), .closed, .renumber, false),
            // No answer is no knowledge.
            (.sent, .answered(.send, .unknown), .unknown, .none, false),
            // Certainly not carried out: the same number again.
            (.sent, .answered(.send, .throttled), .requested, .none, false),
            (.sent, .answered(.send, .notSent), .requested, .none, false),
            (.sent, .answered(.send, .notEnough), .requested, .none, true),
            (.sent, .answered(.send, .refused), .refused, .none, true),
            (.sent, .answered(.send, .notFound), .refused, .none, true),
            // A question whose answer is missing leaves everything open, and only 404 permits sending again.
            (.sent, .answered(.query, .unknown), .unknown, .none, false),
            (.unknown, .answered(.query, .unknown), .unknown, .none, false),
            (.unknown, .answered(.query, .throttled), .unknown, .none, false),
            (.unknown, .answered(.query, .notSent), .unknown, .none, false),
            (.unknown, .answered(.query, .refused), .unknown, .none, false),
            (.unknown, .answered(.query, .notFound), .requested, .none, false),
            (.sent, .answered(.query, .notFound), .requested, .none, false),
            (.processing, .answered(.query, .notFound), .processing, .none, false),
            (.processing, .answered(.query, .standing(.success)), .succeeded, .book, false),
            (.processing, .answered(.query, .standing(.closed)), .closed, .renumber, false),
            (.abnormal, .answered(.query, .standing(.success)), .succeeded, .book, false),
            // An answer that comes after somebody else has learnt more.
            (.processing, .answered(.send, .unknown), .processing, .none, false),
            (.processing, .answered(.send, .refused), .processing, .none, false),
            (.requested, .answered(.send, .unknown), .requested, .none, false),
            // Reports of WeChat Pay's own.
            (.unknown, .reported(.success), .succeeded, .book, false),
            (.requested, .reported(.success), .succeeded, .book, false),
            (.refused, .reported(.success), .succeeded, .book, false),
            (.unknown, .reported(.closed), .closed, .renumber, false),
            (.closed, .reported(.success), .closed, .none, true),
        ] as [(RefundStage, RefundNews, RefundStage, RefundOutcome.Effect, Bool)])
    func decide_newsOfARefund_leadsOn(
        stage: RefundStage, news: RefundNews, next: RefundStage, effect: RefundOutcome.Effect, needsAttention: Bool
    ) {
        let outcome = RefundLife.decide(stage, number: 1, attempts: 1, news)

        #expect(outcome?.stage == next && outcome?.effect == effect && outcome?.needsAttention == needsAttention)
        // Whoever is not at an end is called about again, or waits for a person.
        if RefundLife.call(in: next) != nil { #expect(outcome?.callAfter != nil) }
    }

    @Test(arguments: RefundStanding.all)
    func decide_afterTheEnd_changesNothing(standing: RefundStanding) {
        #expect(RefundLife.decide(.succeeded, number: 1, attempts: 1, .reported(standing)) == nil)
        if standing != .success {
            #expect(RefundLife.decide(.closed, number: 1, attempts: 1, .reported(standing)) == nil)
        }
    }

    @Test func decide_afterTheLastCall_waitsForAPerson() {
        for (call, answer) in [
            (RefundCall.send, RefundAnswer.unknown), (.send, .throttled), (.query, .unknown), (.query, .notFound),
        ] {
            let outcome = RefundLife.decide(
                call == .send ? .sent : .unknown, number: 1, attempts: RefundLife.attemptsMax.value,
                .answered(call, answer))
            #expect(outcome?.callAfter == nil && outcome?.needsAttention == true)
        }
        let closed = RefundLife.decide(
            .processing, number: RefundLife.numbersMax.value, attempts: 1, .answered(.query, .standing(.closed)))
        #expect(closed == RefundOutcome(stage: .closed, needsAttention: true))
    }

    @Test func decide_closedAfterTheLastCall_leavesTheNextNumberItsMinuteAndNobodyToAsk() {
        let outcome = RefundLife.decide(
            .processing, number: 1, attempts: RefundLife.attemptsMax.value, .reported(.closed))

        #expect(outcome == RefundOutcome(stage: .closed, effect: .renumber, callAfter: .seconds(60)))
    }

    @Test func outRefundNo_isMadeOfPaymentAndAttemptAlone() throws {
        let payment = try #require(ID<Payment>("01890a5d-ac96-774b-bcce-b302099a8057"))

        #expect(payment.outTradeNo == "01890a5dac96774bbcceb302099a8057")
        #expect(RefundRecord.outRefundNo(payment, 2) == "RF-01890a5dac96774bbcceb302099a8057-2")
        #expect(ID<Payment>(outTradeNo: payment.outTradeNo) == payment)
        for other in ["", "GIFT20250101000001", payment.description, "01890a5dac96774bbcceb302099a805é"] {
            #expect(ID<Payment>(outTradeNo: other) == nil)
        }
    }

    /// Several workers that die, lag and repeat, against a WeChat Pay that fails: no database, only the decisions.
    @Test func g03_randomWorkersAndFaults_payOutAtMostOnce() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed)
        for round in 0..<20_000 {
            var world = RefundWorld()
            for _ in 0..<60 { world.step(&random) }
            #expect(world.payouts <= 1, "seed \(seed), round \(round)")
            world.settle()
            #expect(world.payouts == 1 || world.isStuck, "seed \(seed), round \(round)")
            #expect(!world.isBooked || world.payouts == 1, "seed \(seed), round \(round): booked without a payout")
        }
    }
}

extension RefundStanding {
    fileprivate static let all: [RefundStanding] = [.success, .processing, .abnormal, .closed]
}

/// One payment's refunds with everything that can happen to them.
private struct RefundWorld {
    struct Row {
        var stage = RefundStage.requested
        var attempts = 0
    }
    struct Call {
        let row: Int
        let call: RefundCall
        var answer: RefundAnswer?
    }

    var rows = [Row()]
    /// Calls on their way there or back; whoever made one may be dead.
    var calls: [Call] = []
    /// WeChat Pay's book, by number.
    var book: [Int: RefundStanding] = [:]
    var payouts = 0
    var isBooked = false

    var isStuck: Bool { rows.last.map { RefundLife.call(in: $0.stage) == nil } ?? true }

    mutating func step(_ random: inout SeededRandom) {
        switch random.below(10) {
        case 0...2: begin(random.below(rows.count))
        case 3...5: arrive(random.below(max(1, calls.count)), &random)
        case 6...7: settle(random.below(max(1, calls.count)), &random)
        // A worker dies with its answer.
        case 8: if !calls.isEmpty, random.below(3) == 0 { calls.remove(at: random.below(calls.count)) }
        default: advance(&random)
        }
    }

    /// Everybody is well again: the rest happens in order.
    mutating func settle() {
        var calm = SeededRandom(7)
        for _ in 0..<400 where !isStuck {
            let row = rows.count - 1
            // The bound on calls is another test's.
            rows[row].attempts = 0
            begin(row)
            guard let index = calls.indices.last else { break }
            perform(index, isFaulty: false, &calm)
            settle(index, &calm)
            if let standing = book[row + 1], standing == .processing { pay(row + 1, .success) }
        }
    }

    private mutating func begin(_ row: Int) {
        guard let call = RefundLife.call(in: rows[row].stage), rows[row].attempts < 15 else { return }
        if call == .send { rows[row].stage = .sent }
        rows[row].attempts += 1
        calls.append(Call(row: row, call: call))
    }

    private mutating func arrive(_ index: Int, _ random: inout SeededRandom) {
        guard calls.indices.contains(index), calls[index].answer == nil else { return }
        perform(index, isFaulty: random.below(3) == 0, &random)
    }

    private mutating func perform(_ index: Int, isFaulty: Bool, _ random: inout SeededRandom) {
        let number = calls[index].row + 1
        if isFaulty, random.below(2) == 0 {
            calls[index].answer = [.unknown, .throttled, .notSent, .notEnough][random.below(4)]
            return
        }
        if calls[index].call == .send, book[number] == nil { book[number] = .processing }
        calls[index].answer = isFaulty ? .unknown : book[number].map { .standing($0) } ?? .notFound
    }

    private mutating func settle(_ index: Int, _ random: inout SeededRandom) {
        guard calls.indices.contains(index) else { return }
        let call = calls[index]
        // Nobody answers before the request has arrived, but a sender may give up before; then it still arrives later.
        let answer = call.answer ?? .unknown
        if call.answer != nil || random.below(2) == 0 { calls.remove(at: index) }
        hear(call.row, .answered(call.call, answer))
    }

    private mutating func hear(_ row: Int, _ news: RefundNews) {
        let outcome = RefundLife.decide(
            rows[row].stage, number: row + 1, attempts: rows[row].attempts, news)
        guard let outcome else { return }
        rows[row].stage = outcome.stage
        switch outcome.effect {
        case .book: isBooked = true
        case .renumber: rows.append(Row())
        case .none: break
        }
    }

    private mutating func advance(_ random: inout SeededRandom) {
        guard let number = book.keys.sorted().last, book[number] == .processing else { return }
        pay(number, random.below(4) == 0 ? .closed : .success)
        if random.below(2) == 0, let standing = book[number] { hear(number - 1, .reported(standing)) }
    }

    private mutating func pay(_ number: Int, _ standing: RefundStanding) {
        book[number] = standing
        if standing == .success { payouts += 1 }
    }
}
