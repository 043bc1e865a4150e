package import FoundationEssentials
package import Kernel
import Policies

/// How long a case waits for each of its steps.
package struct AftersaleWindows: Codable, Hashable, Sendable {
    /// How long after the goods became somebody's they may ask.
    let open: Int
    /// How long the shop has to answer; then it has agreed.
    let answer: Int
    /// How long the goods may take to be sent; then the case is over.
    let send: Int
    /// How long the shop has to receive them; then it has.
    let receive: Int

    private enum CodingKeys: String, CodingKey {
        case open = "open_seconds"
        case answer = "answer_seconds"
        case send = "send_seconds"
        case receive = "receive_seconds"
    }

    /// Windows in seconds.
    package init(open: Int, answer: Int, send: Int, receive: Int) {
        self.open = open
        self.answer = answer
        self.send = send
        self.receive = receive
    }
}

extension PolicyKey where Value == AftersaleWindows {
    /// How long a case waits for each of its steps.
    static var aftersaleWindows: Self { Self("aftersale.windows") }
}

/// What somebody, or the clock, wants of a case.
package enum AftersaleCommand: Hashable, Sendable {
    /// The shop agrees.
    case agree
    /// The shop does not.
    case refuse(AftersaleRefusal)
    /// Whoever asked has sent the goods.
    case send(AftersaleParcel)
    /// The shop has the goods, and perhaps sells them again.
    case receive(restock: Bool)
    /// Whoever asked does not want it any more.
    case withdraw
    /// The time to wait may be over.
    case lapse
    /// The shop gives back all of the order, whatever is asked for.
    case callOff
    /// WeChat Pay closed its refund for good, and the money went back with the rest of the order.
    case refundLapsed
    /// The money is back.
    case refunded(ID<Refund>)
}

/// What follows from a decision, to be done in the same commit.
package enum AftersaleEffect: Hashable, Sendable {
    /// The money goes back to whoever paid.
    case refund
    /// The goods go back into the stock.
    case restock
    /// Look again after this instant.
    case scheduleLapse(after: Date)
}

/// A decision about a case.
package enum AftersaleOutcome: Hashable, Sendable {
    /// The case as it is from now on, and what follows.
    case changed(AftersaleRecord, [AftersaleEffect])
    /// It is so already.
    case unchanged
    /// It is not time yet: look again after this instant.
    case notYet(Date)
    /// Refused by a rule.
    case refused(Problem)
}

/// The life of a case: every rule about who may do what and when, the same for normal orders and for gifts.
///
/// Neither the kind of order nor who asked is looked at: whose money it is decides where it goes, and that is the payment's to say.
package enum AftersaleLife {
    /// Decides what becomes of a case at the instant `now`.
    package static func decide(
        _ record: AftersaleRecord, _ command: AftersaleCommand, _ windows: AftersaleWindows, now: Date
    ) -> AftersaleOutcome {
        switch command {
        case .agree: agree(record, by: .merchant, windows, now)
        case .refuse(let reason): refuse(record, reason, now)
        case .send(let parcel): send(record, parcel, windows, now)
        case .receive(let restock): receive(record, by: .merchant, restock: restock, now)
        case .withdraw: withdraw(record, now)
        case .lapse: lapse(record, windows, now)
        case .callOff: callOff(record, now)
        case .refundLapsed: refundLapsed(record, now)
        case .refunded(let refund): refunded(record, by: refund, now)
        }
    }

    private static func agree(
        _ record: AftersaleRecord, by decider: AftersaleDecider, _ windows: AftersaleWindows, _ now: Date
    ) -> AftersaleOutcome {
        switch record.state {
        case .requested where record.kind == .refund:
            return .changed(record.changed(to: .refunding, at: now) { $0.decidedBy = decider }, [.refund])
        case .requested:
            let due = now.addingTimeInterval(TimeInterval(windows.send))
            let next = record.changed(to: .returning, at: now) {
                $0.decidedBy = decider
                $0.dueAt = due
            }
            return .changed(next, [.scheduleLapse(after: due)])
        case .returning, .returned, .refunding, .refunded: return .unchanged
        case .refused, .withdrawn, .timedOut: return .refused(.aftersaleOver)
        }
    }

    /// Before it agreed, and of goods that came back otherwise than they should; what was agreed is agreed.
    private static func refuse(
        _ record: AftersaleRecord, _ reason: AftersaleRefusal, _ now: Date
    ) -> AftersaleOutcome {
        switch record.state {
        case .requested, .returned:
            return .changed(
                record.changed(to: .refused, at: now) {
                    $0.refusal = reason
                    $0.decidedBy = .merchant
                }, [])
        case .refused where record.refusal == reason: return .unchanged
        case .returning: return .refused(.aftersaleAgreed)
        case .refunding: return .refused(.aftersaleAgreed)
        case .refunded, .refused, .withdrawn, .timedOut: return .refused(.aftersaleOver)
        }
    }

    private static func send(
        _ record: AftersaleRecord, _ parcel: AftersaleParcel, _ windows: AftersaleWindows, _ now: Date
    ) -> AftersaleOutcome {
        guard record.kind == .return else { return .refused(.aftersaleNoGoods) }
        switch record.state {
        case .requested: return .refused(.aftersaleNotAgreed)
        case .returning:
            guard record.isInTime(now) else { return .refused(.aftersaleOver) }
            let due = now.addingTimeInterval(TimeInterval(windows.receive))
            let next = record.changed(to: .returned, at: now) {
                $0.carrier = parcel.carrier
                $0.waybill = parcel.waybill
                $0.dueAt = due
            }
            return .changed(next, [.scheduleLapse(after: due)])
        case .returned, .refunding, .refunded:
            return record.waybill == parcel.waybill && record.carrier == parcel.carrier
                ? .unchanged : .refused(.aftersaleSent)
        case .refused, .withdrawn, .timedOut: return .refused(.aftersaleOver)
        }
    }

    /// Also goods of which nobody said that they were sent: they are there.
    private static func receive(
        _ record: AftersaleRecord, by decider: AftersaleDecider, restock: Bool, _ now: Date
    ) -> AftersaleOutcome {
        guard record.kind == .return else { return .refused(.aftersaleNoGoods) }
        switch record.state {
        case .requested: return .refused(.aftersaleNotAgreed)
        case .returning, .returned:
            let restocks = restock && record.variant != nil
            let next = record.changed(to: .refunding, at: now) {
                $0.decidedBy = decider
                $0.isRestocked = restocks
            }
            return .changed(next, [.refund] + (restocks ? [.restock] : []))
        case .refunding, .refunded: return .unchanged
        case .refused, .withdrawn, .timedOut: return .refused(.aftersaleOver)
        }
    }

    private static func withdraw(_ record: AftersaleRecord, _ now: Date) -> AftersaleOutcome {
        switch record.state {
        case .requested, .returning: .changed(record.changed(to: .withdrawn, at: now), [])
        case .withdrawn: .unchanged
        case .returned: .refused(.aftersaleSent)
        case .refunding: .refused(.aftersaleAgreed)
        case .refunded, .refused, .timedOut: .refused(.aftersaleOver)
        }
    }

    /// The last instant is in time; whoever comes later finds what the clock decided.
    private static func lapse(_ record: AftersaleRecord, _ windows: AftersaleWindows, _ now: Date) -> AftersaleOutcome {
        guard let due = record.dueAt else { return .unchanged }
        guard now > due else { return .notYet(due) }
        return switch record.state {
        case .requested: agree(record, by: .deadline, windows, now)
        case .returning: .changed(record.changed(to: .timedOut, at: now) { $0.decidedBy = .deadline }, [])
        case .returned: receive(record, by: .deadline, restock: false, now)
        case .refunding, .refunded, .refused, .withdrawn, .timedOut: .unchanged
        }
    }

    /// What is asked for goes back with all the rest; what is on its way is left to arrive.
    private static func callOff(_ record: AftersaleRecord, _ now: Date) -> AftersaleOutcome {
        guard record.isAskedFor else { return .unchanged }
        return .changed(
            record.changed(to: .refused, at: now) {
                $0.refusal = .settledOtherwise
                $0.decidedBy = .merchant
            }, [])
    }

    /// What was on its way is not any more.
    private static func refundLapsed(_ record: AftersaleRecord, _ now: Date) -> AftersaleOutcome {
        guard record.state == .refunding else { return .unchanged }
        return .changed(
            record.changed(to: .refused, at: now) {
                $0.refusal = .settledOtherwise
                $0.refund = nil
            }, [])
    }

    /// Whichever number paid out is the one to keep: WeChat Pay may have closed the first.
    private static func refunded(_ record: AftersaleRecord, by refund: ID<Refund>, _ now: Date) -> AftersaleOutcome {
        guard record.state == .refunding else { return .unchanged }
        return .changed(record.changed(to: .refunded, at: now) { $0.refund = refund }, [])
    }
}

extension AftersaleRecord {
    fileprivate func isInTime(_ now: Date) -> Bool { dueAt.map { now <= $0 } ?? false }

    /// The case as it is after a change.
    fileprivate func changed(
        to state: AftersaleState, at now: Date, _ change: (inout AftersaleRecord) -> Void = { _ in }
    ) -> AftersaleRecord {
        var next = self
        next.state = state
        next.dueAt = nil
        next.updatedAt = now
        next.endedAt = state.isOver ? now : nil
        change(&next)
        return next
    }
}
